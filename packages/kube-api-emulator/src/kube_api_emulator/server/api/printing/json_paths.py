"""The JSON paths of additional printer columns, as kubectl and kube-apiserver read them."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_STEP = re.compile(
    r"(?P<deep>\.\.)?\.?(?P<field>(?:[^.\[\]\\]|\\.)+)"
    r"|\['(?P<quoted>(?:[^'\\]|\\.)*)'\]"
    r"|\[\?\((?P<filter>.*?)\)\]"
    r"|\[(?P<index>-?\d+)\]"
    r"|\[(?P<slice>\*|-?\d*:-?\d*(?::\d+)?)\]"
)
_CONDITION = re.compile(r"@(?P<path>[^=!<>]*?)\s*(?P<operator>==|!=|<=|>=|<|>)\s*(?P<value>.+)")


def find_values(value: object, path: str) -> list[Any]:
    """Return the values at a path; none if it is missing, or if the path cannot be read."""
    found, place = [value], 0
    while place < len(path):
        if path[place] == "." and place == len(path) - 1:
            break
        step = _STEP.match(path, place)
        if step is None:
            return []
        found = [each for item in found for each in _follow(item, step)]
        place = step.end()
    return found


def format_value(value: object) -> str:
    """Return a value as the server prints it."""
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping | list):
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    if value is None or isinstance(value, bool):
        return "<nil>" if value is None else str(value).lower()
    return str(value)


def _follow(item: object, step: re.Match[str]) -> Iterator[Any]:
    if step["deep"]:
        for each in _walk(item):
            yield from _read_field(each, _unescape(step["field"]))
    elif step["field"] == "*" or step["slice"] == "*":
        yield from item.values() if isinstance(item, Mapping) else _to_list(item)
    elif step["field"] is not None:
        yield from _read_field(item, _unescape(step["field"]))
    elif step["quoted"] is not None:
        yield from _read_field(item, _unescape(step["quoted"]))
    elif step["filter"] is not None:
        yield from (each for each in _to_list(item) if _matches(each, step["filter"]))
    elif step["index"] is not None:
        items, index = _to_list(item), int(step["index"])
        yield from items[index : index + 1 or None]
    else:
        bounds = [int(each) if each else None for each in step["slice"].split(":")]
        yield from _to_list(item)[slice(*bounds)]


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _read_field(item: object, name: str) -> Iterator[Any]:
    if isinstance(item, Mapping) and name in item:
        yield item[name]


def _walk(item: object) -> Iterator[object]:
    yield item
    for each in item.values() if isinstance(item, Mapping) else _to_list(item):
        yield from _walk(each)


def _to_list(item: object) -> Sequence[Any]:
    return item if isinstance(item, list) else []


def _matches(item: object, condition: str) -> bool:
    match = _CONDITION.fullmatch(condition.strip())
    if match is None:
        return bool(find_values(item, condition.strip().removeprefix("@")))
    found = find_values(item, match["path"].strip())
    if not found:
        return False
    wanted = _read_literal(match["value"].strip())
    try:
        match match["operator"]:
            case "==":
                return bool(found[0] == wanted)
            case "!=":
                return bool(found[0] != wanted)
            case "<":
                return bool(found[0] < wanted)
            case ">":
                return bool(found[0] > wanted)
            case "<=":
                return bool(found[0] <= wanted)
            case _:
                return bool(found[0] >= wanted)
    except TypeError:
        return False


def _read_literal(text: str) -> Any:  # noqa: ANN401 (a JSON value)
    if text[:1] in "'\"" and text[-1:] == text[:1]:
        return _unescape(text[1:-1])
    try:
        return json.loads(text)
    except ValueError:
        return text
