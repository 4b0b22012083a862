"""Spellings of a text in quotes and logs: plain and escaped; of short texts, in base64 or hex too.

Escapes are matched for each character, and may be mixed: JSON with and without `\\u003c`, Go's %q, HCL, HTML, URLs,
forms and shells. In base64 of a longer text only the characters determined by the part itself are searched for, at each
of the three possible offsets.
"""

import binascii
import json
import re
from collections.abc import Iterator
from functools import cached_property

MIN_CORE_LENGTH = 4
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
_MIN_CUT_UNITS = 8


class Spelling:
    """A text with all characters but letters and digits possibly escaped: `loose` in any letter case, `cut` also without
    its first or its last character.

    `anchor` is its longest run of letters and digits, of a loose text in lower case: a text without the anchor has no
    match.
    """

    def __init__(self, text: str, *, loose: bool = False, cut: bool = False) -> None:
        self.text = text
        self._units = _UNITS.findall(text)
        self._is_loose = loose
        # A run of backslashes is one unit: what stays of a few units may be anything.
        self._is_cut = cut and len(self._units) >= _MIN_CUT_UNITS
        runs = list(_ALPHANUMERIC.finditer(text, self._is_cut, len(text) - self._is_cut))
        self._runs = [run[0].lower() if loose else run[0] for run in runs]
        self.anchor = max(self._runs, key=len, default="")
        # Letters and digits alone have no escapes: a plain search is enough.
        self._is_plain = self.anchor == text and not loose
        self._before = runs[self._runs.index(self.anchor)].start() if runs else 0
        after = len(text) - self._before - len(self.anchor)
        self._reach = _MAX_ESCAPE_LENGTH * self._before, _MAX_ESCAPE_LENGTH * after
        # What may follow the anchor: the next character, in any case, or the begin of its escape.
        following = text[self._before + len(self.anchor) :]
        is_known = loose and len(following) > self._is_cut
        self._next = {*_BEGINS, following[0], *following[0].lower(), *following[0].upper()} if is_known else None
        self._lower = text.encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass")

    @cached_property
    def _ways(self) -> list[str]:
        return list(map(_match_cases if self._is_loose else _match_escapes, self._units, [*self._units[1:], ""]))

    @cached_property
    def _escape_pattern(self) -> re.Pattern[str]:
        ways = self._ways
        if self._is_cut:
            first, *inner, last = ways
            ways = [f"({first})?", *inner, f"(?(1)(?:{last})?|{last})"]
        return re.compile("".join(ways), re.IGNORECASE if self._is_loose else 0)

    @cached_property
    def stretch_pattern(self) -> re.Pattern[bytes]:
        """The pattern of a stretch of bytes that may be a loose text in any spelling, in UTF-8, or in UTF-16 without
        zeros: a quick look for a text with a short anchor or none.
        """
        letters = "".join(self._ways)
        data = letters.encode("utf-8", "surrogatepass") + letters.encode("utf-16-le", "surrogatepass")
        either = b"".join(rb"\x%02x" % byte for byte in sorted({*data, *data.lower()} - {0}))
        return re.compile(rb"[%b]{%d,}" % (either, len(self._units) - self._is_cut))

    def find_spans(self, text: str, searched: str = "") -> Iterator[tuple[int, int]]:
        """Yield all spans of the text, overlapping ones too. `searched` is the text in lower case, for a loose one."""
        searched = searched or text
        if not self.anchor:
            yield from self._search_around(text, 0, len(text), len(text))
            return
        start = searched.find(self.anchor)
        while start >= 0:
            end = start + len(self.anchor)
            # Near the anchor alone, since a pattern is slow over a long text.
            near = max(0, start - self._reach[0]), end + self._reach[1]
            if self._is_plain:
                yield start, end
            elif start >= self._before and self._is_loose and searched.startswith(self._lower, start - self._before):
                # Most are as they are. Their pattern is slow to compile, and only finds what belongs to them.
                yield start - self._before, start - self._before + len(self.text)
                yield from self._search_around(text, near[0], start, near[1])
            elif self._next and searched[end : end + 1] not in self._next:
                pass
            elif all(searched.find(run, *near) >= 0 for run in self._runs):
                yield from self._search_around(text, near[0], start, near[1])
            start = searched.find(self.anchor, start + 1)

    def _search_around(self, text: str, begin: int, anchor: int, end: int) -> Iterator[tuple[int, int]]:
        found = self._escape_pattern.search(text, begin, end)
        while found and found.start() <= anchor:
            yield found.span()
            found = self._escape_pattern.search(text, found.start() + 1, end)


def list_spellings(part: str) -> tuple[Spelling, ...]:
    """Return the plain text and its encodings, each once."""
    texts = [part]
    for packed in dict.fromkeys(inner.encode("utf-8", "surrogatepass") for inner in _list_json_forms(part)):
        texts += [packed.hex(), packed.hex().upper(), *_list_base64_cores(packed)]
    # Also base64 of base64, like the registry credentials of Kubernetes.
    texts += [
        twice
        for once in _list_base64_cores(part.encode("utf-8", "surrogatepass"))
        for twice in _list_base64_cores(once.encode())
    ]
    texts += [text.translate(_URL_SAFE) for text in texts[1:]]
    return tuple(Spelling(text) for text in dict.fromkeys(texts))


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
        if len(core) >= MIN_CORE_LENGTH:
            yield core


def _match_cases(unit: str, following: str) -> str:
    """Return a pattern of all spellings of a character in any letter case: an escape has the number of one case."""
    cases = dict.fromkeys([unit, unit.lower(), unit.upper()]) if len(unit) == 1 else (unit,)
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
