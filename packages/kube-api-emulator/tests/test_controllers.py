"""What a cluster does with workloads by itself."""

import time
from typing import Any

import pytest

from tests.cluster import LocalCluster

GOOD = "nginx:1.27"


def build_deployment(image: str, replicas: int = 3) -> dict[str, Any]:
    labels = {"app": "web"}
    container = {"name": "web", "image": image}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


def read_status(running: LocalCluster, kind: str, name: str = "web") -> dict[str, Any]:
    item = running.get(kind, name)
    assert item is not None
    status: dict[str, Any] = item.get("status", {})
    return status


def is_rolled_out(running: LocalCluster) -> bool:
    item = running.get("Deployment", "web")
    assert item is not None
    status, replicas = item.get("status", {}), item["spec"]["replicas"]
    is_observed = status.get("observedGeneration") == item["metadata"]["generation"]
    counts = [status.get(name, 0) for name in ("updatedReplicas", "replicas", "availableReplicas")]
    return is_observed and counts == [replicas] * 3


def test_good_deployment_rolls_out_within_half_a_second(kubernetes_cluster: LocalCluster) -> None:
    kubernetes_cluster.apply(build_deployment(GOOD))
    kubernetes_cluster.wait_for(lambda: is_rolled_out(kubernetes_cluster), seconds=2)
    kubernetes_cluster.apply(build_deployment("nginx:1.28", replicas=5))
    kubernetes_cluster.wait_for(lambda: is_rolled_out(kubernetes_cluster), seconds=2)
    sets = kubernetes_cluster.list("ReplicaSet")
    assert sorted(each["spec"]["replicas"] for each in sets) == [0, 5]
    assert len(kubernetes_cluster.list("Pod")) == 5


@pytest.mark.parametrize(
    ("image", "reason", "text"),
    [
        pytest.param("no-such-image:1", "ImagePullBackOff", "not found", id="an image that does not exist"),
        pytest.param("shop/crash-loop:1", "CrashLoopBackOff", "restarting failed container", id="one that crashes"),
    ],
)
def test_pods_tell_why_they_fail(kubernetes_cluster: LocalCluster, image: str, reason: str, text: str) -> None:
    def find_waits() -> list[dict[str, Any]]:
        states = [
            state for pod in kubernetes_cluster.list("Pod") for state in pod["status"].get("containerStatuses", ())
        ]
        return [wait for state in states if (wait := state["state"].get("waiting", {})).get("reason") == reason]

    kubernetes_cluster.apply(build_deployment(image, replicas=1))
    kubernetes_cluster.wait_for(find_waits)
    assert text in find_waits()[0]["message"]
    events = [event for event in kubernetes_cluster.list("Event") if event["type"] == "Warning"]
    assert {event["involvedObject"]["kind"] for event in events} == {"Pod"}


def test_failed_rollout_exceeds_its_deadline(kubernetes_cluster: LocalCluster) -> None:
    kubernetes_cluster.apply(build_deployment(GOOD))
    kubernetes_cluster.wait_for(lambda: is_rolled_out(kubernetes_cluster))
    kubernetes_cluster.apply(build_deployment("nginx:never-ready"))

    def find_progress() -> dict[str, Any]:
        conditions = read_status(kubernetes_cluster, "Deployment")["conditions"]
        return next(each for each in conditions if each["type"] == "Progressing")

    kubernetes_cluster.wait_for(lambda: find_progress()["reason"] == "ProgressDeadlineExceeded")
    assert find_progress()["status"] == "False"
    # Enough old pods stay: the service goes on.
    assert read_status(kubernetes_cluster, "Deployment")["availableReplicas"] >= 3


def test_stateful_set_starts_its_pods_in_order(kubernetes_cluster: LocalCluster) -> None:
    manifest = build_deployment(GOOD, replicas=2) | {"kind": "StatefulSet"}
    claim_spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    claim = {"metadata": {"name": "data"}, "spec": claim_spec}
    manifest["spec"] |= {"serviceName": "web", "volumeClaimTemplates": [claim]}
    manifest["spec"]["template"]["spec"]["containers"][0]["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
    kubernetes_cluster.apply(manifest)
    kubernetes_cluster.wait_for(lambda: read_status(kubernetes_cluster, "StatefulSet").get("readyReplicas") == 2)
    assert [pod["metadata"]["name"] for pod in kubernetes_cluster.list("Pod")] == ["web-0", "web-1"]
    volumes = kubernetes_cluster.list("Pod")[1]["spec"]["volumes"]
    assert volumes[0] == {"name": "data", "persistentVolumeClaim": {"claimName": "data-web-1"}}
    claims = kubernetes_cluster.list("PersistentVolumeClaim")
    assert [claim["status"]["phase"] for claim in claims] == ["Bound", "Bound"]
    first = read_status(kubernetes_cluster, "StatefulSet")["updateRevision"]
    manifest["spec"]["template"]["spec"]["containers"][0]["image"] = "nginx:1.28"
    kubernetes_cluster.apply(manifest)
    kubernetes_cluster.wait_for(lambda: read_status(kubernetes_cluster, "StatefulSet")["currentRevision"] != first)


def test_daemon_set_runs_on_each_node(kubernetes_cluster: LocalCluster) -> None:
    manifest = build_deployment(GOOD) | {"kind": "DaemonSet"}
    del manifest["spec"]["replicas"]
    kubernetes_cluster.apply(manifest)
    kubernetes_cluster.wait_for(lambda: read_status(kubernetes_cluster, "DaemonSet").get("numberAvailable") == 2)


@pytest.mark.parametrize(
    ("image", "condition"),
    [
        pytest.param(GOOD, "Complete", id="a job that works"),
        pytest.param("crash-loop", "Failed", id="a job that fails"),
    ],
)
def test_job_ends(kubernetes_cluster: LocalCluster, image: str, condition: str) -> None:
    container = {"name": "migrate", "image": image}
    template = {"spec": {"containers": [container], "restartPolicy": "Never"}}
    manifest = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "web"}, "spec": {"template": template}}
    kubernetes_cluster.apply(manifest)

    def find_conditions() -> list[str]:
        conditions = read_status(kubernetes_cluster, "Job").get("conditions", ())
        return [each["type"] for each in conditions if each["status"] == "True"]

    kubernetes_cluster.wait_for(lambda: condition in find_conditions())


def test_what_an_object_owned_goes_with_it(kubernetes_cluster: LocalCluster) -> None:
    kubernetes_cluster.apply(build_deployment(GOOD))
    kubernetes_cluster.wait_for(lambda: is_rolled_out(kubernetes_cluster))
    kubernetes_cluster.delete("Deployment", "web")
    kubernetes_cluster.wait_for(lambda: not kubernetes_cluster.list("ReplicaSet"))
    kubernetes_cluster.wait_for(lambda: not kubernetes_cluster.list("Pod"))


def test_claim_goes_once_no_pod_uses_it(kubernetes_cluster: LocalCluster) -> None:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"}, "spec": spec}
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}
    container = {"name": "web", "image": GOOD}
    pod_spec = {"containers": [container], "volumes": [volume]}
    kubernetes_cluster.apply(claim)
    kubernetes_cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "user"}, "spec": pod_spec})
    kubernetes_cluster.delete("PersistentVolumeClaim", "data")
    time.sleep(0.2)
    left = kubernetes_cluster.get("PersistentVolumeClaim", "data")
    assert left is not None
    assert left["metadata"]["deletionTimestamp"]
    kubernetes_cluster.delete("Pod", "user")
    kubernetes_cluster.wait_for(lambda: kubernetes_cluster.get("PersistentVolumeClaim", "data") is None)


def test_namespace_goes_when_it_is_empty(kubernetes_cluster: LocalCluster) -> None:
    held = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "held", "finalizers": ["example.com/hold"]}}
    kubernetes_cluster.apply(held)
    kubernetes_cluster.delete("Namespace", "shop")
    kubernetes_cluster.wait_for(
        lambda: (kubernetes_cluster.get("ConfigMap", "held") or {})["metadata"].get("deletionTimestamp")
    )
    namespace = kubernetes_cluster.get("Namespace", "shop")
    assert namespace is not None
    assert namespace["status"]["phase"] == "Terminating"
    kubernetes_cluster.patch("ConfigMap", "held", {"metadata": {"finalizers": None}})
    kubernetes_cluster.wait_for(lambda: kubernetes_cluster.get("Namespace", "shop") is None)


def test_kind_is_served_once_it_is_established(kubernetes_cluster: LocalCluster) -> None:
    names = {"plural": "queues", "kind": "Queue"}
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema}
    spec = {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [version]}
    kubernetes_cluster.apply(
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": "queues.example.com"},
            "spec": spec,
        }
    )
    kubernetes_cluster.wait_for(lambda: kubernetes_cluster.cluster.resources.find("example.com", "v1", "queues"))
    queue = {"apiVersion": "example.com/v1", "kind": "Queue", "metadata": {"name": "orders"}, "spec": {"size": 1}}
    assert kubernetes_cluster.apply(queue)["metadata"]["generation"] == 1
    kubernetes_cluster.delete("CustomResourceDefinition", "queues.example.com")
    assert kubernetes_cluster.cluster.resources.find("example.com", "v1", "queues") is None


def test_service_gets_an_address(kubernetes_cluster: LocalCluster) -> None:
    spec = {"type": "LoadBalancer", "ports": [{"port": 80}]}
    kubernetes_cluster.apply({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": spec})
    kubernetes_cluster.wait_for(lambda: read_status(kubernetes_cluster, "Service").get("loadBalancer"))
