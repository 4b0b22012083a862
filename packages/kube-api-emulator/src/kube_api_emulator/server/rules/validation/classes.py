"""Classes of Ingresses, runtimes and volumes, drivers, and other small kinds.

Source: k8s.io/kubernetes v1.36.2, pkg/apis/networking/validation/validation.go (ValidateIngressClass),
pkg/apis/node/validation/validation.go (ValidateRuntimeClass).
"""

import re
from collections.abc import Mapping
from typing import Any

from kube_api_emulator.server.rules.go.go_structs import show_go
from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.names import (
    check_labels,
    list_label_problems,
    list_subdomain_problems,
)
from kube_api_emulator.server.rules.validation.pods.resources import check_resources
from kube_api_emulator.server.rules.validation.pods.scheduling import check_tolerations
from kube_api_emulator.server.rules.validation.system.nodes import check_driver_name

Part = Mapping[str, Any]

_PATH = re.compile(r"([A-Za-z0-9/\-._~%!$&'()*+,;=:]+)")
_PATH_TEXT = (
    "a valid path must consist of one or more path segments (e.g. 'path', '/path', '/path/foo', or '/'), regex used "
    "for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')"
)
_MOST_CONTROLLER = 250
_LEAST_PERIOD = 10
_TEN_MINUTES = 600


def check_domain_path(text: str, field: str, causes: Causes) -> None:
    """Check a path with a domain in front, as in `acme.io/foo`."""
    domain, slash, path = text.partition("/")
    if not text:
        causes.require(field)
    elif not slash or not path:
        causes.refuse(field, text, 'must be a domain-prefixed path (such as "acme.io/foo")')
    else:
        for problem in list_subdomain_problems(domain):
            causes.refuse(field, domain, problem)
        if not _PATH.fullmatch(path):
            causes.refuse(field, path, _PATH_TEXT)


def check_ingress_class(item: Part, before: Part | None, causes: Causes) -> None:
    spec = item.get("spec") or {}
    controller, parameters = spec.get("controller") or "", spec.get("parameters")
    if before is not None:
        causes.check_unchanged("spec.controller", controller, (before.get("spec") or {}).get("controller") or "")
    if len(controller) > _MOST_CONTROLLER:
        causes.report_length("spec.controller", _MOST_CONTROLLER)
    check_domain_path(controller, "spec.controller", causes)
    if parameters is not None:
        _check_parameters(parameters, "spec.parameters", causes)


def _check_parameters(parameters: Part, field: str, causes: Causes) -> None:
    group, scope, namespace = (parameters.get(name) for name in ("apiGroup", "scope", "namespace"))
    for text in list_subdomain_problems(group) if group is not None else ():
        causes.refuse(f"{field}.apiGroup", group, text)
    for name in ("kind", "name"):
        value = parameters.get(name) or ""
        if not value:
            causes.require(f"{field}.{name}")
        for letter in "/%":
            if letter in value:
                causes.refuse(f"{field}.{name}", value, f"may not contain '{letter}'")
    _check_scope(scope, namespace, field, causes)


def _check_scope(scope: str | None, namespace: str | None, field: str, causes: Causes) -> None:
    if scope not in ("Cluster", "Namespace"):
        causes.refuse_choice(f"{field}.scope", scope, ("Cluster", "Namespace"))
    elif scope == "Namespace" and namespace is None:
        causes.require(f"{field}.namespace", "`parameters.scope` is set to 'Namespace'")
    elif scope == "Namespace":
        for text in list_label_problems(str(namespace)):
            causes.refuse(f"{field}.namespace", namespace, text)
    elif namespace is not None:
        causes.forbid(f"{field}.namespace", "`parameters.scope` is set to 'Cluster'")


def check_runtime_class(item: Part, before: Part | None, causes: Causes) -> None:
    handler, scheduling = item.get("handler") or "", item.get("scheduling") or {}
    if not handler:
        causes.require("handler")
    for text in list_label_problems(handler) if handler else ():
        causes.refuse("handler", handler, text)
    check_resources({"limits": (item.get("overhead") or {}).get("podFixed")}, "overhead", causes)
    check_labels(scheduling.get("nodeSelector"), "scheduling.nodeSelector", causes)
    tolerations = scheduling.get("tolerations") or ()
    check_tolerations(tolerations, "scheduling.tolerations", causes)
    for index, toleration in enumerate(tolerations):
        if toleration in tolerations[:index]:
            causes.report_duplicate(f"scheduling.tolerations[{index}]", show_go("@core.Toleration", toleration))
    if before is not None:
        causes.check_unchanged("handler", handler, before.get("handler"))


def check_driver(item: Part, before: Part | None, causes: Causes) -> None:
    spec = item.get("spec") or {}
    if item["metadata"].get("name"):
        check_driver_name(item["metadata"]["name"], "metadata.name", causes)
    policies = ("File", "None", "ReadWriteOnceWithFSType")
    causes.check_choice("spec.fsGroupPolicy", spec.get("fsGroupPolicy"), policies)
    audiences: list[str] = []
    for index, request in enumerate(spec.get("tokenRequests") or ()):
        place, audience, seconds = f"spec.tokenRequests[{index}]", request["audience"], request.get("expirationSeconds")
        if audience in audiences:
            causes.report_duplicate(f"{place}.audience", audience)
            continue
        audiences.append(audience)
        if seconds is not None and seconds < _TEN_MINUTES:
            text = "may not specify a duration less than 10 minutes"
            causes.refuse(f"{place}.expirationSeconds", seconds, text)
        if seconds is not None and seconds > 1 << 32:
            text = "may not specify a duration larger than 2^32 seconds"
            causes.refuse(f"{place}.expirationSeconds", seconds, text)
    for mode in spec.get("volumeLifecycleModes") or ():
        causes.check_choice("spec.volumeLifecycleModes", mode, ("Persistent", "Ephemeral"))
    period = spec.get("nodeAllocatableUpdatePeriodSeconds")
    if period is not None and period < _LEAST_PERIOD:
        field = "spec.nodeAllocatableUpdatePeriodSeconds"
        causes.refuse(field, period, f"must be greater than or equal to {_LEAST_PERIOD} seconds")
    if before is not None:
        old = before.get("spec") or {}
        for name in ("attachRequired", "volumeLifecycleModes"):
            # The server misspells the first field.
            shown = "attachedRequired" if name == "attachRequired" else name
            causes.check_unchanged(f"spec.{shown}", spec.get(name), old.get(name))


def check_lease(item: Part, before: Part | None, causes: Causes) -> None:  # noqa: ARG001
    spec = item.get("spec") or {}
    seconds = spec.get("leaseDurationSeconds")
    if seconds is not None and seconds <= 0:
        causes.refuse("spec.leaseDurationSeconds", seconds, "must be greater than 0")
    causes.check_not_negative("spec.leaseTransitions", spec.get("leaseTransitions"))
    if spec.get("preferredHolder") and not spec.get("strategy"):
        causes.forbid("spec.preferredHolder", "may only be specified if `strategy` is defined")


def check_controller_revision(item: Part, before: Part | None, causes: Causes) -> None:
    if item.get("data") is None:
        causes.require("data", "data is mandatory")
    elif before is None and not isinstance(item["data"], Mapping):
        causes.require("data", "data must be a valid JSON object")
    causes.check_not_negative("revision", item.get("revision"))
    if before is not None:
        causes.check_unchanged("data", item.get("data"), before.get("data"))
