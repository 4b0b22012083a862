"""Questions about permissions, and requests as another user, through the real kubectl and past it."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kube_api_emulator.server.api.exchange import ApiAnswer, ApiRequest
from tests.access.roles import become, build_binding, build_role, build_rule
from tests.cluster import TOKEN, LocalCluster
from tests.programs import find_kubectl

Kubectl = Callable[..., str]


@pytest.fixture
def kubectl(secured: LocalCluster, tmp_path: Path) -> Kubectl:
    def run(*arguments: str, code: int = 0) -> str:
        kubeconfig = secured.write_kubeconfig(tmp_path / "kubeconfig")
        variables = {"KUBECONFIG": str(kubeconfig), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
        command = [find_kubectl(), *arguments]
        done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


def test_kubectl_tells_what_a_user_may_do(secured: LocalCluster, kubectl: Kubectl) -> None:
    secured.apply(build_role("reader", build_rule("get list", "configmaps", resourceNames=["a"])))
    secured.apply(build_binding("reader", "Group devs", role_kind="Role"))
    become(secured, "maria", "devs")
    assert kubectl("auth", "can-i", "get", "configmaps/a") == "yes\n"
    assert "no" in kubectl("auth", "can-i", "delete", "configmaps", code=1)
    listed = [line.split() for line in kubectl("auth", "can-i", "--list").splitlines()]
    assert ["configmaps", "[]", "[a]", "[get", "list]"] in listed
    assert ["selfsubjectreviews.authentication.k8s.io", "[]", "[]", "[create]"] in listed
    known = kubectl("auth", "whoami")
    assert "maria" in known
    assert "[devs system:authenticated]" in known


def test_kubectl_is_refused_in_the_words_of_kubernetes(secured: LocalCluster, kubectl: Kubectl) -> None:
    become(secured, "maria")
    headers = {"authorization": "Bearer maria", "impersonate-user": "jonas", "impersonate-group": "a\nb"}
    answer: Any = secured.api.answer(ApiRequest("GET", "/api/v1/namespaces/shop/pods", headers))
    assert 'users \\"jonas\\" is forbidden: User \\"maria\\" cannot impersonate resource' in answer.body.decode()
    secured.token = TOKEN
    secured.apply(build_role("actor", build_rule("impersonate", "serviceaccounts")))
    secured.apply(build_binding("actor", "User maria", role_kind="Role"))
    become(secured, "maria")
    shown = kubectl("auth", "whoami", "--as=system:serviceaccount:shop:ci")
    assert "system:serviceaccounts:shop" in shown
    kubectl("auth", "whoami", "--as=system:serviceaccount:default:ci", code=1)


def test_questions_about_others_need_a_permission(secured: LocalCluster) -> None:
    secured.apply(build_binding("view", "User jonas"))
    asked = {"verb": "list", "resource": "pods", "namespace": "shop"}
    body = {"spec": {"user": "jonas", "resourceAttributes": asked}}
    path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
    answer = secured.request("POST", path, body)
    assert answer["status"]["allowed"]
    assert answer["status"]["reason"].startswith('RBAC: allowed by RoleBinding "view-jonas/shop" of ClusterRole "view"')
    become(secured, "maria")
    request = ApiRequest("POST", path, {"authorization": "Bearer maria"}, b"{}")
    answered: Any = secured.api.answer(request)
    assert isinstance(answered, ApiAnswer)
    assert answered.code == 403
