"""Names, keys and values of labels, and the metadata of objects.

Source: k8s.io/apimachinery v0.36.2, pkg/util/validation/validation.go (IsDNS1123Label, IsDNS1123Subdomain,
IsDNS1035Label), pkg/api/validate/content/kube.go (IsLabelKey, IsLabelValue).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from kube_api_emulator.server.rules.validation.causes import Causes

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_SERVICE = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_SEARCH_PART = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_SEARCH_FORMAT = rf"{_SEARCH_PART}(\.{_SEARCH_PART})*"
_SEARCH = re.compile(_SEARCH_FORMAT)
_KEY_NAME = re.compile(r"([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]")
_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
_CONFIG_KEY = re.compile(r"[-._a-zA-Z0-9]+")
_PORT_NAME = re.compile(r"[-a-z0-9]+")
_LABEL_LENGTH, _SUBDOMAIN_LENGTH, _PORT_NAME_LENGTH = 63, 253, 15
_ANNOTATIONS_SIZE = 256 * 1024

_LABEL_TEXT = (
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with "
    "an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
)
_SERVICE_TEXT = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    "'[a-z]([-a-z0-9]*[a-z0-9])?')"
)
_SUBDOMAIN_TEXT = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_SEARCH_TEXT = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must "
    "start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    f"'{_SEARCH_FORMAT}')"
)
_WILDCARD_TEXT = (
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of "
    "lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', "
    "regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_KEY_TEXT = (
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
)
_QUALIFIED_TEXT = (
    "a valid label key must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
    "alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. "
    "'example.com/MyName')"
)
_VALUE_TEXT = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)
_CONFIG_KEY_TEXT = (
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or "
    "'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"
)
_STANDARD_FINALIZERS = frozenset({"orphan", "foregroundDeletion", "kubernetes"})
_FREE_FINALIZERS = frozenset(
    {
        *("APIService", "CustomResourceDefinition", "Event", "Lease", "PodDisruptionBudget", "RuntimeClass"),
        *("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"),
        *("MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"),
    }
)
_ACCESS_KINDS = frozenset({"Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"})


def list_label_problems(name: str) -> list[str]:
    """Return the problems of a DNS label."""
    text = "must not contain dots" if "." in name and _SUBDOMAIN.fullmatch(name) else _LABEL_TEXT
    return _check(name, _LABEL, text, _LABEL_LENGTH)


def list_service_problems(name: str) -> list[str]:
    """Return the problems of a DNS label that begins with a letter."""
    return _check(name, _SERVICE, _SERVICE_TEXT, _LABEL_LENGTH)


def list_subdomain_problems(name: str) -> list[str]:
    """Return the problems of a DNS subdomain."""
    return _check(name, _SUBDOMAIN, _SUBDOMAIN_TEXT, _SUBDOMAIN_LENGTH)


def list_search_problems(name: str) -> list[str]:
    """Return the problems of a domain in which names are looked up. It may have underscores."""
    return _check(name, _SEARCH, _SEARCH_TEXT, _SUBDOMAIN_LENGTH)


def list_host_problems(name: str) -> list[str]:
    """Return the problems of a host, which may begin with `*.`."""
    if "*" not in name:
        return list_subdomain_problems(name)
    is_valid = name.startswith("*.") and _SUBDOMAIN.fullmatch(name[2:])
    problems = [f"must be no more than {_SUBDOMAIN_LENGTH} characters"] if len(name) > _SUBDOMAIN_LENGTH else []
    return problems if is_valid else [*problems, _WILDCARD_TEXT]


def list_value_problems(value: str) -> list[str]:
    """Return the problems of a value of a label."""
    problems = [f"must be no more than {_LABEL_LENGTH} bytes"] if len(value) > _LABEL_LENGTH else []
    return problems if _VALUE.fullmatch(value) else [*problems, _VALUE_TEXT]


def list_config_key_problems(key: str) -> list[str]:
    """Return the problems of a key of a ConfigMap or a Secret."""
    problems = _check(key, _CONFIG_KEY, _CONFIG_KEY_TEXT, _SUBDOMAIN_LENGTH)
    if key in (".", ".."):
        problems.append(f"must not be '{key}'")
    elif key.startswith(".."):
        problems.append("must not start with '..'")
    return problems


def list_key_problems(key: str) -> list[str]:
    """Return the problems of a key of labels or annotations."""
    prefix, slash, name = key.rpartition("/")
    if "/" in prefix:
        return [_QUALIFIED_TEXT]
    if slash and not prefix:
        return ["prefix part must be non-empty"]
    problems = [f"prefix part {text}" for text in list_subdomain_problems(prefix)] if slash else []
    if not name:
        problems.append("name part must be non-empty")
    elif len(name) > _LABEL_LENGTH:
        problems.append(f"name part must be no more than {_LABEL_LENGTH} bytes")
    return problems if _KEY_NAME.fullmatch(name) else [*problems, _KEY_TEXT]


def list_port_name_problems(name: str) -> list[str]:
    """Return the problems of a name of a port."""
    problems = []
    if len(name) > _PORT_NAME_LENGTH:
        problems.append(f"must be no more than {_PORT_NAME_LENGTH} characters")
    if not _PORT_NAME.fullmatch(name):
        problems.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if not any("a" <= letter <= "z" for letter in name):
        problems.append("must contain at least one letter (a-z)")
    if "--" in name:
        problems.append("must not contain consecutive hyphens")
    if name.startswith("-") or name.endswith("-"):
        problems.append("must not begin or end with a hyphen")
    return problems


def _check(text: str, pattern: re.Pattern[str], message: str, most: int) -> list[str]:
    problems = [f"must be no more than {most} characters"] if len(text) > most else []
    return problems if pattern.fullmatch(text) else [*problems, message]


def check_labels(labels: object, field: str, causes: Causes) -> None:
    """Check keys and values of labels or of a selector by labels."""
    for key, value in sorted(labels.items()) if isinstance(labels, dict) else ():
        for text in list_key_problems(key):
            causes.refuse(field, key, text)
        for text in list_value_problems(str(value)):
            causes.refuse(field, value, text)


def check_annotations(annotations: object, field: str, causes: Causes) -> None:
    """Check keys and the size of annotations."""
    size = 0
    for key, value in sorted(annotations.items()) if isinstance(annotations, dict) else ():
        for text in list_key_problems(key.lower()):
            causes.refuse(field, key, text)
        size += len(key.encode()) + len(str(value).encode())
    if size > _ANNOTATIONS_SIZE:
        causes.report_length(field, _ANNOTATIONS_SIZE)


def list_segment_problems(name: str) -> list[str]:
    """Return the problems of a name that has to fit into a path."""
    if name in (".", ".."):
        return [f"may not be '{name}'"]
    return [f"may not contain '{letter}'" for letter in "/%" if letter in name]


def list_name_problems(kind: str, name: str, *, is_custom: bool) -> list[str]:
    """Return the problems of the name of an object."""
    if kind in _ACCESS_KINDS and not is_custom:
        return list_segment_problems(name)
    if kind == "APIService" and not is_custom:
        # Its checks include the name.
        return []
    if kind in ("Namespace", "Service") and not is_custom:
        return list_label_problems(name)
    return list_subdomain_problems(name)


def check_metadata(kind: str, metadata: Mapping[str, Any], causes: Causes, *, is_custom: bool) -> None:
    """Check name, labels, annotations, owners and finalizers."""
    name = metadata.get("name") or ""
    if not name:
        causes.require("metadata.name", "name or generateName is required")
    for text in list_name_problems(kind, name, is_custom=is_custom) if name else ():
        causes.refuse("metadata.name", name, text)
    check_labels(metadata.get("labels"), "metadata.labels", causes)
    check_annotations(metadata.get("annotations"), "metadata.annotations", causes)
    _check_owners(metadata.get("ownerReferences") or (), causes)
    _check_finalizers(metadata.get("finalizers") or [], causes, is_free=is_custom or kind in _FREE_FINALIZERS)


def _check_owners(owners: Sequence[Mapping[str, Any]], causes: Causes) -> None:
    """Check the owners of an object. The server does not tell which one is wrong."""
    field, controllers = "metadata.ownerReferences", []
    for owner in owners:
        version = owner.get("apiVersion") or ""
        if not version.rpartition("/")[2] or version.count("/") > 1:
            causes.refuse(f"{field}.apiVersion", version, "version must not be empty")
        for name in ("kind", "name", "uid"):
            if not owner.get(name):
                causes.refuse(f"{field}.{name}", "", "must not be empty")
        if (owner.get("apiVersion"), owner.get("kind")) == ("v1", "Event"):
            causes.refuse(field, dict(owner), "/v1, Kind=Event is disallowed from being an owner")
        if owner.get("controller"):
            controllers.append(owner)
    if len(controllers) > 1:
        first, second = (f"{each.get('kind')}/{each.get('name')}" for each in controllers[:2])
        text = (
            f'Only one reference can have Controller set to true. Found "true" in references for {first} and {second}'
        )
        causes.refuse(field, [_show_owner(each) for each in owners], text)


def _show_owner(owner: Mapping[str, Any]) -> dict[str, Any]:
    names = ("apiVersion", "kind", "name", "uid", "controller", "blockOwnerDeletion")
    return {name: owner[name] for name in names if name in owner}


def _check_finalizers(finalizers: Sequence[str], causes: Causes, *, is_free: bool) -> None:
    """Check finalizers. Those of some kinds need no domain."""
    for finalizer in finalizers:
        for text in list_key_problems(finalizer):
            causes.refuse("metadata.finalizers", finalizer, text)
    if {"orphan", "foregroundDeletion"} <= set(finalizers):
        text = "finalizer orphan and foregroundDeletion cannot be both set"
        causes.refuse("metadata.finalizers", list(finalizers), text)
    for index, finalizer in enumerate(finalizers if not is_free else ()):
        if "/" not in finalizer and finalizer not in _STANDARD_FINALIZERS:
            text = "name is neither a standard finalizer name nor is it fully qualified"
            causes.refuse(f"metadata.finalizers[{index}]", finalizer, text)
