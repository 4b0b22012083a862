"""Runs of letters that may be base64 or hex, and what they stand for."""

import binascii
import re
from collections.abc import Collection, Iterable, Iterator, Sequence

_LETTERS = "[A-Za-z0-9+/_-]"
_WRAPPED_LENGTH = 40
"""Letters before a break in a line of wrapped base64."""

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
