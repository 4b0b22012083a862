"""Pods: each gets a node, then gets ready after a moment, or fails as the name of its image says.

Source: none; this is a helper that plays scheduler and kubelet, and starts no container.
"""

from collections.abc import Mapping

from kube_api_emulator.server.controllers.claims import find_claim_problem
from kube_api_emulator.server.controllers.configuration import (
    MissingConfiguration,
    find_missing_variable,
    find_missing_volume,
)
from kube_api_emulator.server.controllers.context import KUBELET, Context, build_condition, refer_to
from kube_api_emulator.server.controllers.events import Kind
from kube_api_emulator.server.controllers.images import (
    CRASH_LOOP,
    NO_SUCH_IMAGE,
    SLOW_FACTOR,
    Failure,
    find_failure,
    is_slow,
)
from kube_api_emulator.server.controllers.nodes import SCHEDULER, assign_node
from kube_api_emulator.server.controllers.pod_status import (
    describe_end,
    describe_failure,
    describe_joining,
    describe_running,
    describe_start,
    describe_waiting,
    is_ready,
)
from kube_api_emulator.server.resources import Object, Resource

_RETRY_SECONDS = 0.5


def build_pod(owner: Object, template: Mapping[str, object], labels: Mapping[str, str], name: str = "") -> Object:
    """Return a new pod of a controller."""
    given: Mapping[str, Mapping[str, str]] = template.get("metadata") or {}  # type: ignore[assignment]
    metadata: Object = {"labels": {**(given.get("labels") or {}), **labels}, "ownerReferences": [refer_to(owner)]}
    if annotations := given.get("annotations"):
        metadata["annotations"] = annotations
    metadata |= {"name": name} if name else {"generateName": f"{owner['metadata']['name']}-"}
    return {"metadata": metadata, "spec": template["spec"]}


def reconcile_pod(context: Context, resource: Resource, pod: Object) -> float | None:
    status = pod.get("status") or {}
    if status.get("phase") in ("Succeeded", "Failed") or pod["metadata"].get("deletionTimestamp"):
        return None
    if not pod["spec"].get("nodeName"):
        return _schedule(context, resource, pod)
    seconds = context.ready_seconds * (SLOW_FACTOR if is_slow(pod["spec"]) else 1)
    if not status.get("startTime"):
        context.set_status(resource, pod, describe_start(context, pod), KUBELET)
        return seconds
    age = context.measure_age(pod, "started")
    if age < seconds:
        return seconds - age
    failure = find_failure(pod["spec"])
    if status.get("phase") == "Pending" and (missing := _find_missing(context, pod, failure)):
        return _wait_for_configuration(context, resource, pod, missing)
    if _is_ending(pod) and (failure is None or failure.marker == CRASH_LOOP):
        _report_start(context, pod)
        context.set_status(resource, pod, describe_end(pod, failure), KUBELET)
    elif failure:
        return _fail(context, resource, pod, failure)
    elif not is_ready(pod):
        _report_start(context, pod)
        context.set_status(resource, pod, describe_running(pod), KUBELET)
    elif joined := describe_joining(pod):
        context.set_status(resource, pod, joined, KUBELET)
    return None


def _find_missing(context: Context, pod: Object, failure: Failure | None) -> MissingConfiguration | None:
    missing = find_missing_volume(context, pod)
    if missing or (failure and failure.marker == NO_SUCH_IMAGE):
        # The kubelet pulls images before it reads variables.
        return missing
    return find_missing_variable(context, pod)


def _wait_for_configuration(
    context: Context, resource: Resource, pod: Object, missing: MissingConfiguration
) -> float | None:
    if context.notice(pod, missing):
        is_mount = not missing.container
        reason, message = ("FailedMount", missing.message) if is_mount else ("Failed", f"Error: {missing.message}")
        _report(context, pod, reason, message, "Warning")
    if missing.container:
        context.set_status(resource, pod, describe_waiting(pod, missing), KUBELET)
    return _RETRY_SECONDS


def _schedule(context: Context, resource: Resource, pod: Object) -> float | None:
    problem = find_claim_problem(context, pod)
    if not problem:
        return None if assign_node(context, pod) else _RETRY_SECONDS
    before = pod.get("status") or {}
    condition = build_condition(before, "PodScheduled", "False", "Unschedulable", problem)
    if before.get("conditions") != [condition]:
        context.report(pod, SCHEDULER, "FailedScheduling", problem, "Warning")
        context.set_status(resource, pod, {**before, "conditions": [condition]}, SCHEDULER)
    return _RETRY_SECONDS


def _is_ending(pod: Object) -> bool:
    """Check that a pod has an end: pods that run for ever are started again."""
    return bool(pod["spec"].get("restartPolicy", "Always") != "Always")


def _fail(context: Context, resource: Resource, pod: Object, failure: Failure) -> float | None:
    """Show a failure; an image that cannot be pulled is tried once before the kubelet waits."""
    current = _read_reason(pod, failure)
    if failure.marker == NO_SUCH_IMAGE and current not in ("ErrImagePull", failure.reason):
        context.set_status(resource, pod, describe_failure(pod, failure, is_first=True), KUBELET)
        _report(context, pod, "Pulling", f'Pulling image "{failure.image}"')
        _report(context, pod, "Failed", f'Failed to pull image "{failure.image}": {failure.describe_pull()}', "Warning")
        return context.ready_seconds
    if current == (failure.reason or "Running"):
        return None
    context.set_status(resource, pod, describe_failure(pod, failure), KUBELET)
    if failure.marker == NO_SUCH_IMAGE:
        _report(context, pod, "BackOff", f'Back-off pulling image "{failure.image}"')
        return None
    _report_start(context, pod)
    if failure.marker == CRASH_LOOP:
        text = f"Back-off restarting failed container {failure.container} in pod {pod['metadata']['name']}"
        _report(context, pod, "BackOff", text, "Warning")
    else:
        text = "Readiness probe failed: HTTP probe failed with statuscode: 503"
        _report(context, pod, "Unhealthy", text, "Warning")
    return None


def _read_reason(pod: Object, failure: Failure) -> str:
    states = (pod.get("status") or {}).get("containerStatuses") or ()
    found: Object = next((each for each in states if each["name"] == failure.container), {})
    state = found.get("state") or {}
    return "Running" if "running" in state else str((state.get("waiting") or {}).get("reason", ""))


def _report_start(context: Context, pod: Object) -> None:
    for container in pod["spec"].get("containers") or ():
        image, name = container.get("image", ""), container["name"]
        _report(context, pod, "Pulled", f'Container image "{image}" already present on machine')
        _report(context, pod, "Created", f"Created container: {name}")
        _report(context, pod, "Started", f"Started container {name}")


def _report(context: Context, pod: Object, reason: str, message: str, kind: Kind = "Normal") -> None:
    context.report(pod, KUBELET, reason, message, kind)
