"""The warnings of CustomResourceDefinitions.

Source: k8s.io/apiextensions-apiserver v0.36.2, pkg/apiserver/validation/formats.go (GetUnrecognizedFormats,
supportedFormatsAtVersion), pkg/registry/customresourcedefinition/strategy.go (WarningsOnCreate, WarningsOnUpdate).
"""

from collections.abc import Iterator, Mapping
from typing import Any

Part = Mapping[str, Any]

_TEXTS = frozenset(
    {
        *("bsonobjectid", "uri", "email", "hostname", "ipv4", "ipv6", "cidr", "mac", "uuid", "uuid3", "uuid4"),
        *("uuid5", "isbn", "isbn10", "isbn13", "creditcard", "ssn", "hexcolor", "rgbcolor", "byte", "password"),
        *("date", "duration", "datetime", "k8sshortname", "k8slongname"),
    }
)
_NUMBERS = {"integer": ("int32", "int64"), "number": ("float", "double")}


def warn_of_formats(item: Part, live: Part | None) -> Iterator[str]:
    """Yield warnings of formats that the server does not know, and that are new."""
    known = set(_list_unknown(live or {}))
    for name in dict.fromkeys(_list_unknown(item)):
        if name not in known:
            yield f'unrecognized format "{name}"'


def _list_unknown(item: Part) -> Iterator[str]:
    for version in (item.get("spec") or {}).get("versions") or ():
        yield from _walk((version.get("schema") or {}).get("openAPIV3Schema"))


def _walk(schema: object) -> Iterator[str]:
    if not isinstance(schema, Mapping):
        return
    name = schema.get("format") or ""
    if name and not _is_known(schema.get("type") or "", name):
        yield name
    items = schema.get("items")
    inner = [*items] if isinstance(items, list) else [items]
    inner += [each for field in ("allOf", "oneOf", "anyOf") for each in schema.get(field) or ()]
    inner += [each for field in ("properties", "definitions") for each in (schema.get(field) or {}).values()]
    inner += [schema.get("not"), schema.get("additionalProperties")]
    for each in inner:
        yield from _walk(each)


def _is_known(type_: str, name: str) -> bool:
    if type_ in ("", "string"):
        return name.replace("-", "") in _TEXTS
    return name in _NUMBERS.get(type_, ())
