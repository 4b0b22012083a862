"""Safe text: control characters are escaped."""

import unicodedata

_ALLOWED_CONTROLS = "\n\t"
_WITHOUT_ALLOWED = str.maketrans("", "", _ALLOWED_CONTROLS)


def escape_text(text: str) -> str:
    """Escape control characters and direction overrides: a name must not control the terminal."""
    if text.isascii() and text.translate(_WITHOUT_ALLOWED).isprintable():
        return text
    return "".join(
        c.encode("unicode_escape", "surrogatepass").decode("ascii")
        if unicodedata.category(c) in {"Cc", "Cf", "Cs"} and c not in _ALLOWED_CONTROLS
        else c
        for c in text
    )


def to_one_line(text: str) -> str:
    """Join a text of several lines into one, with control characters escaped."""
    return escape_text(" ".join(text.split()))
