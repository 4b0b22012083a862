"""Checks of the options of requests, as kube-apiserver makes them before it looks at an object."""

import re
from collections.abc import Mapping
from typing import Any

from kube_api_emulator.server.api.selection.selectors import check_selectors
from kube_api_emulator.server.rules.content_errors import ContentError, refuse_fields
from kube_api_emulator.server.rules.go.json_types import name_type
from kube_api_emulator.server.rules.validation.causes import Causes
from kube_api_emulator.server.status_errors import bad_request

_META = "meta.k8s.io"
_MOST_MANAGER = 128
_VALIDATIONS = ("", "Ignore", "Strict", "Warn")
_POLICIES = ("Foreground", "Background", "Orphan")
_VERSION = re.compile(r"v[1-3]((alpha|beta)[0-9])?")
_META_SCHEME = "k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27"
# The Go type of each option, and the Python type of its values.
_DELETE_TYPES: Mapping[str, tuple[type, str]] = {
    "gracePeriodSeconds": (int, "int64"),
    "preconditions": (dict, "v1.Preconditions"),
    "orphanDependents": (bool, "bool"),
    "propagationPolicy": (str, "v1.DeletionPropagation"),
    "dryRun": (list, "[]string"),
}
_FALSE = frozenset({"0", "false"})
_DURATION = re.compile(r"[+-]?(0|([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h))+")
_NUMBER, _MOST_INT = re.compile(r"[+-]?[0-9]+"), 2**63


def is_on(query: Mapping[str, str], name: str) -> bool:
    """Return whether a query sets an option, also without a value, as in `?watch`."""
    return name in query and query[name].lower() not in _FALSE


def check_timeout(query: Mapping[str, str]) -> None:
    """Check the deadline of a request. Raises StatusError 400."""
    text = query.get("timeout", "")
    if text and not _DURATION.fullmatch(text):
        is_number = re.fullmatch(r"[+-]?[0-9]+(\.[0-9]*)?", text)
        problem = f'missing unit in duration "{text}"' if is_number else f'invalid duration "{text}"'
        raise bad_request(f"invalid timeout specified in the request URL - time: {problem}")


def check_write_options(method: str, query: Mapping[str, str], *, is_apply: bool = False) -> None:
    """Check the options of a create, an update or a patch. Raises ContentError 422."""
    causes, manager = Causes(), query.get("fieldManager", "")
    if is_apply and not manager:
        causes.require("fieldManager", "is required for apply patch")
    if method == "PATCH" and not is_apply and "force" in query:
        causes.forbid("force", "may not be specified for non-apply patch")
    if len(manager.encode()) > _MOST_MANAGER:
        causes.report_length("fieldManager", _MOST_MANAGER)
    for place, letter in enumerate(manager):
        if not letter.isprintable():
            causes.refuse("fieldManager", manager, f"invalid character U+{ord(letter):04X} (at position {place})")
    _check_dry_run([query["dryRun"]] if query.get("dryRun") else [], causes)
    validation = query.get("fieldValidation", "")
    if validation not in _VALIDATIONS:
        causes.refuse_choice("fieldValidation", validation, _VALIDATIONS)
    kind = {"POST": "CreateOptions", "PUT": "UpdateOptions"}.get(method, "PatchOptions")
    _raise_causes(kind, causes)


def read_delete_options(query: Mapping[str, str], body: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the options of a delete: those of its body, or without one those of the query.

    Raises ContentError 422, StatusError 400.
    """
    options: dict[str, Any] = dict(body) if body is not None else _read_delete_query(query)
    _check_delete_kind(options)
    _check_delete_types(options)
    causes, policy = Causes(), options.get("propagationPolicy")
    if policy is not None and options.get("orphanDependents") is not None:
        text = "orphanDependents and deletionPropagation cannot be both set"
        causes.refuse("propagationPolicy", policy, text)
    if policy is not None and policy not in _POLICIES:
        causes.refuse_choice("propagationPolicy", policy, (*_POLICIES, "nil"))
    _check_dry_run(options.get("dryRun") or [], causes)
    _raise_causes("DeleteOptions", causes)
    if options.get("orphanDependents") is not None:
        options["propagationPolicy"] = "Orphan" if options["orphanDependents"] else "Background"
    return options


def _read_delete_query(query: Mapping[str, str]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if "propagationPolicy" in query:
        options["propagationPolicy"] = query["propagationPolicy"]
    if query.get("dryRun"):
        options["dryRun"] = [query["dryRun"]]
    if "orphanDependents" in query:
        options["orphanDependents"] = is_on(query, "orphanDependents")
    if "gracePeriodSeconds" in query:
        options["gracePeriodSeconds"] = read_int(query["gracePeriodSeconds"])
    if preconditions := {name: query[name] for name in ("uid", "resourceVersion") if query.get(name)}:
        options["preconditions"] = preconditions
    return options


def read_int(text: str) -> int:
    """Return a number. Raises StatusError 400 in the words of Go."""
    if not _NUMBER.fullmatch(text):
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    if not -_MOST_INT <= int(text) < _MOST_INT:
        raise bad_request(f'strconv.ParseInt: parsing "{text}": value out of range')
    return int(text)


def read_version(text: str) -> int | None:
    """Return a version of objects; None without one. Raises StatusError 400."""
    if problem := find_version_problem(text):
        raise bad_request(f"invalid resource version: {problem}")
    return int(text) if text else None


def find_version_problem(text: str) -> str:
    """Return why a version of objects cannot be read; empty if it can."""
    if not text or (text.isascii() and text.isdigit() and int(text) < 2 * _MOST_INT):
        return ""
    why = "value out of range" if text.isascii() and text.isdigit() else "invalid syntax"
    return f'resourceVersion: Invalid value: "{text}": strconv.ParseUint: parsing "{text}": {why}'


def _check_delete_kind(options: Mapping[str, Any]) -> None:
    """Check that a body is one of DeleteOptions, which each group knows. Raises StatusError 400."""
    kind, version = options.get("kind") or "DeleteOptions", options.get("apiVersion") or "meta.k8s.io/v1"
    if kind != "DeleteOptions" or not _VERSION.fullmatch(version.rpartition("/")[2]):
        raise bad_request(f'no kind "{kind}" is registered for version "{version}" in scheme "{_META_SCHEME}"')


def _check_delete_types(options: Mapping[str, Any]) -> None:
    for name, (type_, shown) in _DELETE_TYPES.items():
        value = options.get(name)
        if value is not None and (not isinstance(value, type_) or (type_ is int and isinstance(value, bool))):
            text = (
                f"json: cannot unmarshal {name_type(value)} into Go struct field DeleteOptions.{name} of type {shown}"
            )
            raise bad_request(text)


def check_list_options(query: Mapping[str, str], *, is_watch: bool) -> None:
    """Check the options of a list or a watch. Raises StatusError 400, ContentError 422."""
    for name in ("limit", "timeoutSeconds"):
        read_int(query.get(name, "0"))
    check_selectors(query.get("labelSelector", ""), query.get("fieldSelector", ""))
    causes, match = Causes(), query.get("resourceVersionMatch", "")
    if is_watch:
        _check_watch(query, match, causes)
    else:
        _check_list(query, match, causes)
    _raise_causes("ListOptions", causes)


def _check_list(query: Mapping[str, str], match: str, causes: Causes) -> None:
    field = "resourceVersionMatch"
    if match:
        if not query.get("resourceVersion"):
            causes.forbid(field, f"{field} is forbidden unless resourceVersion is provided")
        if query.get("continue"):
            causes.forbid(field, f"{field} is forbidden when continue is provided")
        if match not in ("Exact", "NotOlderThan"):
            causes.refuse_choice(field, match, ("Exact", "NotOlderThan", ""))
        if match == "Exact" and query.get("resourceVersion") == "0":
            causes.forbid(field, f'{field} "exact" is forbidden for resourceVersion "0"')
    if "sendInitialEvents" in query:
        causes.forbid("sendInitialEvents", "sendInitialEvents is forbidden for list")


def _check_watch(query: Mapping[str, str], match: str, causes: Causes) -> None:
    field, wanted = "resourceVersionMatch", "NotOlderThan"
    if "sendInitialEvents" in query and match != wanted:
        causes.forbid(field, f"sendInitialEvents requires setting {field} to {wanted}")
    if match:
        if "sendInitialEvents" not in query:
            causes.forbid(field, f"{field} is forbidden for watch unless sendInitialEvents is provided")
        if match != wanted:
            causes.refuse_choice(field, match, (wanted,))
    if query.get("continue"):
        causes.forbid(field, f"{field} is forbidden when continue is provided")


def _check_dry_run(values: list[Any], causes: Causes) -> None:
    if any(value != "All" for value in values):
        causes.refuse_choice("dryRun", values, ("All",))


def _raise_causes(kind: str, causes: Causes) -> None:
    if causes:
        raise _drop_name(refuse_fields(_META, kind, "", causes))


def _drop_name(error: ContentError) -> ContentError:
    error.details = {name: value for name, value in (error.details or {}).items() if value}
    return error
