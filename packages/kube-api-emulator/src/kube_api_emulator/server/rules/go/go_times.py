"""Times as Go parses them, with its words for mistakes.

Source: k8s.io/apimachinery v0.36.2, pkg/apis/meta/v1/time.go (UnmarshalJSON), pkg/apis/meta/v1/micro_time.go
(UnmarshalJSON).
"""

import re

_SECONDS = "2006-01-02T15:04:05Z07:00"
_MICROSECONDS = "2006-01-02T15:04:05.000000Z07:00"
_DAY = ("2006", r"\d{4}"), ("-", "-"), ("01", r"\d\d"), ("-", "-"), ("02", r"\d\d"), ("T", "T")
_CLOCK = ("15", r"\d\d"), (":", ":"), ("04", r"\d\d"), (":", ":"), ("05", r"\d\d")
_ZONE = ("Z07:00", r"Z|[+-]\d\d:\d\d")
_RANGES = (("month", 5, 1, 12), ("day", 8, 1, 31), ("hour", 11, 0, 23), ("minute", 14, 0, 59), ("second", 17, 0, 59))


def _quote(text: str) -> str:
    """Return a text in quotes, as Go's package for times does: all but printable ASCII in hexadecimal digits."""
    letters = (
        f"\\{chr(byte)}" if byte in b'"\\' else chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}"  # noqa: PLR2004
        for byte in text.encode()
    )
    return f'"{"".join(letters)}"'


def find_time_problem(text: str, *, is_micro: bool = False) -> str:
    """Return why a text is no time; empty if it is one. `is_micro` wants six digits after the second."""
    layout = _MICROSECONDS if is_micro else _SECONDS
    shown, rest = _quote(text), text
    fraction = (".000000", r"\.\d{6}") if is_micro else ("", r"(\.\d+)?")
    for part, pattern in (*_DAY, *_CLOCK, fraction, _ZONE):
        found = re.match(pattern, rest)
        if not found:
            return f'parsing time {shown} as "{layout}": cannot parse {_quote(rest)} as "{part}"'
        rest = rest[found.end() :]
    if rest:
        return f"parsing time {shown}: extra text: {_quote(rest)}"
    for name, start, least, most in _RANGES:
        if not least <= int(text[start : start + 2]) <= most:
            return f"parsing time {shown}: {name} out of range"
    return ""
