"""Options of a saved plan: its mode and limits, read from its file. No document of Terraform contains the mode, and a
plan without changes has no document.

A plan is a zip archive with a message `tfplan` in the wire format of protocol buffers. The field numbers are those of
`planfile.proto` in the sources of Terraform and OpenTofu.
"""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

from envctl.domain.protobuf import find_field, split_message

_FORMAT = 3
# A state gets its lineage on the first write, within its first bytes.
_NO_LINEAGE, _HEAD_SIZE = b'"lineage": ""', 512
_VERSION, _VARIABLES, _CHANGES, _TARGETS, _EXCLUDES, _REPLACES, _MODE = 1, 2, 3, 5, 6, 16, 17
_LIMITS = {_TARGETS: "-target", _EXCLUDES: "-exclude", _REPLACES: "-replace"}
_CHANGE, _ACTION, _FORGET = 9, 1, 8
_NAME, _VALUE = 1, 2
MODES = {0: "ordinary", 1: "-destroy", 2: "-refresh-only"}
# Sizes of the header of a msgpack text, by its first byte.
_TEXT_HEADER_SIZES = {**dict.fromkeys(range(0xA0, 0xC0), 1), 0xD9: 2, 0xDA: 3, 0xDB: 5}


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
    for number, value in split_message(message):
        if isinstance(value, int):
            mode, version = (value if number == _MODE else mode), (value if number == _VERSION else version)
        elif number in _LIMITS:
            flag = _LIMITS[number]
            limits[flag] = (*limits.get(flag, ()), value.decode())
        elif number == _VARIABLES:
            variables |= _parse_variable(value)
        elif number == _CHANGES:
            forgets = forgets or find_field(find_field(value, _CHANGE), _ACTION) == _FORGET
    if version != _FORMAT:
        return None
    return SavedPlan(MODES.get(mode, str(mode)), limits, variables, forgets, managed, stateless)


def _parse_variable(entry: bytes) -> dict[str, str | None]:
    """Return the variable's text by its name; None for other types. A value is msgpack, with its type in front."""
    name, packed = find_field(entry, _NAME), find_field(find_field(entry, _VALUE), 1)
    prefix = b'\x92\xc4\x08"string"'
    if not isinstance(name, bytes):
        return {}
    if not isinstance(packed, bytes) or not packed.startswith(prefix):
        return {name.decode(): None}
    value = packed[len(prefix) :]
    head = _TEXT_HEADER_SIZES.get(value[0], 0)
    return {name.decode(): value[head:].decode() if head else None}
