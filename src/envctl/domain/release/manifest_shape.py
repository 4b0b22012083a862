"""The types in the manifest of a release. Bytes with the right hash may still be made by hand."""

import json
from collections.abc import Mapping
from typing import Any

_ANY = object()
_EACH = "*"
"""Stands for every name of an object."""
_PROVIDERS = {_EACH: {_EACH: _ANY}}
_ROOT = {
    "tree": [str],
    "providers": [
        {
            "name": str,
            "kind": str,
            "alias": str,
            "region": str,
            "region_variable": str,
            "role": str,
            "has_region": bool,
            "is_separate": bool,
            "has_default_tags": bool,
            "allowed": [str],
            "unresolved": [str],
            "endpoints": [str],
            "credentials": [str],
        }
    ],
    "needed": [str],
    "addresses": [str],
    "moved": [[str]],
    "remote_states": {_EACH: str},
}
_KUBERNETES = {
    "tree": [str],
    "namespace": str,
    "wait": int,
    "tools": {_EACH: str},
    "overlay": str,
    "values": str,
    "cluster": str,
    "context": str,
    "chart": bool,
    "skips_hooks": bool,
    "allows_secrets": bool,
}
_STACK = {
    "name": str,
    "module": str,
    "inputs": {_EACH: str},
    "region": str,
    "after": [str],
    "moved_from": str,
    "root": _ROOT,
    "kubernetes": _KUBERNETES,
    "providers": _PROVIDERS,
    "default_tags": bool,
    "set": {_EACH: _ANY},
}
_MANIFEST = {
    "format": int,
    "project": str,
    "terraform": str,
    "stacks": [_STACK],
    "artifacts": {_EACH: _ANY},
    "schema": {_EACH: [{_EACH: _ANY}]},
    "outputs": {_EACH: {_EACH: bool}},
    "providers": _PROVIDERS,
    "modules": [{_EACH: str}],
    "removed": {_EACH: str},
    "base": str,
}


def parse_manifest(data: bytes) -> dict[str, Any]:
    """Parse a manifest. Raises TypeError for other types, and ValueError for other than JSON or text of Unicode."""
    document: dict[str, Any] = json.loads(data)
    # Half of a surrogate pair is no text, and no file could hold it; NaN is no JSON.
    json.dumps(document, ensure_ascii=False, allow_nan=False).encode()
    _check_shape(document, _MANIFEST, "the manifest")
    return document


def _check_shape(value: object, shape: object, name: str) -> None:
    if isinstance(shape, Mapping):
        if not isinstance(value, dict):
            raise TypeError(f"{name} is not an object")
        for key, each in value.items():
            _check_shape(each, shape.get(key, shape.get(_EACH, _ANY)), f"{name}.{key}")
    elif isinstance(shape, list):
        if not isinstance(value, list):
            raise TypeError(f"{name} is not a list")
        for each in value:
            _check_shape(each, shape[0], name)
    elif isinstance(shape, type) and type(value) is not shape:
        raise TypeError(f"{name} is not of the type {shape.__name__}")
