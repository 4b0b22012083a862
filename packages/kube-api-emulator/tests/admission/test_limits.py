"""LimitRange and ResourceQuota, in the words of kube-apiserver."""

from typing import Any

import pytest

from tests.cluster import LocalCluster, RefusedError

LOW_CPU = "minimum cpu usage per Container is 100m, but request is 50m"
HIGH_RATIO = "memory max limit to request ratio per Container is 2, but provided ratio is 3.000000"


def build_pod(name: str = "web", **resources: dict[str, str]) -> dict[str, Any]:
    container = {"name": "c", "image": "nginx:1.27", "resources": resources}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": {"containers": [container]}}


def limit(cluster: LocalCluster, **limits: Any) -> None:
    spec = {"limits": [{"type": "Container"} | limits]}
    cluster.apply({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "limits"}, "spec": spec})


def set_quota(cluster: LocalCluster, **spec: Any) -> None:
    cluster.apply({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "quota"}, "spec": spec})


def test_limit_range_completes_containers(secured: LocalCluster) -> None:
    limit(secured, default={"cpu": "500m", "memory": "1Gi"}, defaultRequest={"cpu": "100m"})
    pod = secured.apply(build_pod(limits={"memory": "512Mi"}))
    assert pod["spec"]["containers"][0]["resources"] == {
        "limits": {"cpu": "500m", "memory": "512Mi"},
        "requests": {"cpu": "100m", "memory": "512Mi"},
    }
    assert pod["status"]["qosClass"] == "Burstable"


@pytest.mark.parametrize(
    ("limits", "resources", "message"),
    [
        (
            {"max": {"memory": "1Gi"}},
            {"limits": {"memory": "2Gi"}},
            "maximum memory usage per Container is 1Gi, but limit is 2Gi",
        ),
        (
            {"type": "Pod", "min": {"cpu": "100m"}},
            {},
            "minimum cpu usage per Pod is 100m.  No request is specified",
        ),
        (
            {"min": {"cpu": "100m"}, "maxLimitRequestRatio": {"memory": "2"}},
            {"requests": {"cpu": "50m", "memory": "1Mi"}, "limits": {"memory": "3Mi"}},
            f"[{LOW_CPU}, {HIGH_RATIO}]",
        ),
    ],
)  # fmt: skip
def test_limit_range_refuses(secured: LocalCluster, limits: Any, resources: Any, message: str) -> None:
    limit(secured, **limits)
    with pytest.raises(RefusedError) as refused:
        secured.apply(build_pod(**resources))
    assert refused.value.status["message"] == f'pods "web" is forbidden: {message}'


def test_quota_counts_objects(secured: LocalCluster) -> None:
    set_quota(secured, hard={"configmaps": "2", "count/deployments.apps": "0"})
    secured.wait_for(lambda: secured.get("ConfigMap", "kube-root-ca.crt"))
    secured.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}})
    with pytest.raises(RefusedError) as refused:
        secured.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b"}})
    assert refused.value.status["message"] == (
        'configmaps "b" is forbidden: exceeded quota: quota, requested: configmaps=1, used: configmaps=2, '
        "limited: configmaps=2"
    )
    quota = secured.get("ResourceQuota", "quota")
    assert quota is not None
    assert quota["status"]["used"] == {"configmaps": "2", "count/deployments.apps": "0"}
    secured.delete("ConfigMap", "a")
    secured.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b"}})


def test_quota_adds_resources_of_pods(secured: LocalCluster) -> None:
    set_quota(secured, hard={"requests.cpu": "1", "limits.memory": "1Gi"})
    with pytest.raises(RefusedError, match=r"must specify limits.memory for: c; requests.cpu for: c"):
        secured.apply(build_pod())
    small: dict[str, Any] = {"requests": {"cpu": "600m"}, "limits": {"memory": "512Mi"}}
    secured.apply(build_pod(**small))
    with pytest.raises(RefusedError, match=r"requested: requests.cpu=600m, used: requests.cpu=600m, limited: requests"):
        secured.apply(build_pod("other", **small))


def test_scope_chooses_pods(secured: LocalCluster) -> None:
    set_quota(secured, hard={"pods": "0"}, scopes=["BestEffort"])
    secured.apply(build_pod(requests={"cpu": "1"}))
    with pytest.raises(RefusedError, match="exceeded quota: quota, requested: pods=1"):
        secured.apply(build_pod("other"))
