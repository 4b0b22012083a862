"""How a text may be spelled where it is quoted: as it is, escaped in any way, in base64, in hex.

Escapes are known character by character, so that it does not matter who escaped what: JSON with and without `\\u003c`,
Go's %q, HCL, HTML, URLs and forms, a shell. Of base64 that a longer text went into, only the characters count that the
part alone decides: at each of the three places where it can begin.
"""

import binascii
import json
import re
from collections.abc import Iterator
from functools import cached_property

SHORTEST = 4
# What has a letter of its own after a backslash, in JSON, Go or C.
_LETTERS = {
    "\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r", "\x1b": "e", "\0": "0",
}  # fmt: skip
_ENTITIES = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos", "\xa0": "nbsp"}
_PLAIN = re.compile(r"[A-Za-z0-9]+")
_UNITS = re.compile(r"\\+|.", re.DOTALL)
_BACKSLASHES = r"[\\]+"
_SURROGATES = range(0xD800, 0xE000)
_LONGEST_ESCAPE = 48


class Spelling:
    """One text, in which everything but letters and digits may be escaped. `anchor` is the longest run of those: where
    that is not, the text is not.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.anchor = max(_PLAIN.findall(text), key=len, default="")
        # Nothing in it can be escaped, so that it need only be searched for as it is.
        self._plain = self.anchor == text
        before, _, after = text.partition(self.anchor) if self.anchor else ("", "", "")
        self._reach = _LONGEST_ESCAPE * len(before), _LONGEST_ESCAPE * len(after)

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(_any_escape(self.text))

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Where it stands, also where it overlaps itself."""
        if not self.anchor:
            yield from self._around(text, 0, len(text), len(text))
            return
        start = text.find(self.anchor)
        while start >= 0:
            end = start + len(self.anchor)
            if self._plain:
                yield start, end
            else:
                # What is around the anchor alone: a pattern is slow over all of a long text.
                yield from self._around(text, max(0, start - self._reach[0]), start, end + self._reach[1])
            start = text.find(self.anchor, start + 1)

    def _around(self, text: str, begin: int, anchor: int, end: int) -> Iterator[tuple[int, int]]:
        found = self._pattern.search(text, begin, end)
        while found and found.start() <= anchor:
            yield found.span()
            found = self._pattern.search(text, found.start() + 1, end)


def spellings_of(part: str) -> tuple[Spelling, ...]:
    """Each once."""
    texts = [part]
    for packed in dict.fromkeys(inner.encode("utf-8", "surrogatepass") for inner in _in_json(part)):
        texts += [packed.hex(), packed.hex().upper(), *_in_base64(packed)]
    # Also of base64 that was packed a second time, like the registry credentials of Kubernetes.
    texts += [
        twice for once in _in_base64(part.encode("utf-8", "surrogatepass")) for twice in _in_base64(once.encode())
    ]
    texts += [text.translate(_URL_SAFE) for text in texts[1:]]
    return tuple(Spelling(text) for text in dict.fromkeys(texts))


_URL_SAFE = str.maketrans("+/", "-_")


def _in_json(part: str) -> Iterator[str]:
    """What base64 and hex are made of: the text, and what JSON makes of it."""
    yield part
    for ascii_only in (True, False):
        inner = json.dumps(part, ensure_ascii=ascii_only)[1:-1]
        yield inner
        yield re.sub("[<>&]", lambda mark: f"\\u{ord(mark[0]):04x}", inner)


def _in_base64(data: bytes) -> Iterator[str]:
    for offset in range(3):
        text = binascii.b2a_base64(bytes(offset) + data, newline=False).decode()
        core = text[-(-8 * offset // 6) : 8 * (offset + len(data)) // 6]
        if len(core) >= SHORTEST:
            yield core


def _any_escape(text: str) -> str:
    units = _UNITS.findall(text)
    return "".join(_escaped(unit, following) for unit, following in zip(units, [*units[1:], ""], strict=True))


def _escaped(unit: str, following: str) -> str:
    """Every way to write a character, or a run of backslashes: each escape may have doubled those."""
    if _PLAIN.fullmatch(unit):
        return unit
    number = ord(unit[0])
    if unit[0] == "\\":
        return f"(?:{'|'.join([_BACKSLASHES, *(f'(?:{way})+' for way in _as_numbers(number))])})"
    # The longest first, so that no rest of an escape is left.
    ways = [*_as_numbers(number)]
    if letter := _LETTERS.get(unit):
        ways.append(rf"\\+{letter}")
    if name := _ENTITIES.get(unit):
        ways.append(f"&(?:amp;)*{name};")
    if unit == " ":
        ways.append(r"\+")
    if unit in "$%" and following == "{":
        # HCL doubles them where a template could begin.
        ways.append(re.escape(unit * 2))
    if unit == "'":
        ways += [r"'\\+''", "'\"'\"'"]
    return f"(?:{'|'.join([*ways, rf'{_BACKSLASHES}{re.escape(unit)}', re.escape(unit)])})"


def _as_numbers(number: int) -> Iterator[str]:
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
