"""The beginning of a text that somebody else wrote."""

import re

_LONGEST = 200


_COLOURS = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\))")


def excerpt(text: str) -> str:
    """Its beginning, on one line and without anything that a terminal would obey."""
    plain = "".join(c if c.isprintable() else " " for c in _COLOURS.sub("", text)).strip()
    return plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]}…"
