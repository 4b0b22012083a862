"""Parts that slices, claims and classes of devices share."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kube_api_emulator.server.rules.go.go_structs import format_go_json
from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.rules.validation.names import (
    list_key_problems,
    list_label_problems,
    list_subdomain_problems,
    list_value_problems,
)
from kube_api_emulator.server.rules.validation.system.nodes import check_driver_name

Part = Mapping[str, Any]

_EFFECTS = ("NoExecute", "NoSchedule", "None")
_OPERATORS = ("Equal", "Exists")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_IDENTIFIER_TEXT = (
    "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters "
    "or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')"
)
_LONGEST_IDENTIFIER, _LONGEST_POOL = 32, 253
_MOST_BYTES = 10 * 1024
_MOST_CONDITIONS = 4
_LEAST_SHOWN = 16
_ELLIPSIS = "..."
_REQUEST_TEXT = "must be the name of a request in the claim or the name of a request and a subrequest separated by '/'"
_MOST_SEGMENTS = 2

RequestNames = Mapping[str, frozenset[str]]


def check_items(
    items: Sequence[Any],
    field: str,
    causes: Causes,
    check: Callable[[Any, str], None],
    *,
    most: int,
    read_key: Callable[[Any], str] | None = None,
) -> None:
    """Check the items of a list that is not too long. With a key, no two of them may have the same one."""
    if 0 <= most < len(items):
        causes.report_count(field, len(items), most)
        return
    for index, item in enumerate(items):
        check(item, f"{field}[{index}]")
    known: set[str] = set()
    for index, item in enumerate(items if read_key else ()):
        key = read_key(item) if read_key else ""
        if key in known:
            causes.report_duplicate(f"{field}[{index}]", key)
        known.add(key)


def check_map(
    values: Mapping[str, Any],
    field: str,
    causes: Causes,
    check_key: Callable[[str, str], None],
    check: Callable[[Any, str], None],
    *,
    longest_key: int,
    most: int = -1,
) -> None:
    """Check the keys and the values of a map that is not too large."""
    if 0 <= most < len(values):
        causes.report_count(field, len(values), most)
        return
    for key, value in sorted(values.items()):
        check_key(key, field)
        check(value, f"{field}[{_shorten(key, longest_key)}]")


def _shorten(text: str, most: int) -> str:
    most = max(most, _LEAST_SHOWN)
    if len(text) <= most:
        return text
    kept = most - len(_ELLIPSIS)
    return text[: (kept + 1) // 2] + _ELLIPSIS + text[len(text) - kept // 2 :]


def check_label(name: str, field: str, causes: Causes) -> None:
    for text in list_label_problems(name):
        causes.refuse(field, name, text)


def check_pool_name(name: str, field: str, causes: Causes) -> None:
    if not name:
        causes.require(field)
        return
    if len(name) > _LONGEST_POOL:
        causes.report_length(field, _LONGEST_POOL)
    for part in name.split("/"):
        for text in list_subdomain_problems(part):
            causes.refuse(field, part, text)


def check_qualified_name(name: str, field: str, causes: Causes) -> None:
    """Check an identifier that may have a domain. One with more slashes is not checked."""
    domain, slash, identifier = name.partition("/")
    if not slash:
        _check_identifier(name, field, causes)
    elif "/" not in identifier:
        if not domain:
            causes.refuse(field, "", "the domain must not be empty")
        else:
            check_driver_name(domain, field, causes)
        if not identifier:
            causes.refuse(field, "", "the name must not be empty")
        else:
            _check_identifier(identifier, field, causes)


def check_full_name(name: str, field: str, causes: Causes) -> None:
    """Check an identifier with a domain."""
    check_qualified_name(name, field, causes)
    if "/" not in name:
        causes.refuse(field, name, "a fully qualified name must be a domain and a name separated by a slash")


def _check_identifier(name: str, field: str, causes: Causes) -> None:
    if len(name) > _LONGEST_IDENTIFIER:
        causes.report_length(field, _LONGEST_IDENTIFIER)
    if not _IDENTIFIER.fullmatch(name):
        causes.refuse(field, name, _IDENTIFIER_TEXT)


def check_taint(taint: Part, field: str, causes: Causes) -> None:
    key, value, effect = (taint.get(name) or "" for name in ("key", "value", "effect"))
    for text in list_key_problems(key):
        causes.refuse(f"{field}.key", key, text)
    for text in list_value_problems(value):
        causes.refuse(f"{field}.value", value, text)
    if not effect:
        causes.require(f"{field}.effect")
    else:
        causes.check_choice(f"{field}.effect", effect, _EFFECTS)


def check_toleration(toleration: Part, field: str, causes: Causes) -> None:
    key, operator, value, effect = (toleration.get(name) or "" for name in ("key", "operator", "value", "effect"))
    for text in list_key_problems(key) if key else ():
        causes.refuse(f"{field}.key", key, text)
    if operator == "Exists" and value:
        causes.refuse(f"{field}.value", value, "must be empty for operator `Exists`")
    elif operator == "Equal":
        for text in list_value_problems(value):
            causes.refuse(f"{field}.value", value, text)
    elif not operator:
        causes.require(f"{field}.operator")
    else:
        causes.check_choice(f"{field}.operator", operator, _OPERATORS)
    causes.check_choice(f"{field}.effect", effect or None, _EFFECTS)


def check_configuration(config: Part, field: str, causes: Causes) -> None:
    """Check the parameters for a driver."""
    opaque = config.get("opaque")
    if opaque is None:
        causes.require(f"{field}.opaque")
        return
    check_driver_name(opaque.get("driver") or "", f"{field}.opaque.driver", causes)
    check_raw_object(opaque.get("parameters"), f"{field}.opaque.parameters", causes)


def check_raw_object(value: object, field: str, causes: Causes) -> None:
    """Check a part whose content only a driver knows."""
    if value is None:
        causes.require(field)
    elif len(format_go_json(value).encode()) > _MOST_BYTES:
        causes.report_length(field, _MOST_BYTES)
    elif not isinstance(value, Mapping):
        causes.refuse(field, "<value omitted>", "must be a valid JSON object")


def check_binding(part: Part, field: str, causes: Causes) -> None:
    """Check the conditions for which a binding waits, and those that end it."""
    wanted, failed = part.get("bindingConditions"), part.get("bindingFailureConditions")
    groups = (("bindingConditions", wanted or ()), ("bindingFailureConditions", failed or ()))

    def check(condition: str, place: str) -> None:
        for text in list_key_problems(condition):
            causes.refuse(place, condition, text)

    for name, conditions in groups:
        check_items(conditions, f"{field}.{name}", causes, check, most=_MOST_CONDITIONS)
    for name, conditions in groups:
        for index, condition in enumerate(conditions):
            place = f"{field}.{name}[{index}]"
            if condition in conditions[:index]:
                causes.report_duplicate(place, condition)
            if name == "bindingFailureConditions" and condition in (wanted or ()):
                causes.refuse(place, condition, "bindingFailureConditions must not overlap with bindingConditions")
    if failed and not wanted:
        text = "bindingConditions are required to use bindingFailureConditions"
        causes.refuse(f"{field}.bindingConditions", wanted, text)
    if wanted and not failed:
        text = "bindingFailureConditions are required to use bindingConditions"
        causes.refuse(f"{field}.bindingFailureConditions", failed, text)


def list_request_names(devices: Part) -> RequestNames:
    """Return the names of the requests of a claim, each with those of its subrequests."""
    return {
        request.get("name") or "": frozenset(each.get("name") or "" for each in request.get("firstAvailable") or ())
        for request in devices.get("requests") or ()
    }


def check_request_name(name: str, field: str, known: RequestNames, causes: Causes) -> None:
    """Check a name of a request in the same claim, or of a request and one of its subrequests."""
    request, *others = segments = name.split("/")
    if len(segments) > _MOST_SEGMENTS:
        causes.refuse(field, name, _REQUEST_TEXT)
        return
    for segment in segments:
        check_label(segment, field, causes)
    if request not in known or not known[request].issuperset(others):
        causes.refuse(field, name, _REQUEST_TEXT)
