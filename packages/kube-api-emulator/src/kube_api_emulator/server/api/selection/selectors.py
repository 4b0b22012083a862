"""Selectors of lists and watches: by labels, and by fields."""

import re
from collections.abc import Callable

from kube_api_emulator.server.api.selection.label_terms import LabelTerm, parse_label_terms
from kube_api_emulator.server.resources import Object, Resource
from kube_api_emulator.server.status_errors import bad_request

Selector = Callable[[Object], bool]

_FIELD_TERM = re.compile(r"(?P<path>.*?)(?P<operator>==|=|!=)(?P<value>.*)", re.DOTALL)
_FIELD_TERMS = re.compile(r"(?<!\\),")
_ESCAPED = re.compile(r"\\([\\,=])")
_ALIASES = {"spec.host": "spec.nodeName"}
# Each kind can be selected by name and namespace; a few have more fields.
_FIELDS_OF_KIND = {
    "Pod": {
        *("spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName"),
        *("spec.hostNetwork", "status.phase", "status.podIP", "status.podIPs", "status.nominatedNodeName"),
    },
    "Event": {
        *("involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid"),
        *(
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ),
    },
    "Secret": {"type"},
    "Namespace": {"status.phase"},
    "Node": {"spec.unschedulable"},
    "Job": {"status.successful"},
    "ReplicationController": {"status.replicas"},
    "Service": {"spec.clusterIP", "spec.type"},
}


# What the server compares with, if an object does not have the field.
_DEFAULTS = {
    "spec.hostNetwork": "false",
    "spec.unschedulable": "false",
    "status.successful": "0",
    "status.replicas": "0",
}

# The fields of events in their own group.
_EVENT_FIELDS = {
    *("regarding.kind", "regarding.namespace", "regarding.name", "regarding.uid", "regarding.apiVersion"),
    *("regarding.resourceVersion", "regarding.fieldPath", "reason", "reportingController", "type"),
}


def parse_selectors(resource: Resource, labels: str, fields: str) -> Selector:
    """Return a selector for both parameters of a request. Raises StatusError for one that cannot be read."""
    terms = [*_parse_labels(labels), *_parse_fields(resource, fields)]
    return lambda item: all(term(item) for term in terms)


def check_selectors(labels: str, fields: str) -> None:
    """Check the syntax of both parameters, before any other option of a list. Raises StatusError 400."""
    _parse_labels(labels)
    for match in _split_fields(fields):
        if match["path"] or match["value"]:
            _unescape(match["value"])


def _parse_labels(text: str) -> list[Selector]:
    try:
        return [_select_label(term) for term in parse_label_terms(text)]
    except ValueError as error:
        raise bad_request(str(error)) from None


def _select_label(term: LabelTerm) -> Selector:
    key, values = term.key, term.values
    match term.operator:
        case "exists" | "!":
            return lambda item: (key in _labels(item)) == (term.operator == "exists")
        case ">" | "<":
            return lambda item: _is_beyond(_labels(item).get(key, ""), int(min(values)), is_more=term.operator == ">")
        case _:
            is_negated = term.operator in ("notin", "!=")
            return lambda item: (_labels(item).get(key) in values) != is_negated


def _is_beyond(value: str, limit: int, *, is_more: bool) -> bool:
    try:
        return int(value) > limit if is_more else int(value) < limit
    except ValueError:
        return False


def _labels(item: Object) -> dict[str, str]:
    return item["metadata"].get("labels") or {}


def _parse_fields(resource: Resource, text: str) -> list[Selector]:
    known = {"metadata.name", *([] if _has_no_namespace(resource) else ["metadata.namespace"]), *_list_fields(resource)}
    terms = []
    for match in _split_fields(text):
        path = _ALIASES.get(match["path"], match["path"])
        if not path and not match["value"]:
            continue
        if path not in known:
            raise bad_request(_describe_unknown_field(resource, path))
        value = _unescape(match["value"])
        terms.append(_select_field(path, value, is_negated=match["operator"] == "!="))
    return terms


def _split_fields(text: str) -> list[re.Match[str]]:
    """Return the terms of a field selector. Raises StatusError 400."""
    matches = []
    for term in sorted(_FIELD_TERMS.split(text)):
        match = _FIELD_TERM.fullmatch(term)
        if term and match is None:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{term}'")
        matches += [match] if match else []
    return matches


def _has_no_namespace(resource: Resource) -> bool:
    """Check for the kinds that cannot be selected by a namespace, because they are in none."""
    return not resource.is_namespaced and not resource.is_custom and resource.kind in _FIELDS_OF_KIND


def _list_fields(resource: Resource) -> set[str]:
    if resource.is_custom:
        return {each["jsonPath"].removeprefix(".") for each in resource.selectable_fields}
    if (resource.group, resource.kind) == ("events.k8s.io", "Event"):
        return _EVENT_FIELDS
    return _FIELDS_OF_KIND.get(resource.kind, set())


def _describe_unknown_field(resource: Resource, path: str) -> str:
    if resource.kind == "Job" and not resource.is_custom:
        return f'field label "{path}" not supported for Job'
    if resource.is_custom or resource.kind in _FIELDS_OF_KIND:
        return f"field label not supported: {path}"
    return f'"{path}" is not a known field selector: only "metadata.name", "metadata.namespace"'


def _format_field(found: object) -> str:
    return str(found).lower() if isinstance(found, bool) else str(found)


def _unescape(text: str) -> str:
    """Return a value without its escapes. Raises StatusError 400."""
    if wrong := re.search(r"\\(?:[^\\,=]|$)", text):
        raise bad_request(f"invalid field selector: invalid escape sequence: {wrong[0]}")
    if wrong := re.search(r"[,=]", _ESCAPED.sub("", text)):
        raise bad_request(f"invalid field selector: unescaped character in value: {ord(wrong[0])}")
    return _ESCAPED.sub(r"\1", text)


def _select_field(path: str, value: str, *, is_negated: bool) -> Selector:
    def matches(item: Object) -> bool:
        found: object = item
        if path == "source":
            found = (item.get("source") or {}).get("component") or item.get("reportingComponent")
        for step in path.split(".") if path != "source" else ():
            found = found.get(step) if isinstance(found, dict) else None
        return ((_DEFAULTS.get(path, "") if found is None else _format_field(found)) == value) != is_negated

    return matches
