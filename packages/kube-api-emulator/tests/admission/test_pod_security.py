"""Pod security: levels of namespaces, in the words of kube-apiserver."""

import copy
from typing import Any

import pytest

from kube_api_emulator.server.admission.pod_security_checks import find_violations
from tests.admission.writes import send
from tests.cluster import LocalCluster, RefusedError, kubernetes_cluster

__all__ = ["kubernetes_cluster"]

PREFIX = "pod-security.kubernetes.io"
CONTAINER: dict[str, Any] = {"name": "web", "image": "nginx:1.27"}
SAFE = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}
UNSAFE_TEXT = (
    'violate{}PodSecurity "restricted:latest": allowPrivilegeEscalation != false (container "web" must set '
    'securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "web" must set '
    'securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "web" must set '
    'securityContext.runAsNonRoot=true), seccompProfile (pod or container "web" must set '
    'securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")'
)


def build_pod(name: str = "web", context: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    container = CONTAINER | ({"securityContext": context} if context else {})
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": [container]} | spec}


def build_deployment(context: dict[str, Any] | None = None) -> dict[str, Any]:
    labels = {"app": "web"}
    template = {"metadata": {"labels": labels}, "spec": build_pod(context=context)["spec"]}
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


def label(cluster: LocalCluster, **labels: str) -> list[str]:
    """Set levels of the namespace. Returns the warnings."""
    named = {f"{PREFIX}/{name.replace('_', '-')}": level for name, level in labels.items()}
    metadata = {"name": "shop", "labels": named}
    return send(cluster, {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})


def test_restricted_namespace_refuses_pods(kubernetes_cluster: LocalCluster) -> None:
    label(kubernetes_cluster, enforce="restricted")
    with pytest.raises(RefusedError) as refused:
        send(kubernetes_cluster, build_pod())
    assert refused.value.code == 403
    assert refused.value.status["message"] == f'pods "web" is forbidden: {UNSAFE_TEXT.format("s ")}'
    assert send(kubernetes_cluster, build_pod(context=SAFE)) == []


def test_templates_get_a_warning_alone(kubernetes_cluster: LocalCluster) -> None:
    label(kubernetes_cluster, enforce="restricted")
    assert send(kubernetes_cluster, build_deployment()) == [f"would {UNSAFE_TEXT.format(' ')}"]
    assert send(kubernetes_cluster, build_deployment(SAFE)) == []


def test_replica_set_says_why_its_pods_do_not_come(kubernetes_cluster: LocalCluster) -> None:
    label(kubernetes_cluster, enforce="restricted")
    send(kubernetes_cluster, build_deployment())

    def find_failure() -> list[str]:
        conditions = [each for item in kubernetes_cluster.list("ReplicaSet")
                      for each in item["status"].get("conditions") or ()]  # fmt: skip
        return [each["message"] for each in conditions if each["type"] == "ReplicaFailure"]

    kubernetes_cluster.wait_for(find_failure)
    assert 'is forbidden: violates PodSecurity "restricted:latest"' in find_failure()[0]
    assert kubernetes_cluster.list("Pod") == []
    events = [event for event in kubernetes_cluster.list("Event") if event["reason"] == "FailedCreate"]
    assert events[0]["message"].startswith("Error creating: pods ")
    web = kubernetes_cluster.get("Deployment", "web")
    assert web is not None
    kubernetes_cluster.wait_for(lambda: any(
        each["type"] == "ReplicaFailure"
        for each in (kubernetes_cluster.get("Deployment", "web") or {})["status"].get("conditions") or ()
    ))  # fmt: skip
    send(kubernetes_cluster, build_deployment(SAFE))
    kubernetes_cluster.wait_for(lambda: len(kubernetes_cluster.list("Pod")) == 2)


def test_modes_are_apart(kubernetes_cluster: LocalCluster) -> None:
    label(kubernetes_cluster, enforce="baseline", warn="restricted")
    assert send(kubernetes_cluster, build_pod()) == [f"would {UNSAFE_TEXT.format(' ')}"]
    label(kubernetes_cluster, enforce="privileged", audit="restricted")
    assert send(kubernetes_cluster, build_pod("other", {"privileged": True})) == []


def test_stricter_level_warns_of_present_pods(kubernetes_cluster: LocalCluster) -> None:
    for name in ("web", "worker"):
        send(kubernetes_cluster, build_pod(name, hostNetwork=True))
    assert label(kubernetes_cluster, enforce="baseline") == [
        'existing pods in namespace "shop" violate the new PodSecurity enforce level "baseline:latest"',
        "web (and 1 other pod): host namespaces",
    ]


def test_unknown_level_is_refused(kubernetes_cluster: LocalCluster) -> None:
    with pytest.raises(RefusedError, match="must be one of privileged, baseline, restricted") as refused:
        label(kubernetes_cluster, enforce="strict", enforce_version="1")
    assert refused.value.code == 422
    assert 'must be "latest" or "v1.x"' in refused.value.status["message"]


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"hostPID": True, "hostIPC": True}, "host namespaces (hostPID=true, hostIPC=true)"),
        ({"volumes": [{"name": "logs", "hostPath": {"path": "/"}}]}, 'hostPath volumes (volume "logs")'),
        (
            {"securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}},
            "forbidden sysctls (kernel.msgmax)",
        ),
        (
            {"securityContext": {"seccompProfile": {"type": "Unconfined"}}},
            'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")',
        ),
        (
            {"securityContext": {"seLinuxOptions": {"type": "x_t", "user": "u"}}},
            'seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "x_t"; user may not be set)',
        ),
        (
            {"securityContext": {"appArmorProfile": {"type": "Unconfined"}}},
            'forbidden AppArmor profile (pod must not set AppArmor profile type to "Unconfined")',
        ),
    ],
)
def test_baseline_names_what_is_forbidden(spec: dict[str, Any], text: str) -> None:
    pod = build_pod(**copy.deepcopy(spec))
    assert [each.describe() for each in find_violations(pod, "baseline", 36)] == [text]


@pytest.mark.parametrize(
    ("context", "more", "text"),
    [
        ({"privileged": True}, {}, 'privileged (container "web" must not set securityContext.privileged=true)'),
        (
            {"capabilities": {"add": ["SYS_ADMIN", "CHOWN"]}},
            {},
            "non-default capabilities",
        ),
        (
            {"procMount": "Unmasked"},
            {},
            'procMount (container "web" must not set securityContext.procMount to "Unmasked")',
        ),
        ({}, {"ports": [{"hostPort": 80}]}, 'hostPort (container "web" uses hostPort 80)'),
        (
            {},
            {"livenessProbe": {"httpGet": {"host": "a.com"}}},
            'probe or lifecycle host (container "web" uses probe or lifecycle host "a.com")',
        ),
    ],
)
def test_baseline_checks_containers(context: dict[str, Any], more: dict[str, Any], text: str) -> None:
    pod = build_pod(context=context)
    pod["spec"]["containers"][0] |= more
    assert [each.describe().startswith(text) for each in find_violations(pod, "baseline", 36)] == [True]


def test_restricted_checks_users_and_volumes() -> None:
    volumes = [{"name": "data", "nfs": {"server": "x", "path": "/"}}, {"name": "conf", "configMap": {"name": "a"}}]
    pod = build_pod(context=SAFE | {"runAsUser": 0}, volumes=volumes)
    assert [each.describe() for each in find_violations(pod, "restricted", 36)] == [
        'restricted volume types (volume "data" uses restricted volume type "nfs")',
        'runAsUser=0 (container "web" must not set runAsUser=0)',
    ]
    relaxed = build_pod(context=SAFE | {"runAsUser": 0}, hostUsers=False)
    assert find_violations(relaxed, "restricted", 36) == []
    assert find_violations(relaxed, "restricted", 34) != []
