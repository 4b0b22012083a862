"""Differences of two objects, field by field. Items of lists are compared by their keys, as the server merges them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from envctl.domain.kubernetes.fields.paths import ItemKey, Path
from envctl.domain.plan.changes import is_same_value

# Keys of lists in Kubernetes' own kinds. The first that all items have, each with another value, is taken.
_KEYS: tuple[tuple[str, ...], ...] = (
    ("name",),
    ("mountPath",),
    ("containerPort", "protocol"),
    ("containerPort",),
    ("port", "protocol"),
    ("port",),
    ("devicePath",),
    ("topologyKey", "whenUnsatisfiable"),
    ("host", "path"),
    ("host",),
    ("key",),
    ("ip",),
    ("uid",),
    ("type",),
)


@dataclass(frozen=True)
class Difference:
    """One field that differs. None means absent."""

    path: Path
    before: Any
    after: Any


def find_differences(before: object, after: object, path: Path = ()) -> Iterator[Difference]:
    """Yield the differing fields, as deep as possible."""
    if is_same_value(before, after):
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys([*before, *after]):
            yield from find_differences(before.get(key), after.get(key), (*path, str(key)))
    elif isinstance(before, list) and isinstance(after, list):
        yield from _compare_lists(before, after, path)
    elif before is None and isinstance(after, Mapping | list):
        yield from (Difference(where, None, value) for where, value in list_fields(after, path))
    elif after is None and isinstance(before, Mapping | list):
        yield from (Difference(where, value, None) for where, value in list_fields(before, path))
    else:
        yield Difference(path, before, after)


def list_fields(value: object, path: Path = ()) -> Iterator[tuple[Path, object]]:
    """Yield each field with its value. Empty maps and lists, and lists without keys, are values of their own."""
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from list_fields(item, (*path, str(key)))
    elif isinstance(value, list) and (items := index_items(value)):
        for step, item in items.items():
            yield from list_fields(item, (*path, step))
    else:
        yield path, value


def index_items(*lists: list[Any]) -> dict[ItemKey, Any] | None:
    """Return the items of the last list by their keys; None if these lists have no keys in common."""
    items = [item for each in lists for item in each]
    if not items or not all(isinstance(item, Mapping) for item in items):
        return None
    for names in _KEYS:
        if all(isinstance(item.get(name), str | int) for item in items for name in names):
            found = [{ItemKey(tuple((name, item[name]) for name in names)): item for item in each} for each in lists]
            if all(len(keyed) == len(each) for keyed, each in zip(found, lists, strict=True)):
                return found[-1]
    return None


def _compare_lists(before: list[Any], after: list[Any], path: Path) -> Iterator[Difference]:
    old, new = index_items(after, before), index_items(before, after)
    if old is None or new is None:
        yield Difference(path, before, after)
        return
    for key in dict.fromkeys([*old, *new]):
        yield from find_differences(old.get(key), new.get(key), (*path, key))
    stayed = [key for key in old if key in new]
    if stayed != [key for key in new if key in old]:
        # The order counts: of init containers, of variables that refer to others.
        yield Difference(path, _list_names(old), _list_names(new))


def _list_names(items: Mapping[ItemKey, Any]) -> list[Any]:
    return [key.pairs[0][1] if len(key.pairs) == 1 else dict(key.pairs) for key in items]
