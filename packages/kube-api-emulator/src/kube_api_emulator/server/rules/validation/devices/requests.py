"""Requests for devices, in claims and in templates of claims."""

from collections.abc import Sequence

from kube_api_emulator.server.rules.cel.compilation import find_compilation_problem, find_result_type
from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.devices.parts import (
    Part,
    RequestNames,
    check_configuration,
    check_full_name,
    check_items,
    check_label,
    check_request_name,
    check_toleration,
    list_request_names,
)
from kube_api_emulator.server.rules.validation.names import list_key_problems, list_subdomain_problems

_VARIABLES = {"device": "dyn"}
_ONE = "exactly one of `exactly` or `firstAvailable` is required"
_MODES = ("All", "ExactCount")
_MOST_ITEMS, _MOST_CHOICES = 32, 8
_LONGEST_EXPRESSION = 10 * 1024


def _read_name(part: Part) -> str:
    return part.get("name") or ""


def check_claim(spec: Part, field: str, causes: Causes) -> None:
    """Check what a claim asks for, and what is to hold for the devices it gets."""
    devices, field = spec.get("devices") or {}, f"{field}.devices"
    known = list_request_names(devices)
    check_items(
        devices.get("requests") or (),
        f"{field}.requests",
        causes,
        lambda request, place: _check_request(request, place, causes),
        most=_MOST_ITEMS,
        read_key=_read_name,
    )
    check_items(
        devices.get("constraints") or (),
        f"{field}.constraints",
        causes,
        lambda constraint, place: _check_constraint(constraint, place, known, causes),
        most=_MOST_ITEMS,
    )

    def check_config(config: Part, place: str) -> None:
        _check_names(config, place, known, causes)
        check_configuration(config, place, causes)

    check_items(devices.get("config") or (), f"{field}.config", causes, check_config, most=_MOST_ITEMS)


def _check_request(request: Part, field: str, causes: Causes) -> None:
    check_label(_read_name(request), f"{field}.name", causes)
    exact, others = request.get("exactly"), request.get("firstAvailable") or ()
    if exact is None and not others:
        causes.require(field, _ONE)
    elif exact is not None and others:
        causes.refuse(field, None, f"{_ONE}, but multiple fields are set")
    elif exact is not None:
        _check_wanted(exact, f"{field}.exactly", causes)
    else:

        def check(choice: Part, place: str) -> None:
            check_label(_read_name(choice), f"{place}.name", causes)
            _check_wanted(choice, place, causes)

        check_items(others, f"{field}.firstAvailable", causes, check, most=_MOST_CHOICES, read_key=_read_name)


def _check_wanted(request: Part, place: str, causes: Causes) -> None:
    name, mode = request.get("deviceClassName") or "", request.get("allocationMode") or ""
    count = request.get("count") or 0
    if not name:
        causes.require(f"{place}.deviceClassName")
    for text in list_subdomain_problems(name) if name else ():
        causes.refuse(f"{place}.deviceClassName", name, text)
    check_selectors(request.get("selectors") or (), f"{place}.selectors", causes)
    if mode not in _MODES:
        causes.refuse_choice(f"{place}.allocationMode", mode, _MODES)
    elif mode == "All" and count:
        causes.refuse(f"{place}.count", count, "must not be specified when allocationMode is 'All'")
    elif mode == "ExactCount" and count <= 0:
        causes.refuse(f"{place}.count", count, "must be greater than zero")
    for index, toleration in enumerate(request.get("tolerations") or ()):
        check_toleration(toleration, f"{place}.tolerations[{index}]", causes)


def check_selectors(selectors: Sequence[Part], place: str, causes: Causes) -> None:
    """Check the expressions by which devices are chosen."""

    def check(selector: Part, field: str) -> None:
        if selector.get("cel") is None:
            causes.require(f"{field}.cel")
        else:
            _check_expression(selector["cel"].get("expression") or "", f"{field}.cel.expression", causes)

    check_items(selectors, place, causes, check, most=_MOST_ITEMS)


def _check_expression(text: str, field: str, causes: Causes) -> None:
    if len(text.encode()) > _LONGEST_EXPRESSION:
        causes.report_length(field, _LONGEST_EXPRESSION)
        return
    problem = find_compilation_problem(text, _VARIABLES)
    type_ = "" if problem else find_result_type(text, _VARIABLES)
    if problem or type_ not in ("", "bool", "dyn"):
        wrong = problem or f"must evaluate to bool or the unknown type, not {type_}"
        causes.refuse(field, text, wrong)


def _check_names(part: Part, field: str, known: RequestNames, causes: Causes) -> None:
    check_items(
        part.get("requests") or (),
        f"{field}.requests",
        causes,
        lambda name, place: check_request_name(name, place, known, causes),
        most=_MOST_ITEMS,
        read_key=str,
    )


def _check_constraint(constraint: Part, field: str, known: RequestNames, causes: Causes) -> None:
    _check_names(constraint, field, known, causes)
    matched, distinct = constraint.get("matchAttribute"), constraint.get("distinctAttribute")
    if matched is not None:
        check_full_name(matched, f"{field}.matchAttribute", causes)
    elif distinct is not None:
        check_full_name(distinct, f"{field}.distinctAttribute", causes)
    else:
        # The server says that fields are set, too, although none is.
        text = 'exactly one of "matchAttribute" or "distinctAttribute" is required, but multiple fields are set'
        causes.require(field, text)


def check_class(spec: Part, causes: Causes) -> None:
    """Check the spec of a class of devices."""
    check_selectors(spec.get("selectors") or (), "spec.selectors", causes)
    check_items(
        spec.get("config") or (),
        "spec.config",
        causes,
        lambda config, place: check_configuration(config, place, causes),
        most=_MOST_ITEMS,
    )
    name = spec.get("extendedResourceName")
    if name is not None and not _is_extended_resource(name):
        causes.refuse("spec.extendedResourceName", name, "must be a valid extended resource name")


def _is_extended_resource(name: str) -> bool:
    is_native = "/" not in name or "kubernetes.io/" in name
    return not is_native and not name.startswith("requests.") and not list_key_problems(f"requests.{name}")
