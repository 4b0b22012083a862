"""The search for secrets in texts. Encoded texts are decoded, not secrets encoded, and one pass over a text filters the
secrets: the cost hardly depends on their number.
"""

import binascii
import re
import sys
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import TypeVar

from envctl.domain.redaction.parts import COMMON_WORDS
from envctl.domain.redaction.spellings import Spelling, list_encodings

T = TypeVar("T")
MIN_LENGTH = 8
"""Characters of a secret that is found in any letter case, reversed and cut."""

MIN_MIXED_LENGTH = 4
"""The same, but for cuts, of a secret with at least MIN_CLASSES of: lower case, upper case, digits, others."""

MIN_CLASSES = 3
_MAX_DEPTH = 3  # of encodings within each other: base64 of JSON with base64 in it has two
_GRAM = 4
_LETTERS = "[A-Za-z0-9+/_-]"
_WRAPPED_LENGTH = 40
# `+`, `/`, `-` and `_` as escapes of JSON, URLs, HTML and shells. The lookbehinds tell which of them begins.
_ESCAPED_SIGN = re.compile(
    r"[%\\&](?:(?<=%)(?:25)*(2[bdf]|5f)"
    r"|(?<=\\)(?<!\\\\)\\*+(?:(?:x|u00|u0{6}|u\{0*)(2[bdf]|5f)\}?|(05[357]|137)|([+/_-]))"
    r"|(?<=&)(?:amp;)*#(?:x0*(2[bdf]|5f)|0*(4[357]|95));)",
    re.IGNORECASE,
)
_BASES = (16, 16, 8, 0, 16, 10)
_BREAK = re.compile(
    rf"[ \t\r\n\\%](?<={_LETTERS}{{{_WRAPPED_LENGTH}}}[ \t\r\n\\%])"
    rf"(?:(?<=\n)|[ \t\r]*\n|(?<=\\)\\*(?:r\\+)?n|(?<=%)(?:25)*(?:0[dD]%(?:25)*)?0[aA])[ \t]*(?={_LETTERS})"
)
_HEX = re.compile(rb"[0-9A-Fa-f]{8,}")
_STANDARD_LETTERS = bytes.maketrans(b"-_", b"+/")
_PADDING = b"zzzz"


class RunFinder:
    """Finds the runs that may stand for a secret.

    Args:
        length: bytes of the shortest secret.
        ascii_length: bytes of ASCII in a row that each secret has. They leave their mark in base64 and hex, which few
            words have.
    """

    def __init__(self, length: int, ascii_length: int) -> None:
        self._run = re.compile(f"{_LETTERS}{{{(8 * length + 5) // 6},}}")
        # Of four letters of base64, three show that a bit of ASCII is zero. Of two digits of hex, the first does.
        marked = f"(?:[A-Za-f][A-HQ-Xg-nw-z0-3][ABEFIJMNQRUVYZcdghklopstwx014589]{_LETTERS})"
        whole = (ascii_length - 2) // 3
        self._mark = re.compile(f"{marked}{{{whole}}}|(?:[0-7][0-9A-Fa-f]){{{ascii_length}}}" if whole > 0 else "")

    def find_letters(self, text: str) -> set[str]:
        """Return the letters of the runs in a text without escapes and breaks."""
        return {run for run in self._run.findall(text) if self._mark.search(run)}

    def find_spans(self, text: str, letters: Collection[str]) -> Iterator[tuple[int, int]]:
        """Yield the spans of runs with these letters."""
        yield from (run.span() for run in self._run.finditer(text) if run[0] in letters)


def is_long(part: str) -> bool:
    """Check if a secret is found in any letter case and reversed. Others would redact unrelated texts then."""
    kinds = (str.islower, str.isupper, str.isdigit)
    others = any(not any(is_kind(each) for is_kind in kinds) for each in part)
    classes = sum(any(map(is_kind, part)) for is_kind in kinds) + others
    return len(part) >= MIN_LENGTH or (len(part) >= MIN_MIXED_LENGTH and classes >= MIN_CLASSES)


def select_holding(items: Sequence[T], holds: Callable[[Sequence[T]], bool]) -> Iterator[T]:
    """Yield the items for which `holds` is true. It is asked for many at once, and for halves of those with some."""
    if items and holds(items):
        middle = len(items) // 2
        if middle:
            yield from select_holding(items[:middle], holds)
            yield from select_holding(items[middle:], holds)
        else:
            yield items[0]


class SecretSearch:
    """Finds `parts` in texts. A form that is one of `public`, or within the mark `kept`, is none of a secret."""

    def __init__(self, parts: Sequence[str], public: frozenset[str], kept: str) -> None:
        names = COMMON_WORDS | public
        spellings = [each for part in parts for each in _list_spellings(part, names, kept)]
        self._short = [each for each in spellings if len(each.anchor) < _GRAM]
        self._by_gram: dict[int, list[Spelling]] = {}
        for each in spellings:
            for start in range(min(len(each.anchor) - _GRAM + 1, _GRAM)):
                gram = int.from_bytes(each.anchor[start : start + _GRAM].encode(), sys.byteorder)
                self._by_gram.setdefault(gram, []).append(each)
        self._grams = frozenset(self._by_gram)
        # Read at each fourth byte, an anchor of seven holds a whole gram. Shorter ones need readings from others on.
        shortest = min((len(each.anchor) for each in spellings if len(each.anchor) >= _GRAM), default=2 * _GRAM - 1)
        self._readings = range(max(2 * _GRAM - shortest, 1))
        # Short ones are searched for in base64 and hex: too many words could be decoded to one.
        long = [part for part in parts if is_long(part)]
        self._is_wide = not all(map(str.isascii, long))
        self._runs = RunFinder(min(map(_count_left, long)), min(map(_count_ascii, long))) if long else None

    def find_spans(self, text: str, depth: int = _MAX_DEPTH) -> Iterator[tuple[int, int]]:
        """Yield the spans of secrets, overlapping ones too. Of an encoded text with a secret, all is one."""
        yield from self._find_plain(text)
        joined, places = join_letters(text)
        if joined is not text:
            yield from ((places[start], places[end]) for start, end in self._find_plain(joined))
        if self._runs is not None and depth:
            runs = [*self._runs.find_letters(joined)]
            suspects = select_holding(runs, lambda some: self._may_hold(join_runs(some), depth))
            if hidden := {run for run in suspects if self._holds_secret(run, depth)}:
                found = self._runs.find_spans(joined, hidden)
                yield from ((places[start], places[end]) for start, end in found)

    def _find_plain(self, text: str) -> Iterator[tuple[int, int]]:
        # Of letters beyond ASCII, the patterns know both cases.
        data = text.encode("utf-8", "surrogatepass").lower()
        if spellings := self._select_spellings(data):
            lower = data.decode("utf-8", "surrogatepass")
            for spelling in spellings:
                yield from spelling.find_spans(text, lower)

    def _select_spellings(self, data: bytes) -> dict[Spelling, None]:
        """Return the spellings whose anchor is in a text in lower case: few of those without a match."""
        grams = [gram for at in self._readings for gram in self._grams.intersection(_read_grams(data, at))]
        found = [each for gram in grams for each in self._by_gram[gram]]
        return dict.fromkeys(each for each in (*found, *self._short) if each.anchor.encode() in data)

    def _may_hold(self, runs: bytes, depth: int) -> bool:
        for data in decode_runs(runs):
            # Without the zeros, ASCII in UTF-16 reads as in UTF-8.
            plain = data.translate(None, b"\0")
            if self._select_spellings(plain.lower()):
                return True
            inner = (
                self._runs.find_letters(join_letters(plain.decode("latin-1"))[0]) if self._runs and depth > 1 else ()
            )
            if inner and self._may_hold(join_runs(inner), depth - 1):
                return True
        return False

    def _holds_secret(self, run: str, depth: int) -> bool:
        texts = (text for data in decode_runs(run.encode()) for text in read_texts(data, wide=self._is_wide))
        return any(True for text in texts for _ in self.find_spans(text, depth - 1))


def _read_grams(data: bytes, start: int) -> Iterable[int]:
    """Read a text as numbers, of four bytes each: sets of them are compared in C."""
    end = start + (len(data) - start) // _GRAM * _GRAM
    return memoryview(data)[start:end].cast("I") if end > start else ()


def _count_left(part: str) -> int:
    """Return how many characters are left of a secret that is cut."""
    return len(part) - (len(part) >= MIN_LENGTH)


def _count_ascii(part: str) -> int:
    """Return how many characters of ASCII in a row are in each form of a secret."""
    in_ascii = re.findall(r"[\0-\x7f]+", part if part.isascii() else part[1:-1])
    return min(_count_left(part), max(map(len, in_ascii), default=0))


def _list_spellings(part: str, names: frozenset[str], kept: str) -> Iterator[Spelling]:
    is_loose = is_long(part)
    if not is_loose:
        yield from (Spelling(text) for text in list_encodings(part) if text not in kept)
    has_reverse = is_loose and part[::-1].lower() not in names
    for text in dict.fromkeys((part, part[::-1]) if has_reverse else (part,)):
        can_be_cut = len(part) >= MIN_LENGTH and names.isdisjoint((text[1:].lower(), text[:-1].lower()))
        for is_cut in (True, False) if can_be_cut else (False,):
            form = _build_spelling(text, is_loose, is_cut)
            # A form within the mark would be redacted endlessly.
            if form.anchor not in kept or not any(True for _ in form.find_spans(kept, kept)):
                yield form
                break


@lru_cache(maxsize=2**12)
def _build_spelling(text: str, is_loose: bool, is_cut: bool) -> Spelling:
    """Return a spelling with its compiled pattern: secrets are met again with each stack."""
    return Spelling(text, loose=is_loose, cut=is_cut)


def join_letters(text: str) -> tuple[str, Sequence[int]]:
    """Return the text without the escapes and breaks in its runs, and the place of each of its characters before."""
    places: Sequence[int] = range(len(text) + 1)
    joined = text
    if "\\" in text or "%" in text or "&" in text:
        joined, places = _replace_all(_ESCAPED_SIGN, joined, places)
    if "\n" in joined or "\\" in joined or "%" in joined:
        joined, places = _replace_all(_BREAK, joined, places)
    return joined, places


def _replace_all(pattern: re.Pattern[str], text: str, places: Sequence[int]) -> tuple[str, Sequence[int]]:
    """Return the text without escapes or breaks, and the place of each of its characters before."""
    pieces, kept, done = list[str](), list[int](), 0
    for found in pattern.finditer(text):
        sign = _read_sign(found)
        pieces += text[done : found.start()], sign
        kept += places[done : found.start() + len(sign)]
        done = found.end()
    if not done:
        return text, places
    return "".join([*pieces, text[done:]]), [*kept, *places[done:]]


def _read_sign(found: re.Match[str]) -> str:
    if not found.lastindex:
        return ""
    sign, base = found[found.lastindex], _BASES[found.lastindex - 1]
    return chr(int(sign, base)) if base else sign


def join_runs(runs: Iterable[str]) -> bytes:
    """Return runs as one, to decode them at once."""
    return _PADDING.join(run.encode() for run in runs)


def decode_runs(runs: bytes) -> Iterator[bytes]:
    """Yield the bytes of base64 that begins at any letter, and of hex."""
    letters = runs.translate(_STANDARD_LETTERS) + _PADDING
    for start in range(4):
        yield binascii.a2b_base64(letters[start : start + (len(letters) - start) // 4 * 4])
    if digits := b"0000".join(_HEX.findall(runs)):
        for start in range(2):
            yield binascii.unhexlify(digits[start : start + (len(digits) - start) // 2 * 2])


def read_texts(data: bytes, *, wide: bool) -> Iterator[str]:
    """Yield what decoded bytes may say. `wide`: in UTF-16 too, if nothing in the bytes shows it."""
    yield data.decode(errors="replace")
    if wide or b"\0" in data:
        for start in range(2):
            for encoding in ("utf-16-le", "utf-16-be"):
                yield data[start:].decode(encoding, errors="replace")
