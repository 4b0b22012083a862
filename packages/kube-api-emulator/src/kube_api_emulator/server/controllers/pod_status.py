"""The status of a pod, as its kubelet writes it.

Source: k8s.io/kubernetes v1.36.2, pkg/kubelet/kubelet_pods.go (generateAPIPodStatus, convertToAPIContainerStatuses),
pkg/kubelet/status/generate.go (GenerateContainersReadyCondition, GeneratePodReadyCondition,
GeneratePodInitializedCondition).
"""

from collections.abc import Mapping
from typing import Any

from kube_api_emulator.server.controllers.configuration import MissingConfiguration
from kube_api_emulator.server.controllers.context import Context, build_condition
from kube_api_emulator.server.controllers.images import CRASH_LOOP, NO_SUCH_IMAGE, Failure
from kube_api_emulator.server.controllers.nodes import find_node, read_node_address
from kube_api_emulator.server.resources import Object
from kube_api_emulator.server.rules.schema_rules import format_time

_RESTARTS = 3


def is_ready(pod: Object) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def describe_start(context: Context, pod: Object) -> Object:
    waiting = {"waiting": {"reason": "ContainerCreating"}}
    before = pod.get("status") or {}
    node = find_node(context, pod["spec"].get("nodeName", ""))
    address, host = context.take_address(), read_node_address(node) if node else ""
    status = {
        **before,
        "phase": "Pending",
        "startTime": format_time(),
        "podIP": address,
        "podIPs": [{"ip": address}],
        "conditions": _describe_conditions(pod, is_ready=False),
        "containerStatuses": [_describe_container(each, waiting, is_ready=False) for each in _list_containers(pod)],
    }
    if host:
        status |= {"hostIP": host, "hostIPs": [{"ip": host}]}
    if pod["spec"].get("hostNetwork") and host:
        status |= {"podIP": host, "podIPs": [{"ip": host}]}
    if initial := pod["spec"].get("initContainers"):
        status["initContainerStatuses"] = [_describe_initial(each) for each in initial]
    return status


def describe_running(pod: Object) -> Object:
    running = {"running": {"startedAt": format_time()}}
    states = [_describe_container(each, running, is_ready=True) for each in _list_containers(pod)]
    conditions = _describe_conditions(pod, is_ready=True)
    status = {**pod["status"], "phase": "Running", "conditions": conditions, "containerStatuses": states}
    if initial := pod["spec"].get("initContainers"):
        status["initContainerStatuses"] = [_describe_initial(each) for each in initial]
    return status


def describe_joining(pod: Object) -> Object | None:
    """Return the status of a pod with the temporary containers that have come into it; None without new ones."""
    known = {each["name"]: each for each in pod["status"].get("ephemeralContainerStatuses") or ()}
    containers = pod["spec"].get("ephemeralContainers") or ()
    if all(each["name"] in known for each in containers):
        return None
    running = {"running": {"startedAt": format_time()}}
    states = [known.get(each["name"]) or _describe_container(each, running, is_ready=False) for each in containers]
    return {**pod["status"], "ephemeralContainerStatuses": states}


def describe_failure(pod: Object, failure: Failure, *, is_first: bool = False) -> Object:
    """Return the status of a pod that fails. `is_first`: its image was tried once."""
    running: Object = {"running": {"startedAt": format_time()}}
    states = []
    for container in _list_containers(pod):
        if container["name"] != failure.container:
            states.append(_describe_container(container, running, is_ready=failure.marker != NO_SUCH_IMAGE))
        elif failure.reason:
            reason, message = failure.reason, failure.describe_wait(pod)
            if is_first:
                reason, message = "ErrImagePull", failure.describe_pull()
            waiting = {"waiting": {"reason": reason, "message": message}}
            states.append(_describe_container(container, waiting, is_ready=False))
        else:
            states.append(_describe_container(container, running, is_ready=False) | {"started": True})
        if container["name"] == failure.container and failure.marker == CRASH_LOOP:
            ended = _describe_ended(failure)
            states[-1] |= {"restartCount": _RESTARTS, "lastState": {"terminated": ended}}
    phase = "Pending" if failure.marker == NO_SUCH_IMAGE else "Running"
    conditions = _describe_conditions(pod, is_ready=False)
    return {**pod["status"], "phase": phase, "conditions": conditions, "containerStatuses": states}


def describe_waiting(pod: Object, missing: MissingConfiguration) -> Object:
    """Return the status of a pod with a container whose variables can't be set; the others beside it run."""
    waiting = {"waiting": {"reason": "CreateContainerConfigError", "message": missing.message}}
    names = {"containers": "containerStatuses", "initContainers": "initContainerStatuses"}
    states: dict[str, object] = {}
    for field, name in names.items():
        containers = pod["spec"].get(field) or ()
        if any(each["name"] == missing.container for each in containers):
            before = {each["name"]: each for each in pod["status"].get(name) or ()}
            states[name] = [
                _describe_container(each, waiting, is_ready=False)
                if each["name"] == missing.container
                else _describe_beside(each, before.get(each["name"]) or {})
                for each in containers
            ]
    conditions = _describe_conditions(pod, is_ready=False)
    return {**pod["status"], "phase": "Pending", "conditions": conditions, **states}


def _describe_beside(container: Mapping[str, Any], before: Object) -> Object:
    if {"running", "terminated"} & (before.get("state") or {}).keys():
        return before
    return _describe_container(container, {"running": {"startedAt": format_time()}}, is_ready=True)


def describe_end(pod: Object, failure: Failure | None) -> Object:
    ended = {"terminated": _describe_ended(failure)}
    states = [_describe_container(each, ended, is_ready=False) | {"started": False} for each in _list_containers(pod)]
    conditions = _describe_conditions(pod, is_ready=False, why="PodFailed" if failure else "PodCompleted")
    phase = "Failed" if failure else "Succeeded"
    return {**pod["status"], "phase": phase, "conditions": conditions, "containerStatuses": states}


def _describe_ended(failure: Failure | None) -> Object:
    reason, code = (failure.end_reason, failure.exit_code) if failure else ("Completed", 0)
    return {"exitCode": code, "reason": reason, "startedAt": format_time(), "finishedAt": format_time()}


def _list_containers(pod: Object) -> list[Object]:
    return list(pod["spec"].get("containers") or ())


def _describe_container(container: Mapping[str, Any], state: Object, *, is_ready: bool) -> Object:
    image = container.get("image", "")
    described = {"name": container["name"], "image": image, "imageID": image if is_ready else ""}
    return described | {"ready": is_ready, "started": is_ready, "restartCount": 0, "state": state, "lastState": {}}


def _describe_initial(container: Mapping[str, Any]) -> Object:
    """Return the state of an init container: it has ended, unless it runs beside the others."""
    if container.get("restartPolicy") == "Always":
        return _describe_container(container, {"running": {"startedAt": format_time()}}, is_ready=True)
    ended = {"terminated": _describe_ended(None)}
    return _describe_container(container, ended, is_ready=True) | {"started": False}


def _describe_conditions(pod: Object, *, is_ready: bool, why: str = "") -> list[Object]:
    previous = pod.get("status") or {}
    status = "True" if is_ready else "False"
    names = " ".join(each["name"] for each in _list_containers(pod))
    reason = ("", "") if is_ready else ("ContainersNotReady", f"containers with unready status: [{names}]")
    if why:
        reason = why, ""
    return [
        build_condition(previous, "PodReadyToStartContainers", "False" if why else "True"),
        build_condition(previous, "Initialized", "True"),
        build_condition(previous, "Ready", status, *reason),
        build_condition(previous, "ContainersReady", status, *reason),
        build_condition(previous, "PodScheduled", "True"),
    ]
