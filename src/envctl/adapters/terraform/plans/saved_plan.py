"""Options of a saved plan: its mode and limits, read from its file. No document of Terraform contains the mode, and a
plan without changes has no document.

A plan is a zip archive with a message `tfplan` in the wire format of protocol buffers. The field numbers are those of
`planfile.proto` in the sources of Terraform and OpenTofu.
"""

import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

_FORMAT = 3
# A state gets its lineage on the first write, within its first bytes.
_NO_LINEAGE, _HEAD_SIZE = b'"lineage": ""', 512
_VERSION, _VARIABLES, _CHANGES, _TARGETS, _EXCLUDES, _REPLACES, _MODE = 1, 2, 3, 5, 6, 16, 17
_LIMITS = {_TARGETS: "-target", _EXCLUDES: "-exclude", _REPLACES: "-replace"}
_CHANGE, _ACTION, _FORGET = 9, 1, 8
_NAME, _VALUE = 1, 2
_VARINT, _FIXED_64, _BYTES, _FIXED_32 = 0, 1, 2, 5
MODES = {0: "ordinary", 1: "-destroy", 2: "-refresh-only"}
# Sizes of the header of a msgpack text, by its first byte.
_TEXT_HEADER_SIZES = {**dict.fromkeys(range(0xA0, 0xC0), 1), 0xD9: 2, 0xDA: 3, 0xDB: 5}

FieldValue = int | bytes


@dataclass(frozen=True)
class SavedPlan:
    """Attributes:

    mode: one of `MODES`, or an unknown number.
    limits: the flags limiting the plan to some resources or replacing some; each with its addresses.
    variables: the variables set in the root module; None for a value that is no text.
    forgets: whether the plan forgets resources. Terraform does not refresh these.
    managed: whether the state held resources while planning; False if not requested.
    stateless: whether no state existed. A state emptied by destroy exists.
    """

    mode: str
    limits: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    variables: Mapping[str, str | None] = field(default_factory=dict)
    forgets: bool = False
    managed: bool = False
    stateless: bool = False


def read_saved(file: BinaryIO, *, with_state: bool) -> SavedPlan | None:
    """Parse a saved plan. Return None for another format, such as an encrypted plan of OpenTofu or a later version."""
    # Imported late: only this function needs it.
    import zipfile

    try:
        with zipfile.ZipFile(file) as archive:
            held = json.loads(archive.read("tfstate-prev")).get("resources") or () if with_state else ()
            managed = any(each.get("mode") == "managed" and each.get("instances") for each in held)
            with archive.open("tfstate") as state:
                stateless = _NO_LINEAGE in state.read(_HEAD_SIZE)
            return _parse_plan(archive.read("tfplan"), managed=managed, stateless=stateless)
    except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, IndexError, NotImplementedError, RuntimeError):
        return None


def _parse_plan(message: bytes, *, managed: bool, stateless: bool) -> SavedPlan | None:
    mode, version, forgets = 0, 0, False
    limits: dict[str, tuple[str, ...]] = {}
    variables: dict[str, str | None] = {}
    for number, value in _parse_fields(message):
        if isinstance(value, int):
            mode, version = (value if number == _MODE else mode), (value if number == _VERSION else version)
        elif number in _LIMITS:
            flag = _LIMITS[number]
            limits[flag] = (*limits.get(flag, ()), value.decode())
        elif number == _VARIABLES:
            variables |= _parse_variable(value)
        elif number == _CHANGES:
            forgets = forgets or _find_field(_find_field(value, _CHANGE), _ACTION) == _FORGET
    if version != _FORMAT:
        return None
    return SavedPlan(MODES.get(mode, str(mode)), limits, variables, forgets, managed, stateless)


def _parse_fields(message: bytes) -> Iterator[tuple[int, FieldValue]]:
    """Yield each field number and value. Raise ValueError or IndexError for a malformed message."""
    position = 0
    while position < len(message):
        key, position = _parse_varint(message, position)
        kind = key & 7
        if kind == _VARINT:
            value, position = _parse_varint(message, position)
            yield key >> 3, value
            continue
        if kind == _BYTES:
            length, position = _parse_varint(message, position)
        else:
            length = {_FIXED_64: 8, _FIXED_32: 4}.get(kind, -1)
        if length < 0 or position + length > len(message):
            raise ValueError("not a message of protocol buffers")
        yield key >> 3, message[position : position + length]
        position += length


def _parse_varint(message: bytes, position: int) -> tuple[int, int]:
    """Return the number at the position, and the position after it."""
    value = shift = 0
    while True:
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 (the last byte of a number has no mark)
            return value, position
        shift += 7


def _find_field(message: FieldValue | None, number: int) -> FieldValue | None:
    found = [value for each, value in _parse_fields(message) if each == number] if isinstance(message, bytes) else []
    return found[-1] if found else None


def _parse_variable(entry: bytes) -> dict[str, str | None]:
    """Return the variable's text by its name; None for other types. A value is msgpack, with its type in front."""
    name, packed = _find_field(entry, _NAME), _find_field(_find_field(entry, _VALUE), 1)
    prefix = b'\x92\xc4\x08"string"'
    if not isinstance(name, bytes):
        return {}
    if not isinstance(packed, bytes) or not packed.startswith(prefix):
        return {name.decode(): None}
    value = packed[len(prefix) :]
    head = _TEXT_HEADER_SIZES.get(value[0], 0)
    return {name.decode(): value[head:].decode() if head else None}
