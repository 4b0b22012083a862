"""Reads the types of Kubernetes' own kinds, of several Kubernetes versions."""

import json
import lzma
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from kube_api_emulator.schemas.schemas import Schemas, choose_version

_FOLDER = Path(__file__).parent / "data"


@dataclass(frozen=True)
class ProtobufFields:
    """The fields of Kubernetes' protobuf messages.

    Attributes:
        kinds: the message of each kind by `GROUP/VERSION/KIND`.
        messages: name and type of each field by its number. `tools/pack_protobuf.py` explains the types.
    """

    kinds: Mapping[str, str]
    messages: Mapping[str, Mapping[int, tuple[str, str]]]


@dataclass(frozen=True)
class GoStructs:
    """The Go structs of kube-apiserver, as `tools/pack_go_structs.py` explains them.

    Attributes:
        internal: name, name in JSON, code and omission of each field of an internal type.
        named: the Go types of fields whose type has a name of its own, by definition.
        embedded: the embedded structs that lead to a field, by definition.
    """

    internal: Mapping[str, Sequence[tuple[str, str, str, int]]]
    named: Mapping[str, Mapping[str, str]]
    embedded: Mapping[str, Mapping[str, str]]


@cache
def list_versions() -> tuple[str, ...]:
    """Return the Kubernetes versions with schemas, oldest first, as in `1.36`."""
    names = (path.name.removesuffix(".json.xz") for path in _FOLDER.glob("[0-9]*.json.xz"))
    return tuple(sorted(names, key=lambda name: tuple(map(int, name.split(".")))))


@cache
def load_schemas(version: str = "") -> Schemas:
    """Return the types of the nearest known Kubernetes version, of the newest one without a version.

    `Schemas.version` is the version in use. The result is shared: `Schemas.add_custom_kinds` returns another one.
    """
    chosen = choose_version(version, list_versions())
    return Schemas(chosen, {**_load_common_definitions(), **_unpack(f"{chosen}.json.xz")})


@cache
def _load_common_definitions() -> Mapping[str, Any]:
    return _unpack("common.json.xz")


def _unpack(name: str) -> dict[str, Any]:
    unpacked: dict[str, Any] = json.loads(lzma.decompress((_FOLDER / name).read_bytes()))
    return unpacked


@cache
def load_go_types(version: str) -> Mapping[str, Mapping[str, str]]:
    """Return what the Go types of a known version write for fields without a value: a code by definition and field."""
    types: Mapping[str, Mapping[str, str]] = _unpack("go_types.xz")[version]
    return types


@cache
def load_go_structs() -> GoStructs:
    packed = _unpack("go_structs.xz")
    return GoStructs(packed["internal"], packed["named"], packed["embedded"])


@cache
def load_published() -> Mapping[str, Mapping[str, Any]]:
    """Return what a server publishes beside a definition, as `tools/pack_published.py` explains it."""
    return _unpack("published.xz")


@cache
def load_protobuf_fields() -> ProtobufFields:
    packed = _unpack("protobuf-fields.xz")
    messages = {
        message: {int(number): (name, type_) for number, (name, type_) in fields.items()}
        for message, fields in packed["messages"].items()
    }
    return ProtobufFields(packed["kinds"], messages)
