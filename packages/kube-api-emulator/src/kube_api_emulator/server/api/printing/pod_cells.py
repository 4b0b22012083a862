"""The cells of a pod in a table: the state of its containers in a few words."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from kube_api_emulator.server.api.printing.cells import NONE, Reader, format_age, read_path
from kube_api_emulator.server.resources import Object

_FINISHED = ("Succeeded", "Failed")


@dataclass
class _Count:
    """What is counted over containers: restarts, the last one's moment, and the ready ones."""

    restarts: int = 0
    last: str = ""
    ready: int = 0

    def add_restarts(self, status: Object) -> None:
        self.restarts += status.get("restartCount", 0)
        ended = ((status.get("lastState") or {}).get("terminated") or {}).get("finishedAt") or ""
        self.last = max(self.last, ended)


@dataclass(frozen=True)
class _Summary:
    reason: str
    ready: int
    whole: int
    count: _Count = field(default_factory=_Count)


def _summarize(pod: Object) -> _Summary:
    status, spec = pod.get("status") or {}, pod["spec"]
    reason = status.get("reason") or status.get("phase") or ""
    conditions = status.get("conditions") or ()
    if any(each["type"] == "PodScheduled" and each.get("reason") == "SchedulingGated" for each in conditions):
        reason = "SchedulingGated"
    first = spec.get("initContainers") or ()
    sidecars = {each["name"] for each in first if each.get("restartPolicy") == "Always"}
    count = _Count()
    beginning = _read_first(status, sidecars, len(first), count)
    if not beginning or _has_condition(conditions, "Initialized"):
        kept = _Count(ready=count.ready)
        for each in status.get("initContainerStatuses") or ():
            if each["name"] in sidecars:
                kept.add_restarts(each)
        count = kept
        reason = _read_containers(status, reason, count)
    else:
        reason = beginning
    if pod["metadata"].get("deletionTimestamp"):
        if status.get("reason") == "NodeLost":
            reason = "Unknown"
        elif status.get("phase") not in _FINISHED:
            reason = "Terminating"
    return _Summary(reason, count.ready, len(spec.get("containers") or ()) + len(sidecars), count)


def _read_first(status: Object, sidecars: set[str], number: int, count: _Count) -> str:
    """Return the state of the first container that still runs before the others; empty if all ended."""
    for index, each in enumerate(status.get("initContainerStatuses") or ()):
        count.add_restarts(each)
        state = each.get("state") or {}
        ended, waiting = state.get("terminated"), state.get("waiting") or {}
        if ended is not None and not ended.get("exitCode"):
            continue
        if each["name"] in sidecars and each.get("started"):
            count.ready += bool(each.get("ready"))
            continue
        if ended is not None:
            return f"Init:{_describe_end(ended)}"
        if waiting.get("reason") and waiting["reason"] != "PodInitializing":
            return f"Init:{waiting['reason']}"
        return f"Init:{index}/{number}"
    return ""


def _read_containers(status: Object, reason: str, count: _Count) -> str:
    """Return the state of a pod whose first containers ended."""
    is_running, failure = False, ""
    for each in reversed(status.get("containerStatuses") or ()):
        count.add_restarts(each)
        state = each.get("state") or {}
        ended, waiting = state.get("terminated"), state.get("waiting") or {}
        if waiting.get("reason"):
            reason = waiting["reason"]
        elif ended is not None:
            reason = _describe_end(ended)
            failure = reason if ended.get("exitCode") else failure
        elif each.get("ready") and state.get("running") is not None:
            is_running = True
            count.ready += 1
    if reason != "Completed":
        return reason
    if is_running and _has_condition(status.get("conditions") or (), "Ready"):
        return "Running"
    return failure or ("NotReady" if is_running else reason)


def _describe_end(ended: Object) -> str:
    signal = f"Signal:{ended['signal']}" if ended.get("signal") else f"ExitCode:{ended.get('exitCode', 0)}"
    return str(ended.get("reason") or signal)


def _has_condition(conditions: Sequence[Any], kind: str) -> bool:
    return any(each["type"] == kind and each["status"] == "True" for each in conditions)


def _show_ready(pod: Object) -> str:
    summary = _summarize(pod)
    return f"{summary.ready}/{summary.whole}"


def _show_restarts(pod: Object) -> str:
    count = _summarize(pod).count
    return f"{count.restarts} ({format_age(count.last)} ago)" if count.restarts and count.last else str(count.restarts)


def _show_address(pod: Object) -> str:
    addresses = (pod.get("status") or {}).get("podIPs") or ()
    return str(addresses[0].get("ip") or NONE) if addresses else NONE


def _show_gates(pod: Object) -> str:
    gates = pod["spec"].get("readinessGates") or ()
    conditions = (pod.get("status") or {}).get("conditions") or ()
    passed = sum(_has_condition(conditions, gate["conditionType"]) for gate in gates)
    return f"{passed}/{len(gates)}" if gates else NONE


POD_CELLS: dict[str, Reader] = {
    "Ready": _show_ready,
    "Status": lambda pod: _summarize(pod).reason,
    "Restarts": _show_restarts,
    "IP": _show_address,
    "Node": read_path("spec", "nodeName"),
    "Nominated Node": read_path("status", "nominatedNodeName"),
    "Readiness Gates": _show_gates,
}

_ENDS = {"Succeeded": "The pod has completed successfully.", "Failed": "The pod failed."}


def list_row_conditions(pod: Object) -> list[Object]:
    """Return the conditions of a row: a pod that ended is completed."""
    phase = (pod.get("status") or {}).get("phase", "")
    completed = {"type": "Completed", "status": "True", "reason": phase, "message": _ENDS.get(phase, "")}
    return [completed] if phase in _ENDS else []
