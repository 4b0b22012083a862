"""Service accounts, priorities, storage classes, and namespaces that stay."""

from typing import Any

import pytest

from tests.admission.test_limits import build_pod
from tests.cluster import LocalCluster, RefusedError

CLASS = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "provisioner": "ebs.csi.aws.com"}
DEFAULT = {"storageclass.kubernetes.io/is-default-class": "true"}
CLAIM: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "data"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
}


def test_pod_runs_as_the_default_account(secured: LocalCluster) -> None:
    spec = secured.apply(build_pod())["spec"]
    assert (spec["serviceAccountName"], spec["serviceAccount"]) == ("default", "default")
    (mount,) = spec["containers"][0]["volumeMounts"]
    assert mount["mountPath"] == "/var/run/secrets/kubernetes.io/serviceaccount"
    assert [volume["name"] for volume in spec["volumes"]] == [mount["name"]]


def test_account_may_keep_its_token(secured: LocalCluster) -> None:
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "web"}}
    secured.apply(account | {"automountServiceAccountToken": False, "imagePullSecrets": [{"name": "registry"}]})
    pod = build_pod()
    pod["spec"]["serviceAccountName"] = "web"
    spec = secured.apply(pod)["spec"]
    assert "volumes" not in spec
    assert spec["imagePullSecrets"] == [{"name": "registry"}]


def test_pod_of_a_missing_account_is_refused(secured: LocalCluster) -> None:
    pod = build_pod()
    pod["spec"]["serviceAccountName"] = "gone"
    with pytest.raises(RefusedError) as refused:
        secured.apply(pod)
    assert refused.value.status["message"] == (
        'pods "web" is forbidden: error looking up service account shop/gone: serviceaccount "gone" not found'
    )


def test_priority_comes_from_the_class(secured: LocalCluster) -> None:
    named = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "high"}}
    secured.apply(named | {"value": 1000, "preemptionPolicy": "Never"})
    pod = build_pod()
    pod["spec"]["priorityClassName"] = "high"
    spec = secured.apply(pod)["spec"]
    assert (spec["priority"], spec["preemptionPolicy"]) == (1000, "Never")
    other = build_pod("other")
    other["spec"]["priorityClassName"] = "gone"
    with pytest.raises(RefusedError, match="no PriorityClass with name gone was found"):
        secured.apply(other)


def test_claim_gets_the_default_class(secured: LocalCluster) -> None:
    secured.apply(CLASS | {"metadata": {"name": "gp2"}})
    assert "storageClassName" not in secured.apply(CLAIM)["spec"]
    secured.apply(CLASS | {"metadata": {"name": "gp3", "annotations": DEFAULT}})
    other = secured.apply(CLAIM | {"metadata": {"name": "other"}})
    assert other["spec"]["storageClassName"] == "gp3"


def test_namespaces_of_the_system_stay(secured: LocalCluster) -> None:
    for name in ("default", "kube-system"):
        with pytest.raises(RefusedError, match="is forbidden: this namespace may not be deleted"):
            secured.delete("Namespace", name)
