"""What a cluster does beside workloads: nodes, endpoints, budgets, autoscalers, claims, addresses, events."""

import time
from datetime import datetime
from typing import Any

import pytest

from kube_api_emulator.server.controllers.context import NodeFacts
from kube_api_emulator.server.controllers.workloads.cron_schedule import matches_schedule
from tests.cluster import LocalCluster, RefusedError
from tests.test_controllers import GOOD, build_deployment, is_rolled_out, read_status

SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web"},
    "spec": {"selector": {"app": "web"}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]},
}
BUDGET = {
    "apiVersion": "policy/v1",
    "kind": "PodDisruptionBudget",
    "metadata": {"name": "web"},
    "spec": {"minAvailable": "50%", "selector": {"matchLabels": {"app": "web"}}},
}
PODS = "/api/v1/namespaces/shop/pods"


def roll_out(running: LocalCluster, image: str = GOOD, replicas: int = 3) -> None:
    running.apply(build_deployment(image, replicas))
    running.wait_for(lambda: is_rolled_out(running))


def build_autoscaler(least: int = 2, most: int = 4) -> dict[str, Any]:
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    metric = {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 70}},
    }
    spec = {"minReplicas": least, "maxReplicas": most, "scaleTargetRef": target, "metrics": [metric]}
    named = {"name": "web", "namespace": "shop"}
    return {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": named, "spec": spec}


def list_reasons(running: LocalCluster, kind: str) -> set[str]:
    return {each["reason"] for each in running.list("Event") if each["involvedObject"]["kind"] == kind}


def test_service_has_the_ready_pods_as_endpoints(kubernetes_cluster: LocalCluster) -> None:
    kubernetes_cluster.apply(SERVICE)
    roll_out(kubernetes_cluster)
    addresses = {pod["status"]["podIP"] for pod in kubernetes_cluster.list("Pod")}

    def find_subsets() -> list[Any]:
        found = kubernetes_cluster.get("Endpoints", "web") or {}
        subsets: list[Any] = found.get("subsets", [])
        return subsets

    kubernetes_cluster.wait_for(lambda: [len(each.get("addresses", ())) for each in find_subsets()] == [3])
    assert {each["ip"] for each in find_subsets()[0]["addresses"]} == addresses
    assert find_subsets()[0]["ports"] == [{"name": "http", "port": 8080, "protocol": "TCP"}]
    slices = kubernetes_cluster.list("EndpointSlice")
    assert [each["metadata"]["labels"]["kubernetes.io/service-name"] for each in slices] == ["web"]
    kubernetes_cluster.patch("Deployment", "web", {"spec": {"replicas": 0}})
    kubernetes_cluster.wait_for(lambda: not find_subsets())


def test_pods_that_are_not_ready_get_no_requests(kubernetes_cluster: LocalCluster) -> None:
    kubernetes_cluster.apply(SERVICE)
    kubernetes_cluster.apply(build_deployment("never-ready:1", 1))
    kubernetes_cluster.wait_for(lambda: (kubernetes_cluster.get("Endpoints", "web") or {}).get("subsets"))
    found = kubernetes_cluster.get("Endpoints", "web")
    assert found is not None
    assert set(found["subsets"][0]) == {"notReadyAddresses", "ports"}


def test_budget_refuses_the_eviction_that_goes_too_far(kubernetes_cluster: LocalCluster) -> None:
    kubernetes_cluster.apply(BUDGET)
    roll_out(kubernetes_cluster, replicas=2)
    kubernetes_cluster.wait_for(lambda: read_status(kubernetes_cluster, "PodDisruptionBudget")["currentHealthy"] == 2)
    status = read_status(kubernetes_cluster, "PodDisruptionBudget")
    assert (status["expectedPods"], status["desiredHealthy"], status["disruptionsAllowed"]) == (2, 1, 1)
    kubernetes_cluster.patch("Deployment", "web", {"spec": {"replicas": 1}})
    kubernetes_cluster.wait_for(lambda: read_status(kubernetes_cluster, "PodDisruptionBudget")["expectedPods"] == 1)
    name = kubernetes_cluster.list("Pod")[0]["metadata"]["name"]
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": "shop"}}
    with pytest.raises(RefusedError, match="Cannot evict pod") as refused:
        kubernetes_cluster.request("POST", f"{PODS}/{name}/eviction", eviction)
    assert refused.value.code == 429
    kubernetes_cluster.delete("PodDisruptionBudget", "web")
    kubernetes_cluster.request("POST", f"{PODS}/{name}/eviction", eviction)
    assert kubernetes_cluster.get("Pod", name) is None


def test_autoscaler_keeps_its_bounds_without_metrics(kubernetes_cluster: LocalCluster) -> None:
    roll_out(kubernetes_cluster, replicas=1)
    kubernetes_cluster.apply(build_autoscaler())

    def find_conditions() -> dict[str, str]:
        found = read_status(kubernetes_cluster, "HorizontalPodAutoscaler.autoscaling").get("conditions", ())
        return {each["type"]: each["reason"] for each in found}

    kubernetes_cluster.wait_for(lambda: find_conditions().get("ScalingActive"))
    assert find_conditions() == {"AbleToScale": "SucceededGetScale", "ScalingActive": "FailedGetResourceMetric"}
    web = kubernetes_cluster.get("Deployment", "web")
    assert web is not None
    assert web["spec"]["replicas"] == 2
    assert "SuccessfulRescale" in list_reasons(kubernetes_cluster, "HorizontalPodAutoscaler")


def test_autoscaler_is_read_and_written_in_both_versions(kubernetes_cluster: LocalCluster) -> None:
    kubernetes_cluster.apply(build_autoscaler())
    path = "/apis/autoscaling/v1/namespaces/shop/horizontalpodautoscalers"
    found = kubernetes_cluster.request("GET", f"{path}/web")
    assert (found["apiVersion"], found["spec"]["targetCPUUtilizationPercentage"]) == ("autoscaling/v1", 70)
    old = {**build_autoscaler(), "apiVersion": "autoscaling/v1"}
    del old["spec"]["metrics"]
    old["spec"]["targetCPUUtilizationPercentage"] = 60
    kubernetes_cluster.apply(old)
    new = kubernetes_cluster.request("GET", f"{path.replace('v1', 'v2')}/web")
    assert new["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] == 60
    with pytest.raises(RefusedError, match="field not declared in schema"):
        kubernetes_cluster.apply({**build_autoscaler(), "apiVersion": "autoscaling/v1"})


def test_events_are_read_in_both_groups(kubernetes_cluster: LocalCluster) -> None:
    roll_out(kubernetes_cluster, replicas=1)
    assert {"Scheduled", "Pulled", "Created", "Started"} <= list_reasons(kubernetes_cluster, "Pod")
    assert list_reasons(kubernetes_cluster, "ReplicaSet") == {"SuccessfulCreate"}
    found = kubernetes_cluster.request("GET", "/apis/events.k8s.io/v1/namespaces/shop/events")["items"]
    assert {each["regarding"]["kind"] for each in found} == {"Deployment", "ReplicaSet", "Pod"}


def test_claim_waits_for_its_first_pod(kubernetes_cluster: LocalCluster) -> None:
    storage = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "late"}}
    kubernetes_cluster.apply(storage | {"provisioner": "ebs.csi.aws.com", "volumeBindingMode": "WaitForFirstConsumer"})
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": "late"}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "web"}, "spec": spec}
    kubernetes_cluster.apply(claim)
    kubernetes_cluster.wait_for(
        lambda: "WaitForFirstConsumer" in list_reasons(kubernetes_cluster, "PersistentVolumeClaim")
    )
    assert read_status(kubernetes_cluster, "PersistentVolumeClaim")["phase"] == "Pending"
    volume = {"name": "data", "persistentVolumeClaim": {"claimName": "web"}}
    pod = {"containers": [{"name": "web", "image": GOOD}], "volumes": [volume]}
    kubernetes_cluster.apply({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "user"}, "spec": pod})
    kubernetes_cluster.wait_for(lambda: read_status(kubernetes_cluster, "PersistentVolumeClaim")["phase"] == "Bound")
    assert len(kubernetes_cluster.list("PersistentVolume")) == 1
    kubernetes_cluster.delete("Pod", "user")
    kubernetes_cluster.delete("PersistentVolumeClaim", "web")
    kubernetes_cluster.wait_for(lambda: not kubernetes_cluster.list("PersistentVolume"))


def test_claim_of_a_missing_class_stays_pending(kubernetes_cluster: LocalCluster) -> None:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": "gone"}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "web"}, "spec": spec}
    kubernetes_cluster.apply(claim)
    kubernetes_cluster.wait_for(
        lambda: "ProvisioningFailed" in list_reasons(kubernetes_cluster, "PersistentVolumeClaim")
    )


def test_ingress_gets_an_address_from_its_controller_alone(kubernetes_cluster: LocalCluster) -> None:
    classes = {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": {"name": "nginx"}}
    kubernetes_cluster.apply(classes | {"spec": {"controller": "k8s.io/ingress-nginx"}})
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    ingress = {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "web"}}
    kubernetes_cluster.apply(ingress | {"spec": {"ingressClassName": "nginx", "defaultBackend": backend}})
    time.sleep(0.3)
    assert not read_status(kubernetes_cluster, "Ingress").get("loadBalancer")
    labels = {"app.kubernetes.io/name": "ingress-nginx"}
    controller = build_deployment(GOOD, 1)
    controller["metadata"]["labels"] = labels
    kubernetes_cluster.apply(controller)
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "labels": labels}}
    kubernetes_cluster.apply(service | {"spec": {"type": "LoadBalancer", "ports": [{"port": 80}]}})
    kubernetes_cluster.wait_for(lambda: read_status(kubernetes_cluster, "Ingress").get("loadBalancer"))
    assert read_status(kubernetes_cluster, "Ingress")["loadBalancer"] == {
        "ingress": [{"hostname": "web.shop.loadbalancer.localhost"}]
    }


def test_pods_wait_for_a_node(kubernetes_cluster: LocalCluster) -> None:
    controllers = kubernetes_cluster.server.controllers
    assert controllers is not None
    controllers.set_nodes(())
    kubernetes_cluster.apply(build_deployment(GOOD, 1))
    kubernetes_cluster.wait_for(lambda: "FailedScheduling" in list_reasons(kubernetes_cluster, "Pod"))
    controllers.set_nodes((NodeFacts("asleep", taints=({"key": "a", "effect": "NoSchedule"},)), NodeFacts("awake")))
    kubernetes_cluster.wait_for(lambda: is_rolled_out(kubernetes_cluster))
    assert [pod["spec"]["nodeName"] for pod in kubernetes_cluster.list("Pod")] == ["awake"]


@pytest.mark.parametrize(
    ("image", "code", "reason"),
    [
        pytest.param("crash-loop:1", 1, "Error", id="another code"),
        pytest.param("crash-loop-137:1", 137, "OOMKilled", id="killed for its memory"),
    ],
)
def test_image_decides_how_a_container_ends(
    kubernetes_cluster: LocalCluster, image: str, code: int, reason: str
) -> None:
    kubernetes_cluster.apply(build_deployment(image, 1))

    def find_ends() -> list[dict[str, Any]]:
        states = [each for pod in kubernetes_cluster.list("Pod") for each in pod["status"].get("containerStatuses", ())]
        return [each["lastState"]["terminated"] for each in states if each["lastState"]]

    kubernetes_cluster.wait_for(find_ends)
    assert (find_ends()[0]["exitCode"], find_ends()[0]["reason"]) == (code, reason)


def test_failing_job_tries_as_often_as_it_says(kubernetes_cluster: LocalCluster) -> None:
    template = {"spec": {"containers": [{"name": "a", "image": "crash-loop"}], "restartPolicy": "Never"}}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "web"}}
    kubernetes_cluster.apply(job | {"spec": {"template": template, "backoffLimit": 2}})
    kubernetes_cluster.wait_for(lambda: read_status(kubernetes_cluster, "Job").get("failed") == 3)
    kubernetes_cluster.wait_for(lambda: "BackoffLimitExceeded" in list_reasons(kubernetes_cluster, "Job"))
    assert len(kubernetes_cluster.list("Pod")) == 3


def test_owner_outlives_its_dependents_in_the_foreground(kubernetes_cluster: LocalCluster) -> None:
    roll_out(kubernetes_cluster, replicas=1)
    path = kubernetes_cluster.find_path({"kind": "Deployment", "metadata": {"name": "web"}})
    kubernetes_cluster.request("DELETE", path, {"propagationPolicy": "Foreground"})
    kubernetes_cluster.wait_for(lambda: kubernetes_cluster.get("Deployment", "web") is None)
    assert not kubernetes_cluster.list("ReplicaSet")
    assert not kubernetes_cluster.list("Pod")


def test_orphans_stay(kubernetes_cluster: LocalCluster) -> None:
    roll_out(kubernetes_cluster, replicas=1)
    path = kubernetes_cluster.find_path({"kind": "Deployment", "metadata": {"name": "web"}})
    kubernetes_cluster.request("DELETE", path, {"propagationPolicy": "Orphan"})
    time.sleep(0.2)
    assert [each["metadata"].get("ownerReferences") for each in kubernetes_cluster.list("ReplicaSet")] in ([[]], [None])


@pytest.mark.parametrize(
    ("schedule", "moment", "expected"),
    [
        pytest.param("*/15 * * * *", "2026-11-28T10:30", True, id="a step"),
        pytest.param("*/15 * * * *", "2026-11-28T10:31", False, id="beside a step"),
        pytest.param("0 9-17 * * mon-fri", "2026-11-28T09:00", False, id="a Saturday"),
        pytest.param("0 9-17 * * mon-fri", "2026-11-27T09:00", True, id="a Friday"),
        pytest.param("0 0 1 * sun", "2026-11-29T00:00", True, id="either kind of day"),
        pytest.param("@hourly", "2026-11-28T10:00", True, id="a name"),
        pytest.param("5,35 * * dec *", "2026-11-28T10:05", False, id="another month"),
    ],
)
def test_schedule_names_minutes(schedule: str, moment: str, expected: bool) -> None:
    assert matches_schedule(schedule, datetime.fromisoformat(moment)) is expected


@pytest.mark.parametrize(
    ("query", "text"),
    [
        pytest.param("?container=other", "container other is not valid for pod", id="another container"),
        pytest.param("?previous=true", "previous terminated container", id="no run before"),
    ],
)
def test_log_is_refused(kubernetes_cluster: LocalCluster, query: str, text: str) -> None:
    roll_out(kubernetes_cluster, replicas=1)
    name = kubernetes_cluster.list("Pod")[0]["metadata"]["name"]
    with pytest.raises(RefusedError, match=text):
        kubernetes_cluster.request("GET", f"{PODS}/{name}/log{query}")
