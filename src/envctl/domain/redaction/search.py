"""The search for secrets that are long enough to be found in any letter case, reversed, encoded and cut."""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from envctl.domain.redaction.anchors import AnchorIndex
from envctl.domain.redaction.encoded_runs import RunFinder, decode_runs, join_runs, read_texts
from envctl.domain.redaction.parts import COMMON_WORDS
from envctl.domain.redaction.spellings import Spelling

MIN_LENGTH = 8
"""Characters of a secret that is searched for in all forms."""

MIN_MIXED_LENGTH = 4
"""The same, with characters of at least MIN_CLASSES classes: lower case, upper case, digits, others."""

MIN_CLASSES = 3
MAX_DEPTH = 3
"""Encodings within each other: base64 of JSON with base64 in it has two."""


def is_long(part: str) -> bool:
    """Check if a secret is searched for in all forms. Others would redact what they have nothing to do with."""
    if len(part) >= MIN_LENGTH:
        return True
    is_other = any(not (each.islower() or each.isupper() or each.isdigit()) for each in part)
    classes = any(map(str.islower, part)), any(map(str.isupper, part)), any(map(str.isdigit, part)), is_other
    return len(part) >= MIN_MIXED_LENGTH and sum(classes) >= MIN_CLASSES


class SecretSearch:
    """Finds long secrets in texts. What a form has in common with `public` names or with the mark `kept` is no secret.

    Encoded texts are decoded, not secrets encoded: the cost hardly depends on the number of secrets.
    """

    def __init__(self, parts: Sequence[str], public: frozenset[str], kept: str) -> None:
        names = COMMON_WORDS | public
        self._index = AnchorIndex(each for part in parts for each in _list_spellings(part, names, kept))
        self._runs = RunFinder(min(map(_count_characters, parts)), min(map(_count_ascii, parts)))
        self._is_wide = not all(map(str.isascii, parts))

    def find_spans(self, text: str, depth: int = MAX_DEPTH) -> Iterator[tuple[int, int]]:
        """Yield the spans of secrets, overlapping ones too. Of an encoded text with a secret, all is one."""
        # Of letters beyond ASCII, the patterns know both cases.
        lower = text.encode("utf-8", "surrogatepass").lower()
        if spellings := self._index.select(lower):
            searched = lower.decode("utf-8", "surrogatepass")
            for spelling in spellings:
                yield from spelling.find_spans(text, searched)
        if depth and (hidden := set(self._select_runs([*self._runs.find_letters(text)], depth))):
            yield from self._runs.find_spans(text, hidden)

    def _select_runs(self, runs: Sequence[str], depth: int) -> Iterator[str]:
        """Yield the runs with a secret in them. Halves without any need no further look."""
        if not runs or not self._may_hold(join_runs(runs), depth):
            return
        if len(runs) > 1:
            middle = len(runs) // 2
            yield from self._select_runs(runs[:middle], depth)
            yield from self._select_runs(runs[middle:], depth)
        elif self._holds_secret(runs[0], depth):
            yield runs[0]

    def _may_hold(self, runs: bytes, depth: int) -> bool:
        for data in decode_runs(runs):
            # Without the zeros, ASCII in UTF-16 reads as in UTF-8.
            plain = data.translate(None, b"\0")
            if self._index.may_hold(plain.lower()):
                return True
            inner = self._runs.find_inner_letters(plain) if depth > 1 else ()
            if inner and self._may_hold(join_runs(inner), depth - 1):
                return True
        return False

    def _holds_secret(self, run: str, depth: int) -> bool:
        texts = (text for data in decode_runs(run.encode()) for text in read_texts(data, wide=self._is_wide))
        return any(True for text in texts for _ in self.find_spans(text, depth - 1))


def _count_characters(part: str) -> int:
    return len(part) - (len(part) >= MIN_LENGTH)


def _count_ascii(part: str) -> int:
    """Return how many characters of ASCII in a row are in each form of a secret."""
    if part.isascii():
        return _count_characters(part)
    inner = part[1:-1] if len(part) >= MIN_LENGTH else part
    return max(map(len, re.findall(r"[\0-\x7f]+", inner)), default=0)


def _list_spellings(part: str, names: frozenset[str], kept: str) -> Iterator[Spelling]:
    for text in dict.fromkeys((part, part[::-1])):
        if text != part and text.lower() in names:
            continue
        can_be_cut = len(part) >= MIN_LENGTH and names.isdisjoint((text[1:].lower(), text[:-1].lower()))
        for is_cut in (True, False) if can_be_cut else (False,):
            form = _build_spelling(text, is_cut)
            # A form within the mark would be redacted endlessly.
            if form.anchor not in kept or not any(True for _ in form.find_spans(kept, kept)):
                yield form
                break


@lru_cache(maxsize=2**12)
def _build_spelling(text: str, is_cut: bool) -> Spelling:  # noqa: FBT001 (the key of a cache)
    """Return a spelling with its compiled pattern: secrets are met again with each stack."""
    return Spelling(text, loose=True, cut=is_cut)
