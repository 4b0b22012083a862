"""Go structs of kube-apiserver as its messages show them: with the names and the order of their fields.

A code tells the type of a value:

- `s`, `b`, `n`: a text, a boolean, a number; `T`, `Q`, `I`, `J`: a time, an amount, a number or text, any JSON
- `[]CODE`, `{}CODE`, `*CODE`: a list, a map, a pointer
- `@PACKAGE.NAME`: a struct

Source: k8s.io/apimachinery v0.36.2, pkg/util/dump/dump.go (Pretty, OneLine), pkg/util/diff/diff.go (Diff).
"""

import difflib
import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from kube_api_emulator.schemas.packed import load_go_structs

_ZEROS: Mapping[str, Any] = {"s": "", "b": False, "n": 0, "T": None, "Q": "0", "I": 0, "J": None}
_METADATA = "meta.v1.ObjectMeta"
_ESCAPES = (("&", "\\u0026"), ("<", "\\u003c"), (">", "\\u003e"))
# Fields of a pod that are part of the security context in the internal type.
_MOVED = ("hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "hostUsers")

# A field of a schema that holds a schema, or something else in its place.
_SCHEMA, _BOOL_PART = "apiextensions.JSONSchemaProps", "*@apiextensions.JSONSchemaPropsOrBool"
_SCHEMA_PARTS: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "@apiextensions.JSONSchemaPropsOrArray": lambda value: (
        {"JSONSchemas": value} if isinstance(value, list) else {"Schema": value or None}
    ),
    "@apiextensions.JSONSchemaPropsOrBool": lambda value: (
        {"Allows": value} if isinstance(value, bool) else {"Allows": True, "Schema": value}
    ),
    "@apiextensions.JSONSchemaPropsOrStringArray": lambda value: (
        {"Property": value} if isinstance(value, list) else {"Schema": value}
    ),
}
_SIGNS = re.compile(r"[-$]")


def show_go(code: str, value: Any) -> Any:  # noqa: ANN401 (JSON)
    """Return a value of a versioned type as its internal Go type is marshalled to JSON."""
    if code.startswith("*"):
        return None if value is None else show_go(code[1:], value)
    if code.startswith("[]"):
        return [show_go(code[2:], each) for each in value] if isinstance(value, list) else value
    if code.startswith("{}"):
        return {name: show_go(code[2:], value[name]) for name in sorted(value)} if isinstance(value, dict) else None
    if code.startswith("@"):
        part = _SCHEMA_PARTS.get(code)
        return _show_struct(code[1:], part(value) if part else value if isinstance(value, dict) else {})
    return _ZEROS.get(code) if value is None else value


def _show_struct(struct: str, value: Mapping[str, Any]) -> dict[str, Any]:
    if struct == "core.PodSpec":
        moved = {name: value[name] for name in _MOVED if name in value}
        value = {**value, "securityContext": {**(value.get("securityContext") or {}), **moved}}
    sent = {_SIGNS.sub("", name.replace("x-kubernetes-", "x")).lower(): inner for name, inner in value.items()}
    shown: dict[str, Any] = {}
    for name, sent_name, code, is_left_out in load_go_structs().internal.get(struct, ()):
        if not name:
            embedded = code.lstrip("*@")
            shown |= _show_struct(embedded, (value.get("metadata") or {}) if embedded == _METADATA else value)
            continue
        found = sent.get(sent_name.lower())
        code = _BOOL_PART if struct == _SCHEMA and name.startswith("Additional") else code  # noqa: PLW2901
        if not is_left_out or found not in (None, "", False, 0, [], {}):
            shown[name] = show_go(code, found)
    return shown


def format_go_json(value: object) -> str:
    """Return JSON as Go marshals it."""
    return escape_html(json.dumps(value, separators=(",", ":"), ensure_ascii=False))


def escape_html(text: str) -> str:
    """Escape the letters that Go's JSON escapes."""
    for letter, escaped in _ESCAPES:
        text = text.replace(letter, escaped)
    return text


def diff_go(code: str, old: object, new: object) -> str:
    """Return the differences of two values as the server shows them."""
    texts = (escape_html(json.dumps(show_go(code, each), indent=1, ensure_ascii=False)) for each in (old, new))
    before, after = ((text + "\n").splitlines(keepends=True) for text in texts)
    # The first two lines name files.
    return "".join(list(difflib.unified_diff(before, after))[2:])


@cache
def name_go_type(definition: str, field: str) -> str:
    """Return the Go type of a field as messages show it; empty for one without a name of its own."""
    return load_go_structs().named.get(definition, {}).get(field, "")


@cache
def find_embedded(definition: str, field: str) -> str:
    """Return the embedded structs that lead to a field, as in `VolumeSource`; empty for none."""
    return load_go_structs().embedded.get(definition, {}).get(field, "")
