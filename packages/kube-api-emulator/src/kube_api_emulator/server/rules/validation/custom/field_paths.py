"""Paths to fields of custom resources, as in `.spec.host`.

Source: k8s.io/apiextensions-apiserver v0.36.2, pkg/apiserver/schema/cel/validation.go (ValidFieldPath,
unescapeSingleQuote).
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

Part = Mapping[str, Any]

_TOKENS = re.compile(r"'(?:[^'\\]|\\.)*'|'.*\Z|[.\[\]]|[^.\[\]]+", re.DOTALL)
_NO_FIELD = "does not refer to a valid field"
_END = "unexpected end of JSON path"
_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "'": "'", "\\": "\\"}
_QUOTES = 2


def find_field(path: str, schema: Part, *, allows_brackets: bool = True) -> tuple[tuple[str, ...], Part | None]:
    """Return the names of a path and the schema that it leads to. Raises ValueError in the words of the server."""
    names: list[str] = []
    found: Part | None = schema
    tokens = iter(_TOKENS.findall(path))
    for sign in tokens:
        if sign not in (".", "["):
            raise ValueError(f"expected [ or . but got: {sign}")
        if sign == "[" and not allows_brackets:
            raise ValueError("array notation is not allowed")
        name = _take(tokens)
        if sign == "[":
            name = _unquote(name)
        found = _enter(found or {}, name)
        names.append(name)
        if sign == "[" and (end := _take(tokens)) != "]":
            raise ValueError(f"expected ] but got {end}")
    return tuple(names), found


def _take(tokens: Iterator[str]) -> str:
    token = next(tokens, None)
    if token is None:
        raise ValueError(_END)
    return token


def _unquote(token: str) -> str:
    if len(token) < _QUOTES or not (token.startswith("'") and token.endswith("'")):
        raise ValueError(f"expected single quoted string but got {token}")
    return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], ""), token[1:-1])


def _enter(schema: Part, name: str) -> Part | None:
    fields, others = schema.get("properties"), schema.get("additionalProperties")
    if fields:
        if name not in fields:
            raise ValueError(_NO_FIELD)
        return dict(fields[name])
    if others is None:
        raise ValueError(_NO_FIELD)
    return others if isinstance(others, Mapping) else None
