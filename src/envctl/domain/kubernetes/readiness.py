"""Readiness of objects by the rules of kstatus and `kubectl rollout status`, and what their pods say."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from envctl.domain.kubernetes.conditions import (
    FALSE,
    OUTDATED,
    READY,
    TRUE,
    UNSEEN,
    Conditions,
    Readiness,
    describe_condition,
    is_true,
    read_conditions,
)
from envctl.domain.kubernetes.objects import Manifest, identify
from envctl.domain.kubernetes.operator_readiness import find_operator_check

# A pod that has these does not get better by itself soon.
_BAD_REASONS = frozenset(
    {"CrashLoopBackOff", "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "CreateContainerConfigError",
     "CreateContainerError", "RunContainerError", "ErrImageNeverPull", "RegistryUnavailable"}
)  # fmt: skip


def check_readiness(live: Manifest) -> Readiness:
    """Return whether the object is ready, as its controller says."""
    metadata, status = live["metadata"], live.get("status") or {}
    if metadata.get("deletionTimestamp"):
        return Readiness("waiting", describe_deletion(live))
    generation = metadata.get("generation")
    observed = status.get("observedGeneration", generation)
    if isinstance(observed, int) and isinstance(generation, int) and observed < generation:
        return OUTDATED
    check = _CHECKS.get(identify(live).type) or find_operator_check(live) or _check_conditions
    return check(live, status, read_conditions(status.get("conditions")))


def describe_deletion(live: Manifest) -> str:
    """Return the reason for an unfinished deletion."""
    finalizers = live["metadata"].get("finalizers") or (live.get("spec") or {}).get("finalizers") or ()
    if not finalizers:
        return "it is being deleted"
    return f"it is being deleted, and waits for {', '.join(map(str, finalizers))}"


def _check_deployment(live: Manifest, status: Mapping[str, Any], conditions: Conditions) -> Readiness:
    wanted = _count_wanted(live)
    progressing = conditions.get("Progressing", {})
    if progressing.get("reason") == "ProgressDeadlineExceeded":
        return Readiness("failed", describe_condition(progressing))
    if "observedGeneration" not in status:
        return UNSEEN
    updated, total = status.get("updatedReplicas", 0), status.get("replicas", 0)
    available = status.get("availableReplicas", 0)
    failure = conditions.get("ReplicaFailure", {})
    if failure.get("status") == TRUE and updated < wanted:
        return Readiness("waiting", describe_condition(failure))
    if updated < wanted:
        return Readiness("waiting", f"{updated} of {wanted} pods are updated")
    if total > updated:
        return Readiness("waiting", f"{total - updated} old pods are still there")
    return READY if available >= wanted else Readiness("waiting", f"{available} of {wanted} pods are available")


def _check_stateful_set(live: Manifest, status: Mapping[str, Any], _conditions: Conditions) -> Readiness:
    wanted, spec = _count_wanted(live), live.get("spec") or {}
    strategy = spec.get("updateStrategy") or {}
    if "observedGeneration" not in status:
        return UNSEEN
    ready, updated = status.get("readyReplicas", 0), status.get("updatedReplicas", 0)
    if ready < wanted:
        return Readiness("waiting", f"{ready} of {wanted} pods are ready")
    if strategy.get("type") == "OnDelete":
        # A person deletes its pods: the controller never does.
        return READY
    partition = int((strategy.get("rollingUpdate") or {}).get("partition") or 0)
    if partition:
        due = max(wanted - partition, 0)
        return READY if updated >= due else Readiness("waiting", f"{updated} of {due} pods are updated")
    if status.get("updateRevision") != status.get("currentRevision"):
        return Readiness("waiting", f"{updated} of {wanted} pods are updated")
    return READY


def _check_daemon_set(live: Manifest, status: Mapping[str, Any], _conditions: Conditions) -> Readiness:
    if "observedGeneration" not in status:
        return UNSEEN
    wanted = status.get("desiredNumberScheduled", 0)
    on_delete = ((live.get("spec") or {}).get("updateStrategy") or {}).get("type") == "OnDelete"
    updated, available = status.get("updatedNumberScheduled", 0), status.get("numberAvailable", 0)
    if updated < wanted and not on_delete:
        return Readiness("waiting", f"{updated} of {wanted} pods are updated")
    return READY if available >= wanted else Readiness("waiting", f"{available} of {wanted} pods are available")


def _check_replica_set(live: Manifest, status: Mapping[str, Any], conditions: Conditions) -> Readiness:
    wanted, available = _count_wanted(live), status.get("availableReplicas", 0)
    failure = conditions.get("ReplicaFailure", {})
    if failure.get("status") == TRUE:
        return Readiness("waiting", describe_condition(failure))
    return READY if available >= wanted else Readiness("waiting", f"{available} of {wanted} pods are available")


def _check_job(live: Manifest, _status: Mapping[str, Any], conditions: Conditions) -> Readiness:
    if is_true(conditions, "Failed"):
        return Readiness("failed", describe_condition(conditions["Failed"]))
    if is_true(conditions, "Complete") or (live.get("spec") or {}).get("suspend"):
        return READY
    return Readiness("waiting", "it is running")


def _check_pod(_live: Manifest, status: Mapping[str, Any], conditions: Conditions) -> Readiness:
    phase = status.get("phase")
    if phase == "Succeeded" or is_true(conditions, "Ready"):
        return READY
    if phase == "Failed":
        return Readiness("failed", str(status.get("message") or status.get("reason") or "it failed"))
    return Readiness("waiting", f"it is {phase or 'not scheduled yet'}")


def _check_claim(_live: Manifest, status: Mapping[str, Any], _conditions: Conditions) -> Readiness:
    if status.get("phase") == "Lost":
        return Readiness("failed", "its volume is lost")
    # A claim whose class waits for the first pod stays pending until then, and rightly so.
    return READY


def _check_definition(_live: Manifest, _status: Mapping[str, Any], conditions: Conditions) -> Readiness:
    names = conditions.get("NamesAccepted", {})
    if names.get("status") == FALSE:
        return Readiness("failed", describe_condition(names))
    return READY if is_true(conditions, "Established") else Readiness("waiting", "it is not established yet")


def _check_service(live: Manifest, status: Mapping[str, Any], _conditions: Conditions) -> Readiness:
    if (live.get("spec") or {}).get("type") != "LoadBalancer":
        return READY
    has_address = bool((status.get("loadBalancer") or {}).get("ingress"))
    return READY if has_address else Readiness("waiting", "its load balancer has no address yet")


def _check_namespace(_live: Manifest, status: Mapping[str, Any], _conditions: Conditions) -> Readiness:
    return Readiness("waiting", "it is being deleted") if status.get("phase") == "Terminating" else READY


def _check_api_service(_live: Manifest, _status: Mapping[str, Any], conditions: Conditions) -> Readiness:
    if is_true(conditions, "Available"):
        return READY
    return Readiness(
        "waiting", describe_condition(conditions.get("Available", {"type": "Available", "status": "unknown"}))
    )


def _check_conditions(_live: Manifest, _status: Mapping[str, Any], conditions: Conditions) -> Readiness:
    """Check an object of an unknown kind: `Stalled` and `Ready` or `Available`, if it has them."""
    if is_true(conditions, "Stalled"):
        return Readiness("failed", describe_condition(conditions["Stalled"]))
    if is_true(conditions, "Reconciling"):
        return Readiness("waiting", describe_condition(conditions["Reconciling"]))
    told = conditions.get("Ready") or conditions.get("Available")
    if told is None or told.get("status") == TRUE:
        return READY
    return Readiness("waiting", describe_condition(told))


def _count_wanted(live: Manifest) -> int:
    found = (live.get("spec") or {}).get("replicas")
    return 1 if found is None else int(found)


_CHECKS: Mapping[str, Callable[[Manifest, Mapping[str, Any], Conditions], Readiness]] = {
    "Deployment.apps": _check_deployment,
    "StatefulSet.apps": _check_stateful_set,
    "DaemonSet.apps": _check_daemon_set,
    "ReplicaSet.apps": _check_replica_set,
    "Job.batch": _check_job,
    "Pod": _check_pod,
    "PersistentVolumeClaim": _check_claim,
    "CustomResourceDefinition.apiextensions.k8s.io": _check_definition,
    "Service": _check_service,
    "Namespace": _check_namespace,
    "APIService.apiregistration.k8s.io": _check_api_service,
    # Its conditions say how many pods may go, not whether it works.
    "PodDisruptionBudget.policy": lambda _live, _status, _conditions: READY,
}
POD_OWNERS = frozenset({"Deployment.apps", "StatefulSet.apps", "DaemonSet.apps", "ReplicaSet.apps", "Job.batch"})
"""Types with a selector of pods."""


def format_selector(live: Manifest) -> str:
    """Return the label selector of the pods of a workload; empty for an object without one."""
    selector = (live.get("spec") or {}).get("selector") or {}
    terms = [f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())]
    for each in selector.get("matchExpressions") or ():
        key, values = each.get("key"), ",".join(each.get("values") or ())
        written = {"In": f"{key} in ({values})", "NotIn": f"{key} notin ({values})", "Exists": f"{key}"}
        terms.append(written.get(str(each.get("operator")), f"!{key}"))
    return ",".join(terms)


def describe_pods(pods: Iterable[Manifest]) -> tuple[str, ...]:
    """Return the messages of unready pods, each once, the worst first."""
    said: dict[str, bool] = {}
    for pod in pods:
        for is_bad, text in _list_complaints(pod):
            said[text] = said.get(text, False) or is_bad
    return tuple(sorted(said, key=lambda text: (not said[text], text)))


def _list_complaints(pod: Manifest) -> Iterator[tuple[bool, str]]:
    status = pod.get("status") or {}
    for each in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        state, last = each.get("state") or {}, (each.get("lastState") or {}).get("terminated") or {}
        waiting, ended = state.get("waiting") or {}, state.get("terminated") or {}
        name = f"container {each.get('name')}"
        if waiting.get("reason") and waiting["reason"] not in ("PodInitializing", "ContainerCreating"):
            before = f" (it ended before: {_describe_end(last)})" if last else ""
            yield waiting["reason"] in _BAD_REASONS, f"{name}: {describe_condition(waiting)}{before}"
        elif ended and ended.get("exitCode"):
            yield True, f"{name} ended: {_describe_end(ended)}"
        elif state.get("running") is not None and not each.get("ready") and status.get("phase") == "Running":
            yield False, f"{name} is running, and its readiness probe has not passed"
    for condition in status.get("conditions") or ():
        if condition.get("type") == "PodScheduled" and condition.get("status") == FALSE:
            yield True, f"not scheduled: {condition.get('message') or condition.get('reason')}"
    if status.get("phase") == "Failed" and (status.get("message") or status.get("reason")):
        yield True, str(status.get("message") or status.get("reason"))


def _describe_end(ended: Mapping[str, Any]) -> str:
    code = f"exit code {ended.get('exitCode')}"
    parts = filter(None, (ended.get("reason"), code, str(ended.get("message") or "").strip()))
    return ", ".join(map(str, parts))
