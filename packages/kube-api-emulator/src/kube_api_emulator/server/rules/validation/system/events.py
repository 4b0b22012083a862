"""Events of both of their versions.

Source: k8s.io/kubernetes v1.36.2, pkg/apis/core/validation/events.go (ValidateEventCreate, ValidateEventUpdate,
legacyValidateEvent, validateV1EventSeries).
"""

from collections.abc import Mapping
from typing import Any

from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.names import list_key_problems

Part = Mapping[str, Any]

_LONGEST = {"reportingInstance": 128, "action": 128, "reason": 128, "message": 1024}
_WRONG_NAMESPACE = "does not match event.namespace"
_LEAST_COUNT = 2
_CODES = {
    "count": "n",
    "eventTime": "T",
    "firstTimestamp": "T",
    "involvedObject": "@core.ObjectReference",
    "lastTimestamp": "T",
    "related": "*@core.ObjectReference",
    "source": "@core.EventSource",
}
_UNSET = ("firstTimestamp", "lastTimestamp", "count", "source")
_FIXED = (
    *("involvedObject", "reason", "message", "source", "firstTimestamp", "lastTimestamp", "count", "reason", "type"),
    *("eventTime", "action", "related", "reportingController", "reportingInstance"),
)


def check_event(item: Part, before: Part | None, causes: Causes) -> None:
    """Check an event of v1."""
    _check_content(item, "reportingComponent", causes)
    del before


def check_new_event(item: Part, before: Part | None, causes: Causes) -> None:
    """Check an event of events.k8s.io/v1."""
    _check_content(item, "reportingController", causes)
    if before is not None:
        if item.get("series") != before.get("series"):
            _check_series(item, causes)
        for name in _FIXED:
            stored = "reportingComponent" if name == "reportingController" else name
            if _read(item, stored) != _read(before, stored):
                causes.refuse(name, item.get(stored), "field is immutable", _CODES.get(name, "s"))
        return
    _check_series(item, causes)
    if not item.get("eventTime"):
        causes.require("eventTime")
    kind = item.get("type") or ""
    if kind not in ("Normal", "Warning"):
        causes.refuse("type", "", f"has invalid value: {kind}")
    for name in _UNSET:
        if _read(item, name):
            causes.refuse(name, "", "needs to be unset")


def _read(item: Part, name: str) -> object:
    """Return a value of an event; one without content counts as none."""
    return item.get(name) or None


def _check_series(item: Part, causes: Causes) -> None:
    series = item.get("series")
    if series is None:
        return
    if (series.get("count") or 0) < _LEAST_COUNT:
        causes.refuse("series.count", "", "should be at least 2")
    if not series.get("lastObservedTime"):
        causes.require("series.lastObservedTime")


def _check_content(item: Part, controller: str, causes: Causes) -> None:
    namespace = item["metadata"].get("namespace") or ""
    involved = (item.get("involvedObject") or {}).get("namespace") or ""
    field = "involvedObject.namespace"
    if not item.get("eventTime"):
        if (involved and namespace != involved) or (not involved and namespace not in ("", "default")):
            causes.refuse(field, involved, _WRONG_NAMESPACE)
        return
    if not involved and namespace not in ("default", "kube-system"):
        causes.refuse(field, involved, _WRONG_NAMESPACE)
    name = item.get("reportingComponent") or ""
    if not name:
        causes.require(controller)
    for text in list_key_problems(name):
        causes.refuse(controller, name, text)
    for part, most in _LONGEST.items():
        value = item.get(part) or ""
        if not value and part != "message":
            causes.require(part)
        if len(value.encode()) > most:
            causes.refuse(part, "", f"can have at most {most} characters")
