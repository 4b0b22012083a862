"""Excerpts of text from other programs."""

import re

_MAX_LENGTH = 200
_TERMINAL_CODES = r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\))"


def excerpt(text: str) -> str:
    """Return the beginning of the text on one line, without characters a terminal would interpret."""
    plain = "".join(c if c.isprintable() else " " for c in re.sub(_TERMINAL_CODES, "", text)).strip()
    return plain if len(plain) <= _MAX_LENGTH else f"{plain[:_MAX_LENGTH]}…"
