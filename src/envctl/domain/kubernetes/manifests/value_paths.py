"""Values of a stack of Kubernetes objects: paths in the values of a chart, and texts of variables."""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from envctl.domain.terraform.literals import format_number

_STEP = re.compile(r'\["([^"]+)"\]|([\w-]+)', re.ASCII)
ANY, STRING = "any", "string"


def split_path(path: str) -> tuple[str, ...]:
    """Return the keys of a path such as `controller.nodeSelector["kubernetes.io/os"]`."""
    return tuple(quoted or plain for quoted, plain in _STEP.findall(path))


def nest_values(values: Mapping[str, object]) -> dict[str, Any]:
    """Return the values by path as nested tables. `find_path_conflict` has found no conflict."""
    nested: dict[str, Any] = {}
    for path, value in sorted(values.items()):
        *above, last = split_path(path)
        table = nested
        for key in above:
            table = table.setdefault(key, {})
        table[last] = value
    return nested


def find_path_conflict(paths: Mapping[str, object]) -> tuple[str, str] | None:
    """Return two paths that set the same value, or one a part of the other's; None without any."""
    split = sorted((split_path(path), path) for path in paths)
    for position, (keys, path) in enumerate(split):
        for others, other in split[position + 1 :]:
            if others[: len(keys)] == keys:
                return path, other
    return None


def format_value(value: object, type_text: str) -> str:
    """Return the text of a value: as it is for a variable of the type string, and JSON for one of any type.

    Raises ValueError for a value that has no text. Its message continues a sentence after the name of the variable.
    """
    if type_text == ANY:
        return json.dumps(_to_json(value), sort_keys=True, ensure_ascii=False)
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | Decimal():
            return format_number(Decimal(value))
        case float():
            return format_number(Decimal(repr(value)))
        case None:
            raise ValueError("is null, but a text is needed")
        case _:
            raise ValueError("is a list or a map, but a text is needed")


def _to_json(value: object) -> object:
    match value:
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case Mapping():
            return {key: _to_json(each) for key, each in value.items()}
        case list() | tuple():
            return [_to_json(each) for each in value]
        case _:
            return value
