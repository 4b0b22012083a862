"""Terraform code in JSON syntax (`*.tf.json`)."""

import json
from collections.abc import Callable, Collection, Iterator
from typing import Any

from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.terraform.literals import parse_number

JsonBlock = tuple[str, str, dict[str, object], Location]


def read_json_blocks(data: bytes, name: str, kinds: Collection[str]) -> Iterator[JsonBlock]:
    document = read_json_document(data, name)
    for kind in kinds:
        for bodies in list_objects(document.get(kind)):
            for label, body in bodies.items():
                # The parser gives no locations; the first mention of the name is near enough.
                line = data.count(b"\n", 0, max(data.find(f'"{label}"'.encode()), 0)) + 1
                yield from ((kind, label, values, Location(name, line)) for values in list_objects(body))


def parse_json(data: bytes, parse_float: Callable[[str], object] | None = None) -> object:
    """Parse JSON as Terraform does: a repeated name is one more block, objects in a list are one body, and half of a
    surrogate pair is a letter that can't be shown.

    Raises ValueError or RecursionError.
    """
    found = json.loads(data, parse_float=parse_float, object_pairs_hook=_unite_pairs)
    if b"\\ud" in data.lower():
        found = _replace_surrogates(found)
    if isinstance(found, list) and all(isinstance(each, dict) for each in found):
        return _unite_pairs([pair for each in found for pair in each.items()])
    return found


def _unite_pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    united: dict[str, object] = {}
    for key, value in pairs:
        united[key] = [*_to_list(united[key]), *_to_list(value)] if key in united else value
    return united


def _replace_surrogates(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_replace_surrogates(each) for each in value]
    if isinstance(value, dict):
        return {_replace_surrogates(key): _replace_surrogates(each) for key, each in value.items()}
    return value


def _to_list(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def read_json_document(data: bytes, name: str) -> dict[str, Any]:
    """Return the object in the file. Raises ConfigurationError (E201)."""
    try:
        found = parse_json(data, parse_float=parse_number)
    except json.JSONDecodeError as error:
        message = f"syntax error: {error.msg}"
        raise ConfigurationError(Problem("E201", message, "correct the JSON", Location(name, error.lineno))) from None
    except RecursionError:
        problem = Problem("E201", "a value is nested too deeply", "use fewer levels", Location(name))
        raise ConfigurationError(problem) from None
    except ValueError:
        problem = Problem("E201", "this file is not JSON in UTF-8", "save the file as UTF-8", Location(name, 1))
        raise ConfigurationError(problem) from None
    if not isinstance(found, dict):
        problem = Problem("E201", "the JSON of a module must be one object", "put { } around it", Location(name, 1))
        raise ConfigurationError(problem)
    return found


def list_objects(value: object) -> list[dict[str, Any]]:
    """Return the objects of a value: Terraform allows one or a list in place of blocks."""
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, dict)]
