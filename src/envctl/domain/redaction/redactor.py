"""Redact sensitive parts in texts and results."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from functools import cached_property
from numbers import Number
from typing import Any, TypeVar

from envctl.domain.redaction.parts import find_parts, format_number
from envctl.domain.redaction.spellings import Spelling, list_spellings

T = TypeVar("T")
SENSITIVE_MARK = "(sensitive)"
"""The text of `Marker.SENSITIVE`, repeated since its module is slow to load."""

_MAX_ROUNDS = 4
# Base64 wrapped into lines.
_WRAPPED_BASE64 = re.compile(r"(?:[A-Za-z0-9+/_-]{40,}[ \t]*\r?\n[ \t]*)+[A-Za-z0-9+/_-]+")
_BREAKS = re.compile(r"\s+")


@dataclass(frozen=True)
class Redactor:
    """Replaces `parts`, in any spelling, with a mark. `find_parts` selects the parts of a value."""

    parts: frozenset[str] = frozenset()

    @classmethod
    def from_values(cls, values: Iterable[object], public: Iterable[str] = ()) -> "Redactor":
        names = tuple(public)
        return cls(frozenset(part for value in values for part in find_parts(value, names)))

    @cached_property
    def _spellings_by_anchor(self) -> tuple[tuple[str, Spelling], ...]:
        found = {each.text: each for part in sorted(self.parts) for each in list_spellings(part)}
        # Texts within the mark itself would be redacted endlessly.
        return tuple((each.anchor, each) for each in found.values() if each.text not in SENSITIVE_MARK)

    def redact(self, text: str) -> str:
        """Return the text with a mark in place of each sensitive part."""
        if not self.parts or not text:
            return text
        for _ in range(_MAX_ROUNDS):
            spans = sorted(self._find_spans(text))
            if not spans:
                return text
            text = _replace_spans(text, spans)
        # Text around a mark may form a sensitive part with it, again and again.
        return text if not any(self._find_spans(text)) else SENSITIVE_MARK

    def redact_all(self, value: T) -> T:
        """Return a result with texts and sensitive numbers redacted; the same object if unchanged.

        Keys of maps, enums and typed number fields stay.
        """
        return self._redact_value(value) if self.parts else value

    def _find_spans(self, text: str) -> Iterator[tuple[int, int]]:
        for spelling in self._list_candidates(text):
            yield from spelling.find_spans(text)
        if "\n" in text:
            for block in _WRAPPED_BASE64.finditer(text):
                whole = _BREAKS.sub("", block[0])
                if any(True for spelling in self._list_candidates(whole) for _ in spelling.find_spans(whole)):
                    yield block.span()

    def _list_candidates(self, text: str) -> list[Spelling]:
        """Return the spellings with their anchor in the text; a cheap filter, mostly without a match."""
        return [spelling for anchor, spelling in self._spellings_by_anchor if anchor in text]

    def _redact_value(self, value: Any) -> Any:  # noqa: ANN401 (any result)
        match value:
            case Enum() | None | bool():
                return value
            case Number():
                return SENSITIVE_MARK if format_number(value) in self.parts else value
            case str():
                return self.redact(value)
            case Mapping():
                items = {key: self._redact_value(item) for key, item in value.items()}
                return items if any(items[key] is not value[key] for key in items) else value
            case list() | tuple():
                found = [self._redact_value(item) for item in value]
                if all(one is other for one, other in zip(found, value, strict=True)):
                    return value
                return found if isinstance(value, list) else tuple(found)
            case _ if is_dataclass(value) and not isinstance(value, type):
                return self._redact_fields(value)
            case _:
                return value

    def _redact_fields(self, value: Any) -> Any:  # noqa: ANN401
        old = {each.name: getattr(value, each.name) for each in fields(value)}
        # A field typed as a number holds a count of envctl, and must stay a number.
        counts = {each.name for each in fields(value) if each.type not in (object, Any, "object", "Any")}
        new = {
            name: item if isinstance(item, Number) and name in counts else self._redact_value(item)
            for name, item in old.items()
        }
        if all(new[name] is item for name, item in old.items()):
            return value
        # Not by its constructor, as its checks may reject a mark.
        copy = object.__new__(type(value))
        for name, item in new.items():
            object.__setattr__(copy, name, item)
        return copy


NULL_REDACTOR = Redactor()


def _replace_spans(text: str, spans: list[tuple[int, int]]) -> str:
    """Replace sorted spans with a mark; touching spans share one."""
    pieces, done = list[str](), 0
    start, end = spans[0]
    for begins, ends in [*spans[1:], (len(text) + 1, 0)]:
        if begins <= end:
            end = max(end, ends)
            continue
        pieces += [text[done:start], SENSITIVE_MARK]
        done, start, end = end, begins, ends
    return "".join([*pieces, text[done:]])
