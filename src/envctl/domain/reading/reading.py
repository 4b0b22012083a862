"""The reading as a value, with its bytes and their digest. An approval records the digest: it proves what was shown.

Whether a later plan is covered is decided by the fingerprint of the plan, not by this digest.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

FORMAT = 1


class MalformedReadingError(ValueError):
    """The bytes are no reading."""


@dataclass(frozen=True, slots=True)
class ReadValue:
    """One bound value. Both sides are JSON texts, without secrets; an empty text means absent.

    `sign` is that of the fingerprint in place of a digest, such as the one of a sensitive value.
    """

    path: str
    before: str
    after: str
    sign: str = ""


@dataclass(frozen=True)
class ReadChange:
    """The change of a resource or an output, with all of its bound values."""

    address: str
    type: str
    action: str
    values: tuple[ReadValue, ...] = ()
    remarks: tuple[str, ...] = ()  # sentences without a subject, such as the reason of a replacement


@dataclass(frozen=True)
class ReadStack:
    """The plan of a stack. `notes` say what it waits for, what it takes over, and what becomes of one that leaves."""

    stack: str
    changes: tuple[ReadChange, ...] = ()
    notes: tuple[str, ...] = ()
    forecast: tuple[ReadChange, ...] = ()  # what a stack without a plan will probably do: shown, and not bound


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What one person reads before one answer.

    `settings`, `place` and `rules` compare with what runs in the environment, as far as that is known.
    """

    environment: str
    release: str
    label: str = ""  # what people know the release by
    written: str = ""  # who wrote what changes, where people approve it; empty in old readings
    bound: Mapping[str, str] = field(default_factory=dict)  # the digests of the bound documents, by their names
    stacks: tuple[ReadStack, ...] = ()
    settings: tuple[ReadValue, ...] = ()
    place: tuple[ReadValue, ...] = ()
    rules: tuple[ReadValue, ...] = ()

    @cached_property
    def encoded(self) -> bytes:
        return json.dumps(_to_document(self), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the stored bytes."""
        return hashlib.sha256(self.encoded).hexdigest()


def decode(data: bytes) -> Reading:
    """Return the reading in stored bytes. Raises MalformedReadingError."""
    read = parse(data)
    if read.encoded != data:
        raise MalformedReadingError("its bytes are not in the form of envctl")
    return read


def parse(text: bytes | str) -> Reading:
    """Return the reading in a JSON text of any spelling. Raises MalformedReadingError."""
    try:
        found = json.loads(text)
        read = Reading(
            environment=_require_text(found["environment"]),
            release=_require_text(found["release"]),
            label=_require_text(found["label"]),
            written=_require_text(found.get("written", "")),
            bound={str(name): _require_text(digest) for name, digest in found["bound"].items()},
            stacks=tuple(map(_parse_stack, found["stacks"])),
            settings=_parse_values(found["settings"]),
            place=_parse_values(found["place"]),
            rules=_parse_values(found["rules"]),
        )
        if found["format"] != FORMAT:
            raise MalformedReadingError(f"its format is {found['format']}")
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise MalformedReadingError(str(error)) from error
    return read


def _to_document(reading: Reading) -> dict[str, Any]:
    stacks = [
        {
            "stack": stack.stack,
            "notes": stack.notes,
            "changes": list(map(_to_change_document, stack.changes)),
            "forecast": list(map(_to_change_document, stack.forecast)),
        }
        for stack in reading.stacks
    ]
    lists = {name: _list_values(getattr(reading, name)) for name in ("settings", "place", "rules")}
    texts = {name: getattr(reading, name) for name in ("environment", "release", "label", "bound")}
    written = {"written": reading.written} if reading.written else {}
    return {"format": FORMAT, **texts, **written, **lists, "stacks": stacks}


def _to_change_document(change: ReadChange) -> dict[str, Any]:
    return {**vars(change), "values": _list_values(change.values)}


def _list_values(values: tuple[ReadValue, ...]) -> list[tuple[str, ...]]:
    return [(each.path, each.before, each.after, each.sign) for each in values]


def _parse_stack(found: Mapping[str, Any]) -> ReadStack:
    changes, forecast = (tuple(map(_parse_change, found[name])) for name in ("changes", "forecast"))
    return ReadStack(_require_text(found["stack"]), changes, _parse_texts(found), forecast)


def _parse_change(found: Mapping[str, Any]) -> ReadChange:
    return ReadChange(
        _require_text(found["address"]),
        _require_text(found["type"]),
        _require_text(found["action"]),
        _parse_values(found["values"]),
        _parse_texts(found, "remarks"),
    )


def _parse_values(found: Sequence[Sequence[Any]]) -> tuple[ReadValue, ...]:
    return tuple(ReadValue(*map(_require_text, each)) for each in found)


def _parse_texts(found: Mapping[str, Any], name: str = "notes") -> tuple[str, ...]:
    return tuple(map(_require_text, found[name]))


def _require_text(value: object) -> str:
    if not isinstance(value, str):
        raise MalformedReadingError("one of its values is not a text")
    return value
