"""Replace what is sensitive, in texts and in whole results."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from functools import cached_property
from numbers import Number
from typing import Any, TypeVar

from envctl.domain.redaction.parts import find_parts, in_digits
from envctl.domain.redaction.spellings import Spelling, spellings_of

T = TypeVar("T")
MARK = "(sensitive)"
"""That of `Marker`, which takes longer to load than all of this."""

_ROUNDS = 4
# Base64 in lines, as programs wrap it.
_WRAPPED = re.compile(r"(?:[A-Za-z0-9+/_-]{40,}[ \t]*\r?\n[ \t]*)+[A-Za-z0-9+/_-]+")
_BREAKS = re.compile(r"\s+")


@dataclass(frozen=True)
class Redactor:
    """`parts` are the texts that must not be seen; `find_parts` says which those are."""

    parts: frozenset[str] = frozenset()

    @classmethod
    def of(cls, values: Iterable[object], public: Iterable[str] = ()) -> "Redactor":
        names = tuple(public)
        return cls(frozenset(part for value in values for part in find_parts(value, names)))

    @cached_property
    def _anchors(self) -> tuple[tuple[str, Spelling], ...]:
        found = {each.text: each for part in sorted(self.parts) for each in spellings_of(part)}
        # What the marker itself holds can't be searched for: it would never come to an end.
        return tuple((each.anchor, each) for each in found.values() if each.text not in MARK)

    def redact(self, text: str) -> str:
        """The same text with a marker in place of everything that is sensitive."""
        if not self.parts or not text:
            return text
        for _ in range(_ROUNDS):
            spans = sorted(self._spans(text))
            if not spans:
                return text
            text = _replaced(text, spans)
        # What is around the marker makes up something sensitive together with it, again and again.
        return text if not any(self._spans(text)) else MARK

    def redact_all(self, value: T) -> T:
        """Any result, with all its texts redacted, and each number that is sensitive as a whole; the very same object
        where there is nothing to redact. Keys of maps, closed words, and numbers of envctl itself stay.
        """
        return self._redacted(value) if self.parts else value

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        for spelling in self._there(text):
            yield from spelling.spans(text)
        if "\n" in text:
            for block in _WRAPPED.finditer(text):
                whole = _BREAKS.sub("", block[0])
                if any(True for spelling in self._there(whole) for _ in spelling.spans(whole)):
                    yield block.span()

    def _there(self, text: str) -> list[Spelling]:
        """Those that may be in it: most of the time none is, and nothing else need be asked."""
        return [spelling for anchor, spelling in self._anchors if anchor in text]

    def _redacted(self, value: Any) -> Any:  # noqa: ANN401 (any result)
        match value:
            case Enum() | None | bool():
                return value
            case Number():
                return MARK if in_digits(value) in self.parts else value
            case str():
                return self.redact(value)
            case Mapping():
                items = {key: self._redacted(item) for key, item in value.items()}
                return items if any(items[key] is not value[key] for key in items) else value
            case list() | tuple():
                found = [self._redacted(item) for item in value]
                if all(one is other for one, other in zip(found, value, strict=True)):
                    return value
                return found if isinstance(value, list) else tuple(found)
            case _ if is_dataclass(value) and not isinstance(value, type):
                return self._copy(value)
            case _:
                return value

    def _copy(self, value: Any) -> Any:  # noqa: ANN401
        old = {each.name: getattr(value, each.name) for each in fields(value)}
        # A field that is made for a number holds a count of envctl, which a text in its place would break.
        counts = {each.name for each in fields(value) if each.type not in (object, Any, "object", "Any")}
        new = {
            name: item if isinstance(item, Number) and name in counts else self._redacted(item)
            for name, item in old.items()
        }
        if all(new[name] is item for name, item in old.items()):
            return value
        # Not through its constructor, which may check what a marker does not fit.
        copy = object.__new__(type(value))
        for name, item in new.items():
            object.__setattr__(copy, name, item)
        return copy


NOTHING = Redactor()


def _replaced(text: str, spans: list[tuple[int, int]]) -> str:
    """`spans` are sorted. Those that touch one another are one."""
    pieces, done = list[str](), 0
    start, end = spans[0]
    for begins, ends in [*spans[1:], (len(text) + 1, 0)]:
        if begins <= end:
            end = max(end, ends)
            continue
        pieces += [text[done:start], MARK]
        done, start, end = end, begins, ends
    return "".join([*pieces, text[done:]])
