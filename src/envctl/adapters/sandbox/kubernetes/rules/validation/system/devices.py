"""Classes and claims of devices (pkg/apis/resource/validation)."""

from collections.abc import Mapping, Sequence
from typing import Any

from envctl.adapters.sandbox.kubernetes.rules.compilation import find_compilation_problem, find_result_type
from envctl.adapters.sandbox.kubernetes.rules.validation.causes import Causes
from envctl.adapters.sandbox.kubernetes.rules.validation.names import list_label_problems, list_subdomain_problems

Part = Mapping[str, Any]

_VARIABLES = {"device": "dyn"}
_ONE = "exactly one of `exactly` or `firstAvailable` is required"
_MODES = ("All", "ExactCount")


def check_device_class(item: Part, before: Part | None, causes: Causes) -> None:  # noqa: ARG001 (as the others)
    _check_selectors((item.get("spec") or {}).get("selectors") or (), "spec.selectors", causes)


def check_device_claim(item: Part, before: Part | None, causes: Causes) -> None:
    """Check what a claim asks for. Its spec can't change."""
    spec = item.get("spec") or {}
    if before is not None:
        causes.check_unchanged("spec", spec, before.get("spec") or {}, "@resource.ResourceClaimSpec")
        return
    _check_requests(spec, "spec", causes)


def check_claim_template(item: Part, before: Part | None, causes: Causes) -> None:
    spec = item.get("spec") or {}
    _check_requests(spec.get("spec") or {}, "spec.spec", causes)
    if before is not None:
        code = "@resource.ResourceClaimTemplateSpec"
        causes.check_unchanged("spec", spec, before.get("spec") or {}, code)


def _check_selectors(selectors: Sequence[Part], place: str, causes: Causes) -> None:
    for index, selector in enumerate(selectors):
        found, field = selector.get("cel"), f"{place}[{index}].cel"
        if found is None:
            causes.require(field)
        else:
            text = found.get("expression") or ""
            problem = find_compilation_problem(text, _VARIABLES)
            type_ = "" if problem else find_result_type(text, _VARIABLES)
            if problem or type_ not in ("", "bool", "dyn"):
                wrong = problem or f"must evaluate to bool or the unknown type, not {type_}"
                causes.refuse(f"{field}.expression", text, wrong)


def _check_requests(spec: Part, place: str, causes: Causes) -> None:
    names: list[str] = []
    for index, request in enumerate((spec.get("devices") or {}).get("requests") or ()):
        field, name = f"{place}.devices.requests[{index}]", request.get("name") or ""
        for text in list_label_problems(name):
            causes.refuse(f"{field}.name", name, text)
        if name in names:
            causes.report_duplicate(field, name)
        names.append(name)
        exact, others = request.get("exactly"), request.get("firstAvailable") or ()
        if exact is None and not others:
            causes.require(field, _ONE)
        elif exact is not None and others:
            causes.refuse(field, None, f"{_ONE}, but multiple fields are set")
        for number, each in enumerate(others if exact is None else ()):
            _check_request(each, f"{field}.firstAvailable[{number}]", causes)
        if exact is not None and not others:
            _check_request(exact, f"{field}.exactly", causes)


def _check_request(request: Part, place: str, causes: Causes) -> None:
    name, mode, count = (
        request.get("deviceClassName") or "",
        request.get("allocationMode") or "",
        request.get("count") or 0,
    )
    if not name:
        causes.require(f"{place}.deviceClassName")
    for text in list_subdomain_problems(name) if name else ():
        causes.refuse(f"{place}.deviceClassName", name, text)
    _check_selectors(request.get("selectors") or (), f"{place}.selectors", causes)
    if mode not in _MODES:
        causes.refuse_choice(f"{place}.allocationMode", mode, _MODES)
    elif mode == "All" and count:
        causes.refuse(f"{place}.count", count, "must not be specified when allocationMode is 'All'")
    elif mode == "ExactCount" and count <= 0:
        causes.refuse(f"{place}.count", count, "must be greater than zero")
