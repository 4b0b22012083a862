"""The real kubectl works with a cluster."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.admission.webhook_server import MAP, RULE, Webhook, configure, run_webhook
from tests.cluster import LocalCluster
from tests.programs import find_kubectl
from tests.test_controllers import GOOD, build_deployment

Kubectl = Callable[..., str]


class KubectlError(Exception):
    """kubectl has failed."""


@pytest.fixture
def kubectl(kubernetes_cluster: LocalCluster, tmp_path: Path) -> Kubectl:
    kubeconfig = kubernetes_cluster.write_kubeconfig(tmp_path / "kubeconfig")
    # kubectl diff runs diff.
    variables = {"KUBECONFIG": str(kubeconfig), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}

    def run(*arguments: str, manifest: object = None, code: int = 0) -> str:
        done = subprocess.run(
            [find_kubectl(), *arguments],
            env=variables,
            input=json.dumps(manifest) if manifest else "",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode != code:
            raise KubectlError(f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    return run


def test_kubectl_applies_and_waits_for_a_rollout(kubectl: Kubectl) -> None:
    manifest = build_deployment(GOOD)
    kubectl("apply", "--server-side", "-f", "-", manifest=manifest)
    assert "successfully rolled out" in kubectl("rollout", "status", "deployment/web", "--timeout=20s")
    assert "3/3" in kubectl("get", "deployments")
    kubectl("diff", "--server-side", "-f", "-", manifest=manifest)
    version = kubectl("get", "deployment", "web", "-o", "jsonpath={.metadata.resourceVersion}")
    kubectl("apply", "--server-side", "-f", "-", manifest=manifest)
    assert kubectl("get", "deployment", "web", "-o", "jsonpath={.metadata.resourceVersion}") == version
    kubectl("delete", "deployment", "web", "--timeout=20s")
    assert "NotFound" in kubectl("get", "deployment", "web", code=1)


def test_kubectl_sees_why_a_rollout_fails(kubectl: Kubectl) -> None:
    kubectl("apply", "--server-side", "-f", "-", manifest=build_deployment("no-such-image:1"))
    assert "exceeded its progress deadline" in kubectl("rollout", "status", "deployment/web", "--timeout=20s", code=1)
    assert "ImagePullBackOff" in kubectl("get", "pods")


def test_kubectl_rolls_back(kubectl: Kubectl, kubernetes_cluster: LocalCluster) -> None:
    for image in (GOOD, "nginx:1.28"):
        kubectl("apply", "--server-side", "-f", "-", manifest=build_deployment(image))
        kubectl("rollout", "status", "deployment/web", "--timeout=20s")
    kubectl("rollout", "undo", "deployment/web")
    kubectl("rollout", "status", "deployment/web", "--timeout=20s")
    assert "3" in kubectl("rollout", "history", "deployment/web")
    web = kubernetes_cluster.get("Deployment", "web")
    assert web is not None
    assert web["spec"]["template"]["spec"]["containers"][0]["image"] == GOOD


def test_kubectl_names_conflicts(kubectl: Kubectl) -> None:
    kubectl("apply", "--server-side", "-f", "-", manifest=build_deployment(GOOD))
    kubectl("scale", "deployment/web", "--replicas=2")
    message = kubectl("apply", "--server-side", "-f", "-", manifest=build_deployment(GOOD), code=1)
    assert 'conflict with "kubectl"' in message
    assert ".spec.replicas" in message


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param(("explain", "deployment.spec.strategy"), "DeploymentStrategy", id="explain"),
        pytest.param(("api-resources", "-o", "name"), "deployments.apps", id="api-resources"),
        pytest.param(("version",), "Server Version: v1.36", id="version"),
        pytest.param(("get", "namespaces"), "kube-system", id="get"),
        pytest.param(("get", "pods", "-A"), "No resources found", id="get of nothing"),
        pytest.param(("describe", "namespace", "shop"), "Active", id="describe"),
    ],
)
def test_kubectl_reads(kubectl: Kubectl, arguments: tuple[str, ...], expected: str) -> None:
    assert expected in kubectl(*arguments)


def test_kubectl_apply_on_the_client_side_works(kubectl: Kubectl) -> None:
    manifest: dict[str, Any] = build_deployment(GOOD)
    kubectl("apply", "-f", "-", manifest=manifest)
    manifest["spec"]["template"]["spec"]["containers"][0]["image"] = "nginx:1.28"
    assert "configured" in kubectl("apply", "-f", "-", manifest=manifest)
    assert "unchanged" in kubectl("apply", "-f", "-", manifest=manifest)


def test_kubectl_refuses_an_unknown_field(kubectl: Kubectl) -> None:
    manifest: dict[str, Any] = build_deployment(GOOD)
    manifest["spec"]["replica"] = 2
    assert "spec.replica" in kubectl("apply", "-f", "-", manifest=manifest, code=1)


def test_kubectl_creates_without_a_manifest(kubectl: Kubectl, kubernetes_cluster: LocalCluster) -> None:
    kubectl("create", "namespace", "other")
    kubectl("create", "configmap", "settings", "--from-literal=host=example.com", "--from-literal=empty=")
    kubectl("create", "secret", "generic", "login", "--from-literal=password=p")
    kubectl("create", "serviceaccount", "web")
    settings, login = kubernetes_cluster.get("ConfigMap", "settings"), kubernetes_cluster.get("Secret", "login")
    assert settings is not None
    assert settings["data"] == {"host": "example.com", "empty": ""}
    assert login is not None
    assert (login["data"], login["type"]) == ({"password": "cA=="}, "Opaque")


def test_kubectl_asks_what_it_may_do(kubectl: Kubectl) -> None:
    assert "yes" in kubectl("auth", "can-i", "create", "deployments")
    assert "kubernetes-admin" in kubectl("auth", "whoami")


# Each is sent as protobuf.
CREATED = (
    "create deployment web --image=nginx:1.27 --replicas=2 --port=80",
    "create role reader --verb=get --resource=pods",
    "create rolebinding reader --role=reader --serviceaccount=shop:default",
    "create job once --image=busybox -- echo hi",
    "create cronjob often --image=busybox --schedule=@hourly -- echo hi",
    "create job now --from=cronjob/often",
    "create ingress web --rule=example.com/*=web:80",
    "create quota few --hard=configmaps=10,services=5",
    "create poddisruptionbudget web --selector=app=web --min-available=1",
    "create priorityclass high --value=1000",
    "create service clusterip api --tcp=80:8080",
    "run one --image=nginx",
    "expose deployment web --port=80 --target-port=8080",
    "autoscale deployment web --min=1 --max=4 --cpu=70%",
)
CHANGED = (
    "label deployment web team=shop",
    "annotate deployment web note=x",
    "set image deployment/web nginx=nginx:1.28",
    "set env deployment/web A=b",
    "rollout restart deployment/web",
    "rollout pause deployment/web",
    "rollout resume deployment/web",
    "cordon node-1",
    "uncordon node-1",
    "wait --for=condition=complete job/once --timeout=20s",
    "wait --for=condition=Ready pod/one --timeout=20s",
    "describe service web",
    "describe horizontalpodautoscaler web",
    "describe pod one",
    "get all,pdb,ingress,endpointslices,events,nodes -o wide",
)


@pytest.mark.slow
def test_kubectl_creates_and_changes_what_it_knows(kubectl: Kubectl, kubernetes_cluster: LocalCluster) -> None:
    for command in (*CREATED, *CHANGED):
        kubectl(*command.split())
    web = kubernetes_cluster.get("Deployment", "web")
    assert web is not None
    container = web["spec"]["template"]["spec"]["containers"][0]
    assert (container["image"], container["env"]) == ("nginx:1.28", [{"name": "A", "value": "b"}])
    kubectl("drain", "node-1", "--ignore-daemonsets", "--force", "--timeout=30s")
    assert {pod["spec"].get("nodeName", "") for pod in kubernetes_cluster.list("Pod")} <= {"node-2", ""}


def test_kubectl_says_that_no_container_runs(kubectl: Kubectl) -> None:
    kubectl("run", "one", "--image=nginx")
    kubectl("wait", "--for=condition=Ready", "pod/one", "--timeout=20s")
    lines = kubectl("logs", "one").splitlines()
    assert lines[0] == "the emulator runs no containers: these are the events of this one"
    for command in ("exec one -- ls", "attach one", "port-forward one 8080:80"):
        assert "the emulator runs no containers" in kubectl(*command.split(), code=1)
    kubectl("debug", "one", "--image=busybox", "--container=look", "--target=one")
    assert kubectl("get", "pod", "one", "-o=jsonpath={.spec.ephemeralContainers[*].targetContainerName}") == "one"
    assert "Metrics API not available" in kubectl("top", "pods", code=1)


def test_kubectl_shows_what_webhooks_answer(kubectl: Kubectl, kubernetes_cluster: LocalCluster) -> None:
    with run_webhook() as webhook:
        webhook.answer = lambda _: {"allowed": True, "warnings": ["the size is large"]}
        configure(kubernetes_cluster, "Validating", webhook.build_hook())
        shown = kubectl("apply", "-f", "-", manifest=MAP)
        assert "Warning: the size is large" in shown
        assert "configmap/a created" in shown
        webhook.answer = lambda _: {"allowed": False, "status": {"message": "too large"}}
        refused = kubectl("apply", "-f", "-", manifest=MAP | {"data": {}}, code=1)
        assert 'admission webhook "check.shop.dev" denied the request: too large' in refused


def test_kubectl_shows_an_uncalled_webhook_once(kubectl: Kubectl) -> None:
    service = {"service": {"namespace": "system", "name": "checks"}}
    hook = Webhook("", "").build_hook(clientConfig=service, rules=[RULE])
    named = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingWebhookConfiguration"}
    configuration = {**named, "metadata": {"name": "checks"}, "webhooks": [hook]}
    items = [configuration, MAP, MAP | {"metadata": {"name": "b"}}]
    shown = kubectl("apply", "-f", "-", manifest={"apiVersion": "v1", "kind": "List", "items": items})
    text = "kube-api-emulator runs no containers, Service system/checks does not answer"
    assert shown.count(f'Warning: webhook "check.shop.dev" is not called: {text}') == 1
