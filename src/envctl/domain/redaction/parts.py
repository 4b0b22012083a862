"""The rule: which texts of a sensitive value are worth searching for.

Whatever is too short, or a word that envctl itself says all the time, would redact half of a screen and protect
nothing: a value that can be guessed is not made secret by hiding it.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping

SHORTEST = 4
"""Characters of a text. GitHub masks nothing shorter either."""

SHORTEST_NUMBER = 6
"""Digits, also of a text that consists of digits alone: years, ports and counts have fewer."""

SHORTEST_LINE = 6
"""Characters of one line of several: `---`, `name:` and `},` are in many files."""

MOST_IN_A_RULE = 5
"""Different marks. Of fewer is what separates one thing from another, like `-----`."""

LONGEST = 512
"""A longer line is searched for in pieces of so many characters, as what quotes it may quote a part of it."""

WORDS = frozenset(
    """
    true false null none default enabled disabled sensitive public private
    create created update updated delete deleted replace replaced read move moved import imported forget change changed
    changes apply applied plan planned promote promoted rollback destroy destroyed refresh verify verified approve
    approved failed succeeded passed refused skipped unchanged interrupted unfinished abandoned stopped done drift
    drifted error errors warning warnings info debug trace string number bool list object module modules resource
    resources output outputs variable provider terraform envctl stack stacks release environment environments project
    settings secret secrets password token name value type code message hint file line local http https
    """.split()  # noqa: SIM905 (a list of words reads best as one)
)
_DIGITS = re.compile(r"[\d\s.,:+-]*")
_IN_A_URL = re.compile(r"://[^/@\s:]*:([^@\s/]+)@")
_DEEPEST = 100


def find_parts(value: object, public: Iterable[str] = ()) -> frozenset[str]:
    """All leaves of a nested value that the rule takes, and each line of those with several. Keys of maps are names,
    and no values. What is JSON itself is taken apart too, and so is a URL with a password in it.

    `public` are names that are no secret wherever they stand, like those of environments and stacks.
    """
    names = {name.lower() for name in public} | WORDS
    return frozenset(
        part for text in _texts(value, _DEEPEST) for part in _lines(text) if part.lower() not in names
    )  # fmt: skip


def _texts(value: object, depth: int) -> Iterator[str]:
    """Leaves as text. Too deep a value is one text."""
    match value:
        case None | bool():
            return
        case int():
            yield str(value)
        case str():
            yield value
            yield from _within(value, depth)
        case Mapping() if depth:
            for item in value.values():
                yield from _texts(item, depth - 1)
        case list() | tuple() | set() | frozenset() if depth:
            for item in value:
                yield from _texts(item, depth - 1)
        case _:
            yield in_digits(value)


def in_digits(value: object) -> str:
    """Numbers that are not whole, as Terraform writes them."""
    # Imported late, as few of these are sensitive: every command in CI loads this file.
    from decimal import Decimal

    from envctl.domain.terraform.literals import number_text

    return number_text(value) if isinstance(value, float | Decimal) else str(value)


def _within(text: str, depth: int) -> Iterator[str]:
    yield from _IN_A_URL.findall(text)
    if depth and text.lstrip()[:1] in ("{", "["):
        try:
            read = json.loads(text)
        except (ValueError, RecursionError):
            return
        yield from _texts(read, depth - 1)


def _lines(text: str) -> Iterator[str]:
    lines = [line.strip() for line in text.splitlines()]
    shortest = SHORTEST if len([*filter(None, lines)]) <= 1 else SHORTEST_LINE
    for line in lines:
        for start in range(0, len(line), LONGEST):
            piece = line[start : start + LONGEST].strip()
            if _counts(piece, shortest):
                yield piece


def _counts(text: str, shortest: int) -> bool:
    if len(text) < shortest or len(set(text)) == 1:
        return False
    digits = sum(character.isdigit() for character in text)
    if _DIGITS.fullmatch(text):
        return digits >= SHORTEST_NUMBER
    # A rule of dashes is no password, but marks alone may be one.
    return digits > 0 or any(map(str.isalpha, text)) or len(set(text)) >= MOST_IN_A_RULE
