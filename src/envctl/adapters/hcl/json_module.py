"""Terraform code in JSON syntax (`*.tf.json`)."""

import json
from collections.abc import Collection, Iterator
from typing import Any

from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.terraform.literals import number_of

JsonBlock = tuple[str, str, dict[str, object], Location]


def read_json_blocks(data: bytes, name: str, kinds: Collection[str]) -> Iterator[JsonBlock]:
    document = _load(data, name)
    for kind in kinds:
        for bodies in _objects(document.get(kind)):
            for label, body in bodies.items():
                for values in _objects(body):
                    yield kind, label, values, Location(name, _line(data, label))


def _load(data: bytes, name: str) -> dict[str, Any]:
    try:
        found = json.loads(data, parse_float=number_of)
    except json.JSONDecodeError as error:
        message = f"syntax error: {error.msg}"
        raise ConfigurationError(Problem("E201", message, "correct the JSON", Location(name, error.lineno))) from None
    except RecursionError:
        problem = Problem("E201", "a value is nested too deeply", "write it flatter", Location(name))
        raise ConfigurationError(problem) from None
    except ValueError:
        problem = Problem("E201", "this is not JSON in UTF-8", "save the file as UTF-8", Location(name, 1))
        raise ConfigurationError(problem) from None
    if not isinstance(found, dict):
        raise ConfigurationError(
            Problem("E201", "a module's JSON is one object", "put { } around it", Location(name, 1))
        )
    return found


def _objects(value: object) -> list[dict[str, Any]]:
    """Terraform takes an object, or a list of such objects, wherever blocks stand."""
    items = value if isinstance(value, list) else [value]
    return [item for item in items if isinstance(item, dict)]


def _line(data: bytes, label: str) -> int:
    # JSON keeps no places; the first mention of the name as a key is near enough to find it.
    at = data.find(f'"{label}"'.encode())
    return data.count(b"\n", 0, max(at, 0)) + 1
