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
        messages: name and type of each field by its number. `tools/kubernetes_protobuf.py` explains the types.
    """

    kinds: Mapping[str, str]
    messages: Mapping[str, Mapping[int, tuple[str, str]]]


@dataclass(frozen=True)
class GoStructs:
    """The Go structs of kube-apiserver, as `tools/kubernetes_go_structs.py` explains them.

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
    names = (path.name.removesuffix(".json.xz") for path in _FOLDER.glob("*.json.xz"))
    return tuple(sorted(names, key=lambda name: tuple(map(int, name.split(".")))))


@cache
def load_schemas(version: str = "") -> Schemas:
    """Return the types of the nearest known Kubernetes version, of the newest one without a version.

    `Schemas.version` is the version in use. The result is shared: `Schemas.add_custom_kinds` returns another one.
    """
    chosen = choose_version(version, list_versions())
    packed = (_FOLDER / f"{chosen}.json.xz").read_bytes()
    return Schemas(chosen, json.loads(lzma.decompress(packed)))


@cache
def load_go_types(version: str) -> Mapping[str, Mapping[str, str]]:
    """Return what the Go types of a known version write for fields without a value: a code by definition and field."""
    packed = (_FOLDER / "go_types.xz").read_bytes()
    types: Mapping[str, Mapping[str, str]] = json.loads(lzma.decompress(packed))[version]
    return types


@cache
def load_go_structs() -> GoStructs:
    packed = json.loads(lzma.decompress((_FOLDER / "go_structs.xz").read_bytes()))
    return GoStructs(packed["internal"], packed["named"], packed["embedded"])


@cache
def load_published() -> Mapping[str, Mapping[str, Any]]:
    """Return what a server publishes beside a definition, as `tools/kubernetes_published.py` explains it."""
    published: Mapping[str, Mapping[str, Any]] = json.loads(lzma.decompress((_FOLDER / "published.xz").read_bytes()))
    return published


@cache
def load_protobuf_fields() -> ProtobufFields:
    packed = json.loads(lzma.decompress((_FOLDER / "protobuf-fields.xz").read_bytes()))
    messages = {
        message: {int(number): (name, type_) for number, (name, type_) in fields.items()}
        for message, fields in packed["messages"].items()
    }
    return ProtobufFields(packed["kinds"], messages)
