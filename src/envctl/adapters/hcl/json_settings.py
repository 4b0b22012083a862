"""Settings files in JSON syntax (`*.tfvars.json`): Terraform takes their strings as they are, without templates."""

import json
import re
from collections.abc import Iterator
from typing import NoReturn

from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.terraform.literals import IDENTIFIER, parse_number
from envctl.domain.terraform.variables import Assignment, SettingsFile

_COMMENT = "//"
_HALF_LETTER = re.compile("[\ud800-\udfff]")
_SPACE = " \t\r\n"


def read_json_settings(data: bytes, name: str) -> SettingsFile:
    """Read a settings file. Raises ConfigurationError (E201); its message shows no value."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        _refuse("this file is not JSON in UTF-8", "save the file as UTF-8", name, line)
    try:
        document = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        _refuse(f"syntax error: {error.msg}", "correct the JSON", name, error.lineno)
    except RecursionError:
        _refuse("a value is nested too deeply", "use fewer levels", name, None)
    except ValueError as error:
        _refuse(str(error), "correct the JSON", name, None)
    if "\\ud" in text.lower() and _has_half_letter(document):
        _refuse("a text has half of a letter", "write both parts of the letter: \\uD83D\\uDE00", name, None)
    if not isinstance(document, dict):
        _refuse("the settings must be one JSON object", "put { } around them", name, 1)
    lines = dict(_list_key_lines(text))
    for key in document:
        if key != _COMMENT and not IDENTIFIER.fullmatch(key):
            _refuse(f"{json.dumps(key)} is not the name of a variable", "correct the name", name, lines[key])
    assigned = (Assignment(key, document[key], Location(name, lines[key])) for key in document if key != _COMMENT)
    return SettingsFile(name, tuple(assigned))


def _refuse(message: str, hint: str, name: str, line: int | None) -> NoReturn:
    raise ConfigurationError(Problem("E201", message, hint, Location(name, line))) from None


def _list_key_lines(text: str) -> Iterator[tuple[str, int]]:
    """Yield the names of the outermost object of valid JSON, each with its line."""
    at = text.index("{") + 1
    while text[at := _skip(text, at)] != "}":
        key, end = _DECODER.raw_decode(text, at)
        yield key, text.count("\n", 0, at) + 1
        _, at = _DECODER.raw_decode(text, _skip(text, _skip(text, end) + 1))
        at = _skip(text, at)
        at += text[at] == ","


def _has_half_letter(value: object) -> bool:
    """Tell if a text or a name has half of a surrogate pair."""
    if isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list):
        return any(map(_has_half_letter, value))
    return isinstance(value, str) and bool(_HALF_LETTER.search(value))


def _skip(text: str, at: int) -> int:
    while text[at] in _SPACE:
        at += 1
    return at


def _build_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            # Without the name: keys of a map may be secret.
            raise ValueError("one object has the same name twice")
        found[key] = value
    return found


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number of JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_build_object,
    parse_float=parse_number,
    parse_int=parse_number,
    parse_constant=_refuse_constant,
)
