"""Settings files of plain lines, read without the parsers of `source.py`: these take 7 MiB and 15 ms to load.

Most files have nothing else: each line is a comment, `name = value`, or the begin, an item or the end of a map, and no
value has escapes, templates or expressions.
"""

import json
import re

from envctl.domain.errors import Location
from envctl.domain.terraform.literals import parse_number
from envctl.domain.terraform.variables import Assignment, SettingsFile

# What HCL and JSON write alike. A text has letters of ASCII alone: HCL normalises all others.
_VALUE = r'(?:"[ !#-\[\]-z|}~]*"|-?(?:0|[1-9]\d{0,14})(?:\.\d{1,15})?|true|false|null)'
_LIST = rf"\[ *(?:{_VALUE}(?: *, *{_VALUE})*)? *\]"
_NAME, _END = r"([A-Za-z_][\w-]*)[ \t]*=[ \t]*", r"[ \t]*(?:#[^\0\r]*)?"
_LINE = re.compile(rf"[ \t]*(?:{_NAME}({_VALUE}|{_LIST}|\{{))?{_END}", re.ASCII)
# A map with one of these words as a key is no map, or has another key.
_ITEM = re.compile(rf"[ \t]*(?:(?!for|true|false|null){_NAME}({_VALUE}|{_LIST})|\}})?{_END}", re.ASCII)


def read_plain_settings(data: bytes, name: str) -> SettingsFile | None:
    """Return the settings, or None for a file with anything else than such lines: a parser has to read it."""
    try:
        found = _read_lines(data.decode().split("\n"))
    except ValueError:
        return None
    return SettingsFile(name, tuple(Assignment(key, value, Location(name, row)) for key, (row, value) in found.items()))


def _read_lines(lines: list[str]) -> dict[str, tuple[int, object]]:
    """Return the settings, each with its line. Raises ValueError for anything that is not plain."""
    found: dict[str, tuple[int, object]] = {}
    items: dict[str, object] | None = None  # of the map that is not closed yet
    for row, line in enumerate(lines, 1):
        match = (_LINE if items is None else _ITEM).fullmatch(line)
        if match is None or match[1] in (found if items is None else items):
            raise ValueError(line)
        key, text = match.groups()
        if items is None and key:
            items = {} if text == "{" else None
            found[key] = row, _parse_value(text) if items is None else items
        elif items is not None and key:
            items[key] = _parse_value(text)
        elif line.lstrip().startswith("}"):
            items = None
    if items is not None:
        raise ValueError(lines)
    # Maps are sorted, as HashiCorp's parser returns them.
    return {
        key: (row, dict(sorted(value.items())) if isinstance(value, dict) else value)
        for key, (row, value) in found.items()
    }


def _parse_value(text: str) -> object:
    return json.loads(text, parse_int=parse_number, parse_float=parse_number)
