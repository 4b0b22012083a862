"""Select the parts of a sensitive value to search for.

Short texts and common words are skipped: they would redact half of the output, and are easily guessed anyway.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping

MIN_TEXT_LENGTH = 4
"""Characters of a text. GitHub masks no shorter ones either."""

MIN_NUMBER_DIGITS = 6
"""Digits of a number or of a text of digits: years, ports and counts have fewer."""

MIN_LINE_LENGTH = 6
"""Characters of a line in a text of several lines: `---`, `name:` and `},` are common."""

MIN_DISTINCT_MARKS = 5
"""Distinct characters of a text of punctuation: separators like `-----` have fewer."""

MAX_PIECE_LENGTH = 512
"""Characters of a piece. Longer lines are split: an error message may quote a part of them."""

COMMON_WORDS = frozenset(
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
_URL_PASSWORD = re.compile(r"://[^/@\s:]*:([^@\s/]+)@")
_MAX_DEPTH = 100


def find_parts(value: object, public: Iterable[str] = ()) -> frozenset[str]:
    """Return the searchable lines of all leaves of a nested value, without keys of maps.

    JSON texts and passwords in URLs are parsed too. `public` are names to skip, like those of environments and stacks.
    """
    names = {name.lower() for name in public} | COMMON_WORDS
    return frozenset(
        part for text in _walk_texts(value, _MAX_DEPTH) for part in _split_pieces(text) if part.lower() not in names
    )  # fmt: skip


def _walk_texts(value: object, depth: int) -> Iterator[str]:
    """Yield leaves as text; a value nested too deep is one text."""
    match value:
        case None | bool():
            return
        case int():
            yield str(value)
        case str():
            yield value
            yield from _walk_embedded(value, depth)
        case Mapping() if depth:
            for item in value.values():
                yield from _walk_texts(item, depth - 1)
        case list() | tuple() | set() | frozenset() if depth:
            for item in value:
                yield from _walk_texts(item, depth - 1)
        case _:
            yield format_number(value)


def format_number(value: object) -> str:
    """Return a number as text, with fractions as Terraform writes them."""
    # Imported late, since such values are rare, and each command in CI loads this module.
    from decimal import Decimal

    from envctl.domain.terraform.literals import format_number

    return format_number(value) if isinstance(value, float | Decimal) else str(value)


def _walk_embedded(text: str, depth: int) -> Iterator[str]:
    yield from _URL_PASSWORD.findall(text)
    if depth and text.lstrip()[:1] in ("{", "["):
        try:
            read = json.loads(text)
        except (ValueError, RecursionError):
            return
        yield from _walk_texts(read, depth - 1)


def _split_pieces(text: str) -> Iterator[str]:
    lines = [line.strip() for line in text.splitlines()]
    shortest = MIN_TEXT_LENGTH if len([*filter(None, lines)]) <= 1 else MIN_LINE_LENGTH
    for line in lines:
        for start in range(0, len(line), MAX_PIECE_LENGTH):
            piece = line[start : start + MAX_PIECE_LENGTH].strip()
            if _is_searchable(piece, shortest):
                yield piece


def _is_searchable(text: str, shortest: int) -> bool:
    if len(text) < shortest or len(set(text)) == 1:
        return False
    digits = sum(character.isdigit() for character in text)
    if _DIGITS.fullmatch(text):
        return digits >= MIN_NUMBER_DIGITS
    # A line of dashes is no password; mixed punctuation may be one.
    return digits > 0 or any(map(str.isalpha, text)) or len(set(text)) >= MIN_DISTINCT_MARKS
