"""Spellings of a text in quotes and logs: plain and escaped.

Escapes are matched for each character, and may be mixed: JSON with and without `\\u003c`, Go's %q, HCL, HTML, URLs,
forms and shells.
"""

import binascii
import json
import re
from collections.abc import Iterator
from functools import cached_property

# Characters with a letter escape in JSON, Go or C.
_ESCAPE_LETTERS = {
    "\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r", "\x1b": "e", "\0": "0",
}  # fmt: skip
_ENTITIES = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos", "\xa0": "nbsp"}
_ALPHANUMERIC = re.compile(r"[A-Za-z0-9]+")
_UNITS = re.compile(r"\\+|.", re.DOTALL)
_BACKSLASHES = r"[\\]+"
_BEGINS = "%\\&+"
_SURROGATES = range(0xD800, 0xE000)
_MAX_ESCAPE_LENGTH = 48
_MIN_CUT_LENGTH = 5
_MIN_CORE_LENGTH = 4


class Spelling:
    """A text with all characters but letters and digits possibly escaped: `loose` in any letter case, `cut` without its
    first or its last character too.

    `anchor` is its longest run of letters and digits, in lower case: a text without the anchor has no match.
    """

    def __init__(self, text: str, *, loose: bool = False, cut: bool = False) -> None:
        self._text, self._is_loose = text, loose
        # A run of backslashes matches any other: what stays beside them must be enough.
        self._is_cut = cut and len(text) - text.count("\\") >= _MIN_CUT_LENGTH
        runs = _ALPHANUMERIC.finditer(text, self._is_cut, len(text) - self._is_cut)
        start, end = max((run.span() for run in runs), key=lambda span: span[1] - span[0], default=(0, 0))
        self.anchor, self._start, self._rest = text[start:end].lower(), start, len(text) - end
        # After the anchor comes the next character, or the begin of its escape.
        following = text[end : end + 1]
        is_known = self._rest > self._is_cut and following.isascii()
        self._next = {*_BEGINS, following, following.lower()} if is_known else None
        self._literal = (
            text.encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass") if loose else text
        )

    @cached_property
    def _escape_pattern(self) -> re.Pattern[str]:
        units = _UNITS.findall(self._text)
        ways = list(map(_match_cases if self._is_loose else _match_escapes, units, [*units[1:], ""]))
        if self._is_cut:
            first, *inner, last = ways
            ways = [f"({first})?", *inner, f"(?(1)(?:{last})?|{last})"]
        # Only the first backslash of many can begin an escape: no run of them is read from each of its characters.
        return re.compile(r"(?:(?<!\\)|(?!\\))" + "".join(ways), re.IGNORECASE if self._is_loose else 0)

    @cached_property
    def _first_letters(self) -> re.Pattern[str]:
        """Match the letters that a spelling begins with: a class is found a hundred times as fast as a spelling."""
        first = "".join(_UNITS.findall(self._text)[: 1 + self._is_cut])
        return re.compile(f"[{re.escape(_BEGINS + first)}]", re.IGNORECASE if self._is_loose else 0)

    def find_spans(self, text: str, lower: str) -> Iterator[tuple[int, int]]:
        """Yield all spans of the text, overlapping ones too. `lower` is the text with ASCII in lower case."""
        source = lower if self._is_loose else text
        start = lower.find(self.anchor) if self.anchor else -1
        while start >= 0:
            begin, end = start - self._start, start + len(self.anchor)
            if begin >= 0 and source.startswith(self._literal, begin):
                # Most are as they are. Their pattern is slow to compile, and finds what belongs to them.
                yield begin, begin + len(self._text)
            if not self._next or lower[end : end + 1] in self._next:
                # Near the anchor alone, since a pattern is slow over a long text.
                near = max(0, start - _MAX_ESCAPE_LENGTH * self._start), end + _MAX_ESCAPE_LENGTH * self._rest
                yield from self._search_around(text, near[0], start, near[1])
            start = lower.find(self.anchor, start + 1)
        if not self.anchor:
            yield from self._search_around(text, 0, len(text), len(text))

    def _search_around(self, text: str, begin: int, anchor: int, end: int) -> Iterator[tuple[int, int]]:
        for first in self._first_letters.finditer(text, begin, min(anchor + 1, end)):
            if found := self._escape_pattern.match(text, first.start(), end):
                yield found.span()


def list_encodings(part: str) -> tuple[str, ...]:
    """Return base64 and hex of a text. In base64 of a longer text, only the letters that are determined by the part
    itself are searched for, at each of three offsets.
    """
    whole = part.encode("utf-8", "surrogatepass")
    texts = list[str]()
    for packed in dict.fromkeys(inner.encode("utf-8", "surrogatepass") for inner in _list_json_forms(part)):
        texts += [packed.hex(), packed.hex().upper(), *_list_base64_cores(packed)]
    # Also base64 of base64, like the registry credentials of Kubernetes.
    texts += [twice for once in _list_base64_cores(whole) for twice in _list_base64_cores(once.encode())]
    return tuple(dict.fromkeys([*texts, *(text.translate(_URL_SAFE) for text in texts)]))


_URL_SAFE = str.maketrans("+/", "-_")


def _list_json_forms(part: str) -> Iterator[str]:
    """Yield the text and its JSON forms, the possible inputs of base64 and hex."""
    yield part
    for ascii_only in (True, False):
        inner = json.dumps(part, ensure_ascii=ascii_only)[1:-1]
        yield inner
        yield re.sub("[<>&]", lambda mark: f"\\u{ord(mark[0]):04x}", inner)


def _list_base64_cores(data: bytes) -> Iterator[str]:
    for offset in range(3):
        text = binascii.b2a_base64(bytes(offset) + data, newline=False).decode()
        core = text[-(-8 * offset // 6) : 8 * (offset + len(data)) // 6]
        if len(core) >= _MIN_CORE_LENGTH:
            yield core


def _match_cases(unit: str, following: str) -> str:
    """Return a pattern of all spellings of a character in any letter case: an escape has the number of one case."""
    upper = unit.upper()
    cases = dict.fromkeys([unit, unit.lower(), upper, upper.lower()]) if len(unit) == 1 else (unit,)
    return f"(?:{'|'.join(_match_escapes(each, following) for each in cases if len(each) == len(unit))})"


def _match_escapes(unit: str, following: str) -> str:
    """Return a pattern of all spellings of a character, or of a run of backslashes, doubled by each escape."""
    if _ALPHANUMERIC.fullmatch(unit):
        return unit
    number = ord(unit[0])
    if unit[0] == "\\":
        return f"(?:{'|'.join([_BACKSLASHES, *(f'(?:{way})+' for way in _list_numeric_escapes(number))])})"
    # The longest first, to leave no rest of an escape.
    ways = [*_list_numeric_escapes(number)]
    if letter := _ESCAPE_LETTERS.get(unit):
        ways.append(rf"\\+{letter}")
    if name := _ENTITIES.get(unit):
        ways.append(f"&(?:amp;)*{name};")
    if unit == " ":
        ways.append(r"\+")
    if unit in "$%" and following == "{":
        # HCL doubles them before a brace.
        ways.append(re.escape(unit * 2))
    if unit == "'":
        ways += [r"'\\+''", "'\"'\"'"]
    return f"(?:{'|'.join([*ways, rf'{_BACKSLASHES}{re.escape(unit)}', re.escape(unit)])})"


def _list_numeric_escapes(number: int) -> Iterator[str]:
    if number in _SURROGATES:
        yield rf"\\+u(?i:{number:04x})"
        return
    encoded = chr(number).encode()
    yield "".join(f"%(?:25)*(?i:{byte:02x})" for byte in encoded)
    yield "".join(rf"\\+x(?i:{byte:02x})" for byte in encoded)
    yield "".join(rf"\\+{byte:03o}" for byte in encoded)
    yield rf"\\+x(?i:{number:02x})"
    yield rf"&(?:amp;)*#0*{number};"
    yield f"&(?:amp;)*#[xX]0*(?i:{number:x});"
    yield rf"\\+U(?i:{number:08x})"
    yield rf"\\+u\{{0*(?i:{number:x})\}}"
    units = chr(number).encode("utf-16-be")
    pairs = [units[at : at + 2].hex() for at in range(0, len(units), 2)]
    yield "".join(rf"\\+u(?i:{unit})" for unit in pairs)
