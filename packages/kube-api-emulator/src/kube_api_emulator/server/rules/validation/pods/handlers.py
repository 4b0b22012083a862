"""Probes of containers, and handlers of their lifecycle.

Source: k8s.io/kubernetes v1.36.2, pkg/apis/core/validation/validation.go (validateProbe, validateLifecycle,
validateHandler, validateHTTPGetAction, validateSleepAction).
"""

import re
from collections.abc import Mapping
from typing import Any

from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.names import list_port_name_problems

Part = Mapping[str, Any]

_HEADER = re.compile(r"[-A-Za-z0-9]+")
_HEADER_TEXT = (
    "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for "
    "validation is '[-A-Za-z0-9]+')"
)
_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc", "sleep")
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")
_NUMBERS = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")
_NOT_INIT = "may not be set for init containers without restartPolicy=Always"


def check_handlers(container: Part, spec: Part, place: str, causes: Causes) -> None:
    """Check probes and lifecycle of a container of a pod."""
    if container.get("lifecycle") is not None:
        _check_lifecycle(container["lifecycle"], spec, f"{place}.lifecycle", causes)
    for name in _PROBES:
        probe = container.get(name)
        if probe is not None:
            _check_probe(probe, spec, f"{place}.{name}", causes)
            threshold, grace = probe.get("successThreshold"), probe.get("terminationGracePeriodSeconds")
            if name != "readinessProbe" and threshold != 1:
                causes.refuse(f"{place}.{name}.successThreshold", threshold, "must be 1")
            if name == "readinessProbe" and grace is not None:
                text = "must not be set for readinessProbes"
                causes.refuse(f"{place}.{name}.terminationGracePeriodSeconds", grace, text)


def forbid_handlers(container: Part, place: str, causes: Causes) -> None:
    """Check that a container which ends before the others has neither probes nor lifecycle."""
    for name in ("lifecycle", *_PROBES):
        if container.get(name) is not None:
            causes.forbid(f"{place}.{name}", _NOT_INIT)


def _check_lifecycle(lifecycle: Part, spec: Part, place: str, causes: Causes) -> None:
    for name in ("postStart", "preStop"):
        if lifecycle.get(name) is not None:
            _check_handler(lifecycle[name], spec, f"{place}.{name}", causes)


def _check_probe(probe: Part, spec: Part, place: str, causes: Causes) -> None:
    _check_handler(probe, spec, place, causes)
    for name in _NUMBERS:
        causes.check_not_negative(f"{place}.{name}", probe.get(name))
    grace = probe.get("terminationGracePeriodSeconds")
    if grace is not None and grace <= 0:
        causes.refuse(f"{place}.terminationGracePeriodSeconds", grace, "must be greater than 0")


def _check_handler(handler: Part, spec: Part, place: str, causes: Causes) -> None:
    kinds = [kind for kind in _HANDLERS if handler.get(kind) is not None]
    for index, kind in enumerate(kinds):
        if index:
            causes.forbid(f"{place}.{kind}", "may not specify more than 1 handler type")
        else:
            _check_action(kind, handler[kind], spec, f"{place}.{kind}", causes)
    if not kinds:
        causes.require(place, "must specify a handler type")


def _check_action(kind: str, action: Part, spec: Part, place: str, causes: Causes) -> None:
    match kind:
        case "exec":
            if not action.get("command"):
                causes.require(f"{place}.command")
        case "httpGet":
            if not action.get("path"):
                causes.require(f"{place}.path")
            check_port_or_name(action.get("port"), f"{place}.port", causes)
            causes.check_choice(f"{place}.scheme", action.get("scheme"), ("HTTP", "HTTPS"))
            for header in action.get("httpHeaders") or ():
                if not _HEADER.fullmatch(header.get("name") or ""):
                    causes.refuse(f"{place}.httpHeaders", header.get("name") or "", _HEADER_TEXT)
        case "sleep":
            seconds, grace = action.get("seconds") or 0, spec.get("terminationGracePeriodSeconds")
            if grace is not None and not 0 <= seconds <= grace:
                text = f"must be non-negative and less than terminationGracePeriodSeconds ({grace})"
                causes.refuse(place, seconds, text)
        case _:
            check_port_or_name(action.get("port"), f"{place}.port", causes)


def check_port_or_name(port: object, field: str, causes: Causes) -> None:
    """Check a number or a name of a port; nothing counts as 0."""
    if isinstance(port, str):
        for text in list_port_name_problems(port):
            causes.refuse(field, port, text)
    else:
        causes.check_port(field, port if port is not None else 0)
