"""The template `eks` as it is, in the sandbox: real Terraform, EKS clusters in three accounts, and what runs there."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from envctl.adapters.kubernetes.rendering.tools import KUBECTL, find_tool
from tests.e2e.conftest import ACCOUNTS, Project, run_in_sandbox
from tests.programs import SYSTEM_PATH

pytestmark = [
    pytest.mark.night,
    pytest.mark.terraform,
    pytest.mark.sandbox,
    pytest.mark.slow,
    pytest.mark.timeout(1200),
]
LONG = 600.0
CONNECT = "create pods --subresource=portforward"


@pytest.fixture
def blog(tmp_path: Path, home: Path, unpacked_provider: Path) -> Iterator[Project]:
    Project(tmp_path, home).run_checked("init", "blog", "--template", "eks")
    kubectl = find_tool(KUBECTL)
    extra = {"ENVCTL_KUBECTL": kubectl, "PATH": f"{Path(kubectl).parent}:{SYSTEM_PATH}"}
    project = Project(tmp_path / "blog", home, extra)
    with run_in_sandbox(project, unpacked_provider):
        yield project


def find(project: Project, environment: str, *words: str) -> Any:
    command = ("--sandbox", "exec", environment, "--", "kubectl", "get", *words, "--output", "json")
    return json.loads(project.run_checked(*command).out)


def list_rights(project: Project, environment: str, role: str) -> list[str]:
    """Return what a role of the account may do in the cluster, asked with a token of its own."""
    inside = ("--sandbox", "exec", environment, "--")
    arn = f"arn:aws:iam::{ACCOUNTS[environment]}:role/{role}"
    command = ("aws", "eks", "get-token", "--cluster-name", f"blog-{environment}", "--role-arn", arn)
    token = json.loads(project.run_checked(*inside, *command).out)["status"]["token"]
    asked = ("get pods", CONNECT, "create configmaps", "get secrets", "create rolebindings")
    answers = {
        each: project.run(*inside, "kubectl", "--token", token, "auth", "can-i", *each.split()) for each in asked
    }
    return [each for each, answer in answers.items() if answer.out.strip() == "yes"]


def approve(project: Project, *more: str) -> None:
    for gate in ("peer", "business", "quality"):
        words = ("approve", "prod", "--gate", gate, *more, "--yes")
        project.run_checked("--sandbox", *words, timeout=LONG, GIT_AUTHOR_EMAIL=f"{gate}@example.com")


def test_new_project_brings_its_application_to_prod(blog: Project) -> None:
    blog.run_checked("--sandbox", "apply", "dev", "--yes", timeout=LONG)
    blog.run_checked("--sandbox", "promote", "dev", "staging", "--yes", timeout=LONG)
    # EKS makes aws-auth, and access changes it. The cluster is new, so that is approved unseen.
    approve(blog, "--unseen", "cluster,base,web,access")
    blog.run_checked("--sandbox", "promote", "staging", "prod", "--yes", timeout=LONG)
    for environment, account in ACCOUNTS.items():
        role = find(blog, environment, "serviceaccount", "web")["metadata"]["annotations"]["eks.amazonaws.com/role-arn"]
        assert role == f"arn:aws:iam::{account}:role/blog-{environment}-eks-web"
        roles = find(blog, environment, "configmap", "aws-auth", "--namespace", "kube-system")["data"]["mapRoles"]
        assert f"arn:aws:iam::{account}:role/blog-{environment}-eks-node" in roles
        assert f"arn:aws:iam::{account}:role/QARole" in roles
        writes = [CONNECT, "create configmaps"] if environment == "dev" else []
        assert list_rights(blog, environment, "DeveloperRole") == ["get pods", *writes]
        assert list_rights(blog, environment, "QARole") == ["get pods", CONNECT]
        assert list_rights(blog, environment, "OperatorRole") == ["get pods"]
        assert list_rights(blog, environment, "OtherRole") == []
    assert blog.run("--sandbox", "drift", timeout=LONG).code == 0
    assert "no changes" in blog.run_checked("--sandbox", "plan", "dev", timeout=LONG).out
