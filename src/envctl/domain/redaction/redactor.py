"""Redact sensitive parts in texts and results."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from functools import cache, cached_property
from math import inf
from numbers import Number
from operator import attrgetter
from typing import Any, TypeVar, cast

from envctl.domain.redaction.parts import MIN_NUMBER_DIGITS, find_parts, format_number
from envctl.domain.redaction.search import SecretSearch, select_holding

T = TypeVar("T")
SENSITIVE_MARK = "(sensitive)"
"""The text of `Marker.SENSITIVE`, repeated since its module is slow to load."""

_MAX_ROUNDS = 4
_MAX_REMEMBERED = 2**18
_CHUNK_SIZE = 2**16
# No letter of an encoding, and no break within one.
_BETWEEN = "\x1f"


@dataclass(frozen=True)
class Redactor:
    """Replaces `parts`, of `find_parts`, in any spelling. `public` are names in lower case that are no form of one."""

    parts: frozenset[str] = frozenset()
    public: frozenset[str] = frozenset()

    @classmethod
    def from_values(cls, values: Iterable[object], public: Iterable[str] = ()) -> "Redactor":
        names = frozenset(name.lower() for name in public)
        return cls(frozenset(part for value in values for part in find_parts(value, names)), names)

    @cached_property
    def _search(self) -> SecretSearch:
        return SecretSearch(sorted(self.parts), self.public, SENSITIVE_MARK)

    @cached_property
    def _shortest(self) -> float:
        """Characters of the shortest text that may hold a part."""
        return max(min(map(len, self.parts), default=inf) - 1, 1)

    @cached_property
    def _clean_texts(self) -> set[str]:
        """Texts without a secret: equal ones are frequent."""
        return set()

    def redact(self, text: str) -> str:
        """Return the text with a mark in place of each sensitive part."""
        if text in self._clean_texts or len(text) < self._shortest:
            return text
        for _ in range(_MAX_ROUNDS):
            spans = sorted(self._search.find_spans(text))
            if not spans:
                self._remember_clean([text])
                return text
            text = _replace_spans(text, spans)
        # Text around a mark may form a sensitive part with it, again and again.
        return SENSITIVE_MARK if self._holds_any([text]) else text

    def has_secret(self, text: str) -> bool:
        """Check if there is a sensitive part anywhere in the text."""
        if text in self._clean_texts or len(text) < self._shortest:
            return False
        found = self._holds_any([text])
        self._remember_clean(() if found else (text,))
        return found

    def redact_all(self, value: T) -> T:
        """Return a result with texts and sensitive numbers redacted. Map keys, enums and typed number fields stay."""
        return value if not self.parts or self.check_all(value) else self._redact_value(value)

    def check_all(self, value: object, known: Collection[str] = ()) -> bool:
        """Check that no text of a result has a secret but `known` ones: faster than one by one, and remembered."""
        clean, shortest = self._clean_texts, self._shortest
        texts = dict.fromkeys(_list_texts(value))
        new = [text for text in texts if len(text) >= shortest and text not in clean and text not in known]
        chunks = list(_split_chunks(new))
        sensitive = {text for chunk in chunks for text in select_holding(chunk, self._holds_any)}
        self._remember_clean(text for text in new if text not in sensitive)
        return not sensitive

    def _holds_any(self, texts: Iterable[str]) -> bool:
        return any(True for _ in self._search.find_spans(_BETWEEN.join(texts)))

    def _remember_clean(self, texts: Iterable[str]) -> None:
        if len(self._clean_texts) > _MAX_REMEMBERED:
            self._clean_texts.clear()
        self._clean_texts.update(texts)

    def _redact_value(self, value: Any) -> Any:  # noqa: ANN401 (any result)
        match value:
            case Enum() | None | bool():
                return value
            case str():
                return self.redact(value)
            case Number():
                return SENSITIVE_MARK if self.is_sensitive_number(format_number(value)) else value
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

    def is_sensitive_number(self, text: str) -> bool:
        """Check if a number, as a text, is a form of a sensitive part as a whole: within another one it is a chance."""
        return len(text) >= MIN_NUMBER_DIGITS and (text in self.parts or self.redact(text) == SENSITIVE_MARK)

    def _redact_fields(self, value: Any) -> Any:  # noqa: ANN401
        old = dict(_list_fields(value))
        new = {name: self._redact_value(item) for name, item in old.items()}
        if all(new[name] is item for name, item in old.items()):
            return value
        # Not by its constructor, as its checks may reject a mark.
        copy = object.__new__(type(value))
        for each in fields(value):
            object.__setattr__(copy, each.name, new.get(each.name, getattr(value, each.name)))
        return copy


def _list_texts(value: object) -> Iterator[str]:
    """Yield all texts that `redact_all` reads, and long numbers as texts."""
    pending = [value]
    while pending:
        each = pending.pop()
        kind: Any = type(each)
        if kind is str:
            yield cast("str", each)
        else:
            pending += _select_reader(kind)(each)


@cache
def _select_reader(kind: type) -> Callable[[Any], Iterable[Any]]:
    """Return what reads the parts of values of a type: there may be hundreds of thousands."""
    if issubclass(kind, Number) and not issubclass(kind, Enum | bool):
        return lambda number: (format_number(number),)
    if issubclass(kind, str) and not issubclass(kind, Enum):
        return lambda text: ("".join(text),)
    if issubclass(kind, Mapping):
        return lambda items: items.values()
    if issubclass(kind, list | tuple):
        return lambda items: items
    names = [name for name, _ in _list_names(kind)] if is_dataclass(kind) else []
    # With one name alone, it would return no tuple.
    return attrgetter(*names, names[0]) if names else lambda _: ()


def _split_chunks(texts: list[str]) -> Iterator[list[str]]:
    first, size = 0, 0
    for place, text in enumerate(texts, 1):
        size += len(text)
        if size > _CHUNK_SIZE or place == len(texts):
            yield texts[first:place]
            first, size = place, 0


def _list_fields(value: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    """Yield the fields to redact: those typed as a number hold counts of envctl, and must stay numbers."""
    kind: Any = type(value)
    for name, may_be_count in _list_names(kind):
        item = getattr(value, name)
        if not (may_be_count and isinstance(item, Number)):
            yield name, item


@cache
def _list_names(kind: type) -> tuple[tuple[str, bool], ...]:
    untyped = (object, Any, "object", "Any")
    return tuple((each.name, each.type not in untyped) for each in fields(kind) if not each.metadata.get("public"))


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


INSTANCE_KEY = re.compile(r'\["((?:[^"\\]|\\.)*)"\]')
"""An instance key, as Terraform spells it in an address."""


def redact_address(address: str, values: Iterable[object]) -> str:
    """Redact whole instance keys that hold one of the values; names of modules, types and resources stay."""
    redactor = Redactor.from_values(values)
    return INSTANCE_KEY.sub(
        lambda found: found[0] if redactor.redact(found[1]) == found[1] else f'["{SENSITIVE_MARK}"]', address
    )
