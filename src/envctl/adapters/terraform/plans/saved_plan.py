"""What a saved plan says of how it was made: its mode, and what it was limited to. No document of Terraform tells the
mode, and a plan that changes nothing has no document at all.

A plan is a zip archive. `tfplan` in it is a message in the wire format of protocol buffers; the numbers of its fields
are those of `planfile.proto` in the sources of Terraform and of OpenTofu.
"""

import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

_FORMAT = 3
# A state gets its lineage when it is first written; it stands within its first bytes.
_NO_LINEAGE, _HEAD = b'"lineage": ""', 512
_VERSION, _VARIABLES, _CHANGES, _TARGETS, _EXCLUDES, _REPLACES, _MODE = 1, 2, 3, 5, 6, 16, 17
_LIMITS = {_TARGETS: "-target", _EXCLUDES: "-exclude", _REPLACES: "-replace"}
_CHANGE, _ACTION, _FORGET = 9, 1, 8
_NAME, _VALUE = 1, 2
_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5
MODES = {0: "ordinary", 1: "-destroy", 2: "-refresh-only"}
# How many bytes say how long a text of msgpack is, by the first of them.
_HEADS = {**dict.fromkeys(range(0xA0, 0xC0), 1), 0xD9: 2, 0xDA: 3, 0xDB: 5}

Value = int | bytes


@dataclass(frozen=True)
class SavedPlan:
    """Attributes:

    mode: one of `MODES`, or its number where this version does not know it.
    limits: the flags that limit the plan to some resources, or replace some; each with its addresses.
    variables: the root module's variables that were set, as far as they were set as texts.
    forgets: whether the plan forgets resources, which are not refreshed for that.
    managed: whether the state held resources when it was planned; only looked up where that was asked for.
    stateless: whether there was no state at all. One from which all was destroyed is one.
    """

    mode: str
    limits: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    forgets: bool = False
    managed: bool = False
    stateless: bool = False


def read_saved(file: BinaryIO, *, with_state: bool) -> SavedPlan | None:
    """None for what is in another form, such as an encrypted plan of OpenTofu or that of a later version."""
    # Imported late: nothing else of a plan needs it.
    import zipfile

    try:
        with zipfile.ZipFile(file) as archive:
            managed = with_state and _holds_managed(archive.read("tfstate-prev"))
            with archive.open("tfstate") as state:
                stateless = _NO_LINEAGE in state.read(_HEAD)
            return _read(archive.read("tfplan"), managed=managed, stateless=stateless)
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, IndexError, NotImplementedError, RuntimeError):
        return None


def _read(message: bytes, *, managed: bool, stateless: bool) -> SavedPlan | None:
    mode, version, forgets = 0, 0, False
    limits: dict[str, tuple[str, ...]] = {}
    variables: dict[str, str] = {}
    for number, value in _fields(message):
        if isinstance(value, int):
            mode, version = (value if number == _MODE else mode), (value if number == _VERSION else version)
        elif number in _LIMITS:
            flag = _LIMITS[number]
            limits[flag] = (*limits.get(flag, ()), value.decode())
        elif number == _VARIABLES:
            variables |= _variable(value)
        elif number == _CHANGES:
            forgets = forgets or _forgets(value)
    if version != _FORMAT:
        return None
    return SavedPlan(MODES.get(mode, str(mode)), limits, variables, forgets, managed, stateless)


def _fields(message: bytes) -> Iterator[tuple[int, Value]]:
    """Raises ValueError or IndexError for what is no message."""
    position = 0
    while position < len(message):
        key, position = _varint(message, position)
        kind = key & 7
        if kind == _VARINT:
            value, position = _varint(message, position)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            length, position = _varint(message, position)
        else:
            length = {_FIXED_64: 8, _FIXED_32: 4}.get(kind, -1)
        if length < 0 or position + length > len(message):
            raise ValueError("no message of protocol buffers")
        yield key >> 3, message[position : position + length]
        position += length


def _varint(message: bytes, position: int) -> tuple[int, int]:
    """The number that begins there, and the position behind it."""
    value = shift = 0
    while True:
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 (the last byte of a number has no mark)
            return value, position
        shift += 7


def _one(message: Value | None, number: int) -> Value | None:
    found = [value for each, value in _fields(message) if each == number] if isinstance(message, bytes) else []
    return found[-1] if found else None


def _forgets(change: bytes) -> bool:
    return _one(_one(change, _CHANGE), _ACTION) == _FORGET


def _variable(entry: bytes) -> dict[str, str]:
    """Its name and its text; empty for a value that is no text. A value is msgpack, with its type before it."""
    name, packed = _one(entry, _NAME), _one(_one(entry, _VALUE), 1)
    prefix = b'\x92\xc4\x08"string"'
    if not isinstance(name, bytes) or not isinstance(packed, bytes) or not packed.startswith(prefix):
        return {}
    value = packed[len(prefix) :]
    head = _HEADS.get(value[0], 0)
    return {name.decode(): value[head:].decode()} if head else {}


def _holds_managed(state: bytes) -> bool:
    resources = json.loads(state).get("resources") or ()
    return any(each.get("mode") == "managed" and each.get("instances") for each in resources)
