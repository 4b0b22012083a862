"""Regular expressions of RE2, as Terraform has them: whether one matches, in a time that grows with the text alone.

Python's own engine has other rules, and a pattern like `(a+)+$` could hold it for hours.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from envctl.domain.terraform.conditions.values import UncertainError

_LAST = 0x10FFFF
_MOST_REPEATS = 1000
_MOST_STATES = 20_000
_MOST_STEPS = 100_000
Ranges: TypeAlias = tuple[tuple[int, int], ...]


def _to_ranges(text: str) -> Ranges:
    return tuple((ord(first), ord(last)) for first, last in zip(text[::2], text[1::2], strict=True))


_DIGIT, _WORD, _SPACE = _to_ranges("09"), _to_ranges("09AZ__az"), _to_ranges("\t\n\f\r  ")
_CLASSES = {"d": _DIGIT, "w": _WORD, "s": _SPACE}
_NAMED_CLASSES = {
    "alnum": _to_ranges("09AZaz"),
    "alpha": _to_ranges("AZaz"),
    "digit": _DIGIT,
    "lower": _to_ranges("az"),
    "punct": _to_ranges("!/:@[`{~"),
    "space": _to_ranges("\t\r  "),
    "upper": _to_ranges("AZ"),
    "word": _WORD,
    "xdigit": _to_ranges("09AFaf"),
}
_ESCAPES = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_COUNT = re.compile(r"\{(\d{1,4})(,(\d{0,4}))?\}", re.ASCII)
_NAMED = re.compile(r"\[:(\^?)(\w+):\]", re.ASCII)


@dataclass(frozen=True)
class _Letters:
    ranges: Ranges


@dataclass(frozen=True)
class _Edge:
    """The start or the end of the text."""

    is_start: bool


@dataclass(frozen=True)
class _Row:
    items: "tuple[_Pattern, ...]"


@dataclass(frozen=True)
class _Choice:
    items: "tuple[_Pattern, ...]"


@dataclass(frozen=True)
class _Repeat:
    item: "_Pattern"
    least: int
    most: int | None


_Pattern: TypeAlias = _Letters | _Edge | _Row | _Choice | _Repeat


def is_match(pattern: str, text: str) -> bool:
    """Return whether the pattern matches a part of the text. Raises UncertainError outside of the known syntax."""
    machine = _compile(pattern)
    return machine.search(text)


@lru_cache(maxsize=256)
def _compile(pattern: str) -> "_Machine":
    parser = _Parser(pattern)
    found = parser.parse_choice()
    if parser.at < len(pattern) or _measure_repeats(found) > _MOST_REPEATS:
        raise UncertainError("an unknown pattern")
    machine = _Machine()
    machine.start = machine.add_pattern(found, machine.end)
    return machine


def _measure_repeats(pattern: _Pattern) -> int:
    """Return the largest product of nested counts, which RE2 limits."""
    match pattern:
        case _Row(items) | _Choice(items):
            return max(map(_measure_repeats, items), default=1)
        case _Repeat(item, least, most):
            return max(least, most or 0, 1) * _measure_repeats(item)
        case _:
            return 1


@dataclass
class _Parser:
    text: str
    at: int = 0

    @property
    def next_letter(self) -> str:
        return self.text[self.at : self.at + 1]

    def parse_choice(self) -> _Pattern:
        rows = [self._parse_row()]
        while self.next_letter == "|":
            self.at += 1
            rows.append(self._parse_row())
        return rows[0] if len(rows) == 1 else _Choice(tuple(rows))

    def _parse_row(self) -> _Pattern:
        items: list[_Pattern] = []
        while self.next_letter not in ("", "|", ")"):
            items.append(self._parse_repeat(self._parse_item()))
        return _Row(tuple(items))

    def _parse_repeat(self, item: _Pattern) -> _Pattern:
        bounds = self._take_bounds()
        if bounds is None:
            return item
        if isinstance(item, _Edge) or self._take_bounds() is not None:
            raise UncertainError("a repetition of nothing")
        return _Repeat(item, *bounds)

    def _take_bounds(self) -> tuple[int, int | None] | None:
        simple: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        if (bounds := simple.get(self.next_letter)) is not None:
            self.at += 1
        elif self.next_letter == "{":
            found = _COUNT.match(self.text, self.at)
            if found is None:
                raise UncertainError("a brace")
            self.at = found.end()
            least = int(found[1])
            bounds = least, (int(found[3]) if found[3] else None) if found[2] else least
            if max(least, bounds[1] or 0) > _MOST_REPEATS or (bounds[1] is not None and bounds[1] < least):
                raise UncertainError("an invalid repetition")
        else:
            return None
        if self.next_letter == "?":
            # Lazy: it decides how much is matched, not whether.
            self.at += 1
        return bounds

    def _parse_item(self) -> _Pattern:
        letter = self.next_letter
        self.at += 1
        match letter:
            case "(":
                return self._parse_group()
            case "[":
                return _Letters(self._parse_set())
            case ".":
                return _Letters(_invert(((10, 10),)))
            case "^" | "$":
                return _Edge(letter == "^")
            case "\\":
                return self._parse_escape()
            case "*" | "+" | "?" | "{":
                raise UncertainError("a repetition of nothing")
            case _:
                return _Letters(((ord(letter), ord(letter)),))

    def _parse_group(self) -> _Pattern:
        if self.next_letter == "?":
            if self.text[self.at : self.at + 2] != "?:":
                raise UncertainError("flags of a group")
            self.at += 2
        inner = self.parse_choice()
        if self.next_letter != ")":
            raise UncertainError("an open group")
        self.at += 1
        return inner

    def _parse_escape(self) -> _Pattern:
        if self.next_letter in ("A", "z"):
            self.at += 1
            return _Edge(self.text[self.at - 1] == "A")
        return _Letters(self._parse_escaped_letters())

    def _parse_escaped_letters(self) -> Ranges:
        letter = self.next_letter
        self.at += 1
        if letter.lower() in _CLASSES:
            ranges = _CLASSES[letter.lower()]
            return ranges if letter.islower() else _invert(ranges)
        if letter in _ESCAPES:
            return ((ord(_ESCAPES[letter]), ord(_ESCAPES[letter])),)
        if letter and letter.isascii() and not letter.isalnum():
            return ((ord(letter), ord(letter)),)
        raise UncertainError("an unknown escape")

    def _parse_set(self) -> Ranges:
        negated = self.next_letter == "^"
        self.at += negated
        ranges: list[tuple[int, int]] = []
        is_first = True
        while is_first or self.next_letter != "]":
            is_first = False
            found = self._parse_set_item()
            is_range = self.next_letter == "-" and self.text[self.at + 1 : self.at + 2] not in ("", "]")
            if is_range:
                self.at += 1
                last = self._parse_set_item()
                if not _is_single(found) or not _is_single(last) or last[0][0] < found[0][0]:
                    raise UncertainError("an invalid range of letters")
                found = ((found[0][0], last[0][0]),)
            ranges += found
        self.at += 1
        return _invert(ranges) if negated else tuple(ranges)

    def _parse_set_item(self) -> Ranges:
        if (named := _NAMED.match(self.text, self.at)) is not None:
            if named[2] not in _NAMED_CLASSES:
                raise UncertainError("an unknown class of letters")
            self.at = named.end()
            ranges = _NAMED_CLASSES[named[2]]
            return _invert(ranges) if named[1] else ranges
        letter = self.next_letter
        if not letter:
            raise UncertainError("an open set")
        self.at += 1
        return self._parse_escaped_letters() if letter == "\\" else ((ord(letter), ord(letter)),)


def _is_single(ranges: Ranges) -> bool:
    return len(ranges) == 1 and ranges[0][0] == ranges[0][1]


def _invert(ranges: Iterable[tuple[int, int]]) -> Ranges:
    found, start = [], 0
    for first, last in sorted(ranges):
        if first > start:
            found.append((start, first - 1))
        start = max(start, last + 1)
    return (*found, (start, _LAST)) if start <= _LAST else tuple(found)


@dataclass
class _State:
    """A state: it takes a letter of `ranges`, or none. At an edge of the text only, if `edge` is given."""

    targets: list[int]
    ranges: Ranges | None = None
    edge: bool | None = None


@dataclass
class _Machine:
    states: list[_State] = field(default_factory=lambda: [_State([])])
    start: int = 0
    end: int = 0

    def add_pattern(self, pattern: _Pattern, target: int) -> int:
        """Add the states of a pattern in front of `target`. Return its first state."""
        match pattern:
            case _Letters(ranges):
                return self._add_state(_State([target], ranges))
            case _Edge(is_start):
                return self._add_state(_State([target], edge=is_start))
            case _Row(items):
                for item in reversed(items):
                    target = self.add_pattern(item, target)
                return target
            case _Choice(items):
                return self._add_state(_State([self.add_pattern(item, target) for item in items]))
            case _Repeat(item, least, most):
                return self._add_repeat(item, least, most, target)

    def _add_repeat(self, item: _Pattern, least: int, most: int | None, target: int) -> int:
        if most is None:
            loop = _State([target])
            target = self._add_state(loop)
            loop.targets.append(self.add_pattern(item, target))
        else:
            after = target
            for _ in range(most - least):
                target = self._add_state(_State([self.add_pattern(item, target), after]))
        for _ in range(least):
            target = self.add_pattern(item, target)
        return target

    def _add_state(self, state: _State) -> int:
        if len(self.states) >= _MOST_STATES:
            raise UncertainError("too large a pattern")
        self.states.append(state)
        return len(self.states) - 1

    def search(self, text: str) -> bool:
        current: set[int] = set()
        steps = 0
        for at in range(len(text) + 1):
            current = self._close({*current, self.start}, is_start=at == 0, is_end=at == len(text))
            steps += len(current)
            if self.end in current:
                return True
            if steps > _MOST_STEPS:
                raise UncertainError("too much work")
            if at < len(text):
                current = self._advance(current, ord(text[at]))
        return False

    def _advance(self, current: set[int], letter: int) -> set[int]:
        states = (self.states[number] for number in current)
        return {
            state.targets[0]
            for state in states
            if state.ranges is not None and any(first <= letter <= last for first, last in state.ranges)
        }

    def _close(self, reached: set[int], *, is_start: bool, is_end: bool) -> set[int]:
        """Return the states reached without a letter."""
        waiting = list(reached)
        while waiting:
            state = self.states[waiting.pop()]
            if state.ranges is not None or (state.edge is not None and not (is_start if state.edge else is_end)):
                continue
            new = [target for target in state.targets if target not in reached]
            reached.update(new)
            waiting += new
        return reached
