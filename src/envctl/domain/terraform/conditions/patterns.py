"""Regular expressions of RE2, as Terraform has them: whether one matches.

They are translated for Python's own engine, where it gives the same answer. It tries all ways to match, one after the
other, and a pattern like `(a+)+$` could hold it for hours: patterns with many ways are left to Terraform.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce

from envctl.domain.terraform.conditions.values import UncertainError

_MOST_REPEATS = 1000
_MOST_STEPS = 10_000_000
# The last one stands for all that are not listed.
_LETTERS = "".join(map(chr, (*range(256), 0x10FFFF)))
_TOKEN = re.compile(
    r"(?P<set>\[\^?\]?(?:\[:\w+:\]|\\.|[^\]\\])*\])|(?P<open>\((?:\?:|(?!\?)))|(?P<close>\))|(?P<choice>\|)"
    r"|(?P<edge>[\^$]|\\[Az])|(?P<letters>\.|\\[dDwWsS])|(?P<letter>\\.|[^\\()\[|*+?{])"
    r"|(?P<count>(?:[*+?]|\{\d{1,4}(?:,\d{0,4})?\})\??)",
    re.DOTALL | re.ASCII,
)
_SET_ITEM = re.compile(r"(?P<letters>\[:\w+:\]|\\[dDwWsS])|(?P<first>\\?.)(?:-(?P<last>\\?.))?", re.DOTALL | re.ASCII)
_EDGES = {"^": r"\A", r"\A": r"\A", "$": r"\Z", r"\z": r"\Z"}
_COUNTS: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_SPACES = r"\t\n\f\r "
_ESCAPES = {"a": "\a", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_CLASSES = {
    "[:alnum:]": "0-9A-Za-z",
    "[:alpha:]": "A-Za-z",
    "[:digit:]": "0-9",
    "[:lower:]": "a-z",
    "[:punct:]": r"!-/:-@\[-`{-~",
    "[:space:]": r"\t-\r ",
    "[:upper:]": "A-Z",
    "[:word:]": "0-9A-Z_a-z",
    "[:xdigit:]": "0-9A-Fa-f",
    r"\s": _SPACES,
    **{name: name for name in (r"\d", r"\D", r"\w", r"\W")},
}


@dataclass(frozen=True)
class _Part:
    """A part of a pattern, in Python's syntax."""

    text: str  # the part itself
    firsts: frozenset[str] = frozenset()  # the letters that it can begin with
    is_optional: bool = False  # whether it matches an empty text
    repeats: int = 1  # the product of its nested counts, which RE2 limits
    # The most ways to match a text, from the letters that may follow.
    count_ways: Callable[[frozenset[str]], int] = lambda _: 1
    is_complete: bool = False  # whether no count may follow


def is_match(pattern: str, text: str) -> bool:
    """Return whether the pattern matches a part. Raises UncertainError for unknown syntax or a possibly long search."""
    return _compile(pattern, len(text)).search(text) is not None


@lru_cache(maxsize=256)
def _compile(pattern: str, length: int) -> re.Pattern[str]:
    tokens = list(_TOKEN.finditer(pattern))
    if sum(len(token[0]) for token in tokens) < len(pattern):
        raise UncertainError("an unknown pattern")
    try:
        found = _read_choice(iter(tokens), length, is_top=True)
        is_anchored = found.text.startswith(r"(?:\A") and "|" not in found.text
        _check_steps(found.count_ways(frozenset()) * (length + 1) ** (1 if is_anchored else 2))
        return re.compile(found.text, re.ASCII)
    except (re.error, RecursionError, OverflowError):
        raise UncertainError("an unknown pattern") from None


def _check_steps(steps: int) -> int:
    if steps > _MOST_STEPS:
        raise UncertainError("too much work")
    return steps


def _read_choice(tokens: Iterator[re.Match[str]], length: int, *, is_top: bool = False) -> _Part:
    """Read up to the end of the group, or of the pattern."""
    rows: list[list[_Part]] = [[]]
    for token in tokens:
        row, kind, text = rows[-1], token.lastgroup, token[0]
        if kind == "choice":
            rows.append([])
        elif kind == "open":
            row.append(_read_choice(tokens, length))
        elif kind == "count":
            if not row or row[-1].is_complete:
                raise UncertainError("a repetition of nothing")
            row.append(_repeat_part(row.pop(), text, length))
        elif kind != "close":
            row.append(_read_letters(str(kind), text))
        elif is_top:
            raise UncertainError("an open group")
        else:
            return _join_choice([_join_row(each) for each in rows])
    if not is_top:
        raise UncertainError("an open group")
    return _join_choice([_join_row(each) for each in rows])


def _join_row(parts: Sequence[_Part]) -> _Part:
    def find_firsts(firsts: frozenset[str], part: _Part) -> frozenset[str]:
        return part.firsts | firsts if part.is_optional else part.firsts

    def count_ways(following: frozenset[str]) -> int:
        ways = 1
        for part in reversed(parts):
            ways = _check_steps(ways * part.count_ways(following))
            following = find_firsts(following, part)
        return ways

    firsts = reduce(find_firsts, reversed(parts), frozenset[str]())
    repeats = max((part.repeats for part in parts), default=1)
    return _Part("".join(p.text for p in parts), firsts, all(p.is_optional for p in parts), repeats, count_ways)


def _join_choice(rows: Sequence[_Part]) -> _Part:
    firsts = frozenset[str]().union(*(row.firsts for row in rows))
    is_optional = any(row.is_optional for row in rows)

    def count_ways(following: frozenset[str]) -> int:
        ways = [row.count_ways(following) for row in rows]
        is_clear = len(firsts) == sum(len(row.firsts) for row in rows) and not (is_optional and firsts & following)
        return max(ways) if is_clear else sum(ways)

    text = "|".join(row.text for row in rows)
    return _Part(f"(?:{text})", firsts, is_optional, max(row.repeats for row in rows), count_ways)


def _repeat_part(part: _Part, text: str, length: int) -> _Part:
    bounds = text[:-1] if len(text) > 1 and text.endswith("?") else text
    least, most = _COUNTS.get(bounds) or (-1, None)
    if least < 0:
        first, comma, last = bounds[1:-1].partition(",")
        least, most = int(first), (int(last) if last else None) if comma else int(first)
    repeats = max(least, most or 0, 1) * part.repeats
    if repeats > _MOST_REPEATS or (most is not None and most < least):
        raise UncertainError("an invalid repetition")

    def count_ways(following: frozenset[str]) -> int:
        ways = part.count_ways(following if most == 1 else following | part.firsts)
        if ways == 1:
            # Where another letter must follow, it says how often.
            is_clear = not part.is_optional and not part.firsts & following
            return 1 if is_clear else max((length if most is None else most) - least, 0) + 1
        if most is None:
            raise UncertainError("too much work")
        return sum(_check_steps(ways**count) for count in range(least, most + 1))

    return _Part(part.text + text, part.firsts, part.is_optional or least == 0, repeats, count_ways, is_complete=True)


def _read_letters(kind: str, text: str) -> _Part:
    if kind == "edge":
        # No letter can follow the end.
        return _Part(_EDGES[text], is_complete=True)
    if kind == "letter":
        translated = re.escape(_read_letter(text))
    elif kind == "set":
        translated = _translate_set(text)
    else:
        translated = {r"\s": f"[{_SPACES}]", r"\S": f"[^{_SPACES}]"}.get(text, text)
    unlisted = "" if translated.isascii() else _LETTERS[-1]
    return _Part(translated, frozenset((*re.findall(translated, _LETTERS, re.ASCII), *unlisted)))


def _read_letter(text: str) -> str:
    """Return the letter of a text, which may be an escape."""
    if text[:1] != "\\":
        return text
    if text[1].isascii() and not text[1].isalnum():
        return text[1]
    if text[1] not in _ESCAPES:
        raise UncertainError("an unknown escape")
    return _ESCAPES[text[1]]


def _translate_set(text: str) -> str:
    negation = "^" if text.startswith("[^") else ""
    found = []
    for item in _SET_ITEM.finditer(text[1 + len(negation) : -1]):
        if item["letters"]:
            if item["letters"] not in _CLASSES:
                raise UncertainError("an unknown class of letters")
            found.append(_CLASSES[item["letters"]])
        else:
            ends = [_read_letter(each) for each in (item["first"], item["last"]) if each]
            if ends[-1] < ends[0] or item["last"] == "[" or (item["first"] == "[" and ":" in text):
                raise UncertainError("an invalid range of letters")
            found.append("-".join(map(re.escape, ends)))
    return f"[{negation}{''.join(found)}]"
