"""Problems of JSON in the words of Go's encoding/json.

Source: sigs.k8s.io/json v0.0.0-20250730193827-2d320260d730, internal/golang/encoding/json/scanner.go
(stateBeginValue, stateEndValue, stateInString, stateNeg, error); k8s.io/apiserver v0.36.2,
pkg/endpoints/handlers/rest.go (summarizeData).
"""

from collections.abc import Iterator

_SPACE = b" \t\r\n"
_END = "unexpected end of JSON input"
_DIGITS, _HEX = b"0123456789", b"0123456789abcdefABCDEF"
_ESCAPES = b'bfnrt\\/"'
_LITERALS = {b"t": b"true", b"f": b"false", b"n": b"null"}
_LEAST_PRINTABLE = 0x20


class JsonError(ValueError):
    """A text that is no JSON."""


class _EndError(Exception):
    """The text ends before its value does."""


def find_json_problem(text: bytes) -> str:
    """Return why a text is no JSON; empty if it is."""
    try:
        _Scanner(text).scan()
    except _EndError:
        return _END
    except JsonError as error:
        return str(error)
    return ""


def shorten_body(body: bytes) -> str:
    """Return the begin of a body as messages show it: JSON as text, all else in hexadecimal digits."""
    most = 30
    if not body:
        return "<empty>"
    shown = (lambda part: part.decode(errors="replace")) if body[:1] == b"{" else bytes.hex
    return shown(body) if len(body) <= most else f"{shown(body[:most])} ..."


def _quote(letter: int) -> str:
    if letter == ord("'"):
        return "'\\''"
    if letter == ord('"'):
        return "'\"'"
    named = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r", 92: "\\\\"}
    text = chr(letter)
    if letter in named:
        text = named[letter]
    elif not text.isprintable():
        text = f"\\x{letter:02x}" if letter < 128 else f"\\u{letter:04x}"  # noqa: PLR2004
    return f"'{text}'"


class _Scanner:
    def __init__(self, text: bytes) -> None:
        self._text = text
        self._place = 0

    def scan(self) -> None:
        self._scan_value()
        self._skip_space()
        if self._place < len(self._text):
            raise self._refuse("after top-level value")

    def _refuse(self, where: str) -> JsonError:
        return JsonError(f"invalid character {_quote(self._text[self._place])} {where}")

    def _peek(self) -> bytes:
        if self._place >= len(self._text):
            raise _EndError
        return self._text[self._place : self._place + 1]

    def _skip_space(self) -> None:
        while self._text[self._place : self._place + 1] and self._text[self._place] in _SPACE:
            self._place += 1

    def _next(self) -> bytes:
        self._skip_space()
        return self._peek()

    def _take(self, letters: bytes, where: str) -> bytes:
        found = self._peek()
        if found not in _split(letters):
            raise self._refuse(where)
        self._place += 1
        return found

    def _scan_value(self) -> None:
        first = self._next()
        if first == b"{":
            self._scan_object()
        elif first == b"[":
            self._scan_array()
        elif first == b'"':
            self._scan_string()
        elif first == b"-" or first in _split(_DIGITS):
            self._scan_number()
        elif first in _LITERALS:
            self._scan_literal(_LITERALS[first])
        else:
            raise self._refuse("looking for beginning of value")

    def _scan_object(self) -> None:
        self._place += 1
        if self._next() == b"}":
            self._place += 1
            return
        while True:
            if self._next() != b'"':
                raise self._refuse("looking for beginning of object key string")
            self._scan_string()
            self._skip_space()
            self._take(b":", "after object key")
            self._scan_value()
            self._skip_space()
            if self._take(b",}", "after object key:value pair") == b"}":
                return

    def _scan_array(self) -> None:
        self._place += 1
        if self._next() == b"]":
            self._place += 1
            return
        while True:
            self._scan_value()
            self._skip_space()
            if self._take(b",]", "after array element") == b"]":
                return

    def _scan_string(self) -> None:
        self._place += 1
        while True:
            letter = self._peek()
            if letter[0] < _LEAST_PRINTABLE:
                raise self._refuse("in string literal")
            self._place += 1
            if letter == b'"':
                return
            if letter == b"\\" and self._take(_ESCAPES + b"u", "in string escape code") == b"u":
                for _ in range(4):
                    self._take(_HEX, "in \\u hexadecimal character escape")

    def _scan_number(self) -> None:
        if self._peek() == b"-":
            self._place += 1
        if self._take(_DIGITS, "in numeric literal") != b"0":
            self._skip_digits()
        if self._text[self._place : self._place + 1] == b".":
            self._place += 1
            self._take(_DIGITS, "after decimal point in numeric literal")
            self._skip_digits()
        if self._text[self._place : self._place + 1] in (b"e", b"E"):
            self._place += 1
            if self._peek() in (b"+", b"-"):
                self._place += 1
            self._take(_DIGITS, "in exponent of numeric literal")
            self._skip_digits()

    def _skip_digits(self) -> None:
        while self._text[self._place : self._place + 1] and self._text[self._place] in _DIGITS:
            self._place += 1

    def _scan_literal(self, word: bytes) -> None:
        for letter in _split(word):
            self._take(letter, f"in literal {word.decode()} (expecting {_quote(letter[0])})")


def _split(text: bytes) -> Iterator[bytes]:
    return (text[index : index + 1] for index in range(len(text)))
