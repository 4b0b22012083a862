"""The fields of the variables that the server gives to expressions of policies.

A text is the type of a value without fields; None is one whose fields are not known.

Source: k8s.io/apiserver v0.36.2, pkg/admission/plugin/cel/compile.go (BuildRequestType, BuildNamespaceType);
github.com/google/cel-go v0.26.0, checker/errors.go (undefinedField, typeDoesNotSupportFieldSelection).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

_KIND = {"group": "string", "version": "string", "kind": "string"}
_RESOURCE = {"group": "string", "version": "string", "resource": "string"}
_FIELDS: Mapping[str, Mapping[str, Any]] = {
    "request": {
        "kind": _KIND,
        "resource": _RESOURCE,
        "subResource": "string",
        "requestKind": _KIND,
        "requestResource": _RESOURCE,
        "requestSubResource": "string",
        "name": "string",
        "namespace": "string",
        "operation": "string",
        "userInfo": {"username": "string", "uid": "string", "groups": None, "extra": None},
        "dryRun": "bool",
        "options": None,
    },
    "namespaceObject": {
        "metadata": {
            **dict.fromkeys(("name", "generateName", "namespace", "UID", "resourceVersion"), "string"),
            **dict.fromkeys(("labels", "annotations", "finalizers", "creationTimestamp", "deletionTimestamp")),
            **dict.fromkeys(("deletionGracePeriodSeconds", "generation"), "int"),
        },
        "spec": {"finalizers": None},
        "status": {"phase": "string"},
    },
}
_PATH = re.compile(r"(?<![\w.])(?P<root>request|namespaceObject)(?P<path>(?:\.[A-Za-z_]\w*)+)(?!\w*\()")


def find_field_problems(text: str) -> Iterator[tuple[int, str]]:
    """Yield the place of each field that is not there, and what is wrong with it."""
    for found in _PATH.finditer(text):
        place, known = found.start("path"), _FIELDS[found["root"]]
        for name in found["path"][1:].split("."):
            if known is None:
                break
            if isinstance(known, str):
                yield place, f"type '{known}' does not support field selection"
                break
            if name not in known:
                yield place, f"undefined field '{name}'"
                break
            known, place = known[name], place + len(name) + 1
