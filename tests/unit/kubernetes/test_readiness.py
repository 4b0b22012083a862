"""When an object does what it is for, and what its pods say."""

from typing import Any

import pytest

from envctl.domain.kubernetes.readiness import check_readiness, describe_pods, format_selector
from tests.unit.kubernetes.manifests import build_deployment, build_object, make_live


def live(kind: str, api_version: str = "apps/v1", spec: dict[str, Any] | None = None, **status: Any) -> dict[str, Any]:
    return make_live(build_object(kind, api_version, spec=spec or {}), **status)


def told(kind: str, status: str, reason: str = "", message: str = "") -> dict[str, str]:
    return {"type": kind, "status": status, "reason": reason, "message": message}


GOOD: dict[str, Any] = {
    "observedGeneration": 1,
    "replicas": 2,
    "updatedReplicas": 2,
    "availableReplicas": 2,
    "readyReplicas": 2,
}
TWO: dict[str, Any] = {"replicas": 2}
CRD = ("CustomResourceDefinition", "apiextensions.k8s.io/v1")
EXPIRED = told("Progressing", "False", "ProgressDeadlineExceeded", "it took too long")
QUOTA = told("ReplicaFailure", "True", "FailedCreate", "exceeded quota: small")

READY: dict[str, dict[str, Any]] = {
    "a Deployment with all its pods": live("Deployment", spec=TWO, **GOOD),
    "a Deployment without replicas": live("Deployment", spec={"replicas": 0}, observedGeneration=1),
    "a StatefulSet with all its pods": live("StatefulSet", spec=TWO, **GOOD, updateRevision="a", currentRevision="a"),
    "a StatefulSet that a person restarts": live(
        "StatefulSet",
        spec={**TWO, "updateStrategy": {"type": "OnDelete"}},
        **GOOD | {"updatedReplicas": 0},
        updateRevision="b",
        currentRevision="a",
    ),
    "a StatefulSet up to its partition": live(
        "StatefulSet",
        spec={**TWO, "updateStrategy": {"rollingUpdate": {"partition": 1}}},
        **GOOD | {"updatedReplicas": 1},
        updateRevision="b",
        currentRevision="a",
    ),
    "a DaemonSet on all nodes": live(
        "DaemonSet", observedGeneration=1, desiredNumberScheduled=2, updatedNumberScheduled=2, numberAvailable=2
    ),
    "a Job that is complete": live("Job", "batch/v1", conditions=[told("Complete", "True")]),
    "a Job that is suspended": live("Job", "batch/v1", spec={"suspend": True}, active=0),
    "a claim that waits for its first pod": live("PersistentVolumeClaim", "v1", phase="Pending"),
    "a definition that is established": live(*CRD, conditions=[told("Established", "True")]),
    "a Service within the cluster": live("Service", "v1", spec={"type": "ClusterIP"}),
    "a load balancer with an address": live(
        "Service", "v1", spec={"type": "LoadBalancer"}, loadBalancer={"ingress": [{"hostname": "x"}]}
    ),
    "a custom resource that is ready": live("Widget", "example.com/v1", conditions=[told("Ready", "True")]),
    "a custom resource that says nothing": live("Widget", "example.com/v1"),
    "a ConfigMap": live("ConfigMap", "v1"),
    "a disruption budget that allows none": live(
        "PodDisruptionBudget", "policy/v1", conditions=[told("DisruptionAllowed", "False")]
    ),
}
WAITING: dict[str, tuple[dict[str, Any], str]] = {
    "a controller that has not seen it": (
        live("Deployment", spec=TWO, **GOOD | {"observedGeneration": 0}),
        "its controller has not seen the change yet",
    ),
    "a Deployment without a status": (live("Deployment", spec=TWO), "its controller has not seen it yet"),
    "pods that are not updated": (
        live("Deployment", spec=TWO, **GOOD | {"updatedReplicas": 1}),
        "1 of 2 pods are updated",
    ),
    "old pods": (live("Deployment", spec=TWO, **GOOD | {"replicas": 3}), "1 old pods are still there"),
    "pods that are not available": (
        live("Deployment", spec=TWO, **GOOD | {"availableReplicas": 0}),
        "0 of 2 pods are available",
    ),
    "a quota": (
        live("Deployment", spec=TWO, observedGeneration=1, conditions=[QUOTA]),
        "FailedCreate: exceeded quota: small",
    ),
    "a StatefulSet": (live("StatefulSet", spec=TWO, **GOOD | {"readyReplicas": 1}), "1 of 2 pods are ready"),
    "a DaemonSet": (
        live("DaemonSet", observedGeneration=1, desiredNumberScheduled=2, updatedNumberScheduled=2, numberAvailable=1),
        "1 of 2 pods are available",
    ),
    "a Job": (live("Job", "batch/v1", active=1), "it is running"),
    "a load balancer": (
        live("Service", "v1", spec={"type": "LoadBalancer"}, loadBalancer={}),
        "its load balancer has no address yet",
    ),
    "a definition": (live(*CRD), "it is not established yet"),
    "a custom resource": (
        live("Widget", "example.com/v1", conditions=[told("Ready", "False", "Issuing", "wait for it")]),
        "Issuing: wait for it",
    ),
}
FAILED: dict[str, tuple[dict[str, Any], str]] = {
    "a Deployment past its deadline": (
        live("Deployment", spec=TWO, observedGeneration=1, conditions=[EXPIRED]),
        "ProgressDeadlineExceeded: it took too long",
    ),
    "a Job": (
        live("Job", "batch/v1", conditions=[told("Failed", "True", "BackoffLimitExceeded", "too often")]),
        "BackoffLimitExceeded: too often",
    ),
    "a Pod": (live("Pod", "v1", phase="Failed", reason="Evicted"), "Evicted"),
    "a claim without its volume": (live("PersistentVolumeClaim", "v1", phase="Lost"), "its volume is lost"),
    "a definition whose names are taken": (
        live(*CRD, conditions=[told("NamesAccepted", "False", "PluralConflict", "taken")]),
        "PluralConflict: taken",
    ),
    "a custom resource that is stalled": (
        live("Widget", "example.com/v1", conditions=[told("Stalled", "True", "Bad", "no way")]),
        "Bad: no way",
    ),
}


@pytest.mark.parametrize("found", READY.values(), ids=READY.keys())
def test_object_is_ready(found: dict[str, Any]) -> None:
    assert check_readiness(found).phase == "ready"


@pytest.mark.parametrize(("found", "why"), WAITING.values(), ids=WAITING.keys())
def test_object_waits(found: dict[str, Any], why: str) -> None:
    assert (check_readiness(found).phase, check_readiness(found).why) == ("waiting", why)


@pytest.mark.parametrize(("found", "why"), FAILED.values(), ids=FAILED.keys())
def test_object_has_failed(found: dict[str, Any], why: str) -> None:
    assert (check_readiness(found).phase, check_readiness(found).why) == ("failed", why)


def test_object_that_is_being_deleted_names_its_finalizers() -> None:
    found = make_live(build_deployment())
    found["metadata"] |= {"deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["example.com/a"]}
    assert check_readiness(found).why == "it is being deleted, and waits for example.com/a"


def test_selector_of_pods_is_written_for_the_api() -> None:
    expressions = [{"key": "tier", "operator": "In", "values": ["a", "b"]}, {"key": "x", "operator": "Exists"}]
    found = build_deployment(selector={"matchLabels": {"app": "web"}, "matchExpressions": expressions})
    assert format_selector(found) == "app=web,tier in (a,b),x"
    assert format_selector(build_object("Job", "batch/v1")) == ""


def pod(*statuses: dict[str, Any], **status: Any) -> dict[str, Any]:
    return build_object("Pod", status={"containerStatuses": list(statuses), "phase": "Running", **status})


def container(state: dict[str, Any], last: dict[str, Any] | None = None, *, ready: bool = False) -> dict[str, Any]:
    return {"name": "web", "state": state, "lastState": last or {}, "ready": ready}


BACK_OFF = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m"}}
KILLED = {"terminated": {"reason": "OOMKilled", "exitCode": 137}}
SAID: dict[str, tuple[dict[str, Any], str]] = {
    "an image that can't be pulled": (
        pod(container({"waiting": {"reason": "ImagePullBackOff", "message": "not found"}})),
        "container web: ImagePullBackOff: not found",
    ),
    "a crash, with the way it ended": (
        pod(container(BACK_OFF, KILLED)),
        "container web: CrashLoopBackOff: back-off 5m (it ended before: OOMKilled, exit code 137)",
    ),
    "a container that ended": (pod(container(KILLED)), "container web ended: OOMKilled, exit code 137"),
    "a probe": (
        pod(container({"running": {}})),
        "container web is running, and its readiness probe has not passed",
    ),
    "no node": (
        pod(phase="Pending", conditions=[told("PodScheduled", "False", "Unschedulable", "0/3 nodes: no memory")]),
        "not scheduled: 0/3 nodes: no memory",
    ),
    "an eviction": (pod(phase="Failed", message="the node was low on memory"), "the node was low on memory"),
}


@pytest.mark.parametrize(("found", "text"), SAID.values(), ids=SAID.keys())
def test_pods_say_why(found: dict[str, Any], text: str) -> None:
    assert describe_pods([found, found]) == (text,)


@pytest.mark.parametrize(
    "found",
    [pod(container({"running": {}}, ready=True)), pod(container({"waiting": {"reason": "ContainerCreating"}}))],
    ids=["a pod that works", "a pod that starts"],
)
def test_good_pods_say_nothing(found: dict[str, Any]) -> None:
    assert describe_pods([found]) == ()


def test_worst_comes_first() -> None:
    probe, crash = pod(container({"running": {}})), pod(container(BACK_OFF))
    assert describe_pods([probe, crash])[0].startswith("container web: CrashLoopBackOff")
