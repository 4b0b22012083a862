"""JSON documents in attributes, such as policies: what differs inside of them, path by path."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import accumulate, zip_longest
from typing import Any

from envctl.domain.plan.changes import Marker

# By what people know the elements of a list: statements of policies, rules, containers.
NAMES = ("Sid", "sid", "Id", "ID", "id", "Name", "name")
# No policy is, and what is could not be drawn.
DEEPEST = 50


class Absent:
    """Stands for nothing: a document has nulls of its own."""


ABSENT = Absent()


@dataclass(frozen=True)
class Difference:
    """`path` is where it is, without a dot at its beginning; empty for the whole document."""

    path: str
    before: object
    after: object


def document(value: object) -> object:
    """What a text says that is a JSON object or list, or ABSENT for anything else."""
    if isinstance(value, Marker) or not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return ABSENT
    if _depth(value) > DEEPEST:
        return ABSENT
    try:
        return json.loads(value)
    except ValueError:
        return ABSENT


def differences(before: object, after: object, path: str = "") -> Iterator[Difference]:
    """In the order of the documents. Elements that only moved down or up are no difference."""
    match before, after:
        case Mapping(), Mapping():
            yield from _of_mappings(before, after, path)
        case list(), list():
            yield from _of_lists(before, after, path)
        case _ if not same(before, after):
            yield Difference(path, before, after)


def same(one: object, other: object) -> bool:
    """JSON tells true from 1, and Python does not."""
    return _key(one) == _key(other)


def aligned(before: Sequence[object], after: Sequence[object]) -> Iterator[tuple[list[int], list[int]]]:
    """The runs of elements that differ: which of before, and which of after stand in their place."""
    matcher = SequenceMatcher(None, [_key(each) for each in before], [_key(each) for each in after], autojunk=False)
    for tag, one, one_end, other, other_end in matcher.get_opcodes():
        if tag != "equal":
            yield list(range(one, one_end)), list(range(other, other_end))


def _of_mappings(before: Mapping[str, Any], after: Mapping[str, Any], path: str) -> Iterator[Difference]:
    for key in dict.fromkeys((*before, *after)):
        yield from differences(before.get(key, ABSENT), after.get(key, ABSENT), f"{path}.{key}" if path else str(key))


def _of_lists(before: list[Any], after: list[Any], path: str) -> Iterator[Difference]:
    for gone, new in _paired_by_name(before, after) or aligned(before, after):
        for one, other in zip_longest(gone, new):
            was = ABSENT if one is None else before[one]
            will = ABSENT if other is None else after[other]
            if isinstance(was, Mapping | list) and isinstance(will, Mapping | list):
                yield from differences(was, will, f"{path}{_step(before, one)}")
                continue
            # An element is no place: one goes, and another one comes.
            if was is not ABSENT:
                yield Difference(f"{path}[]", was, ABSENT)
            if will is not ABSENT:
                yield Difference(f"{path}[]", ABSENT, will)


def _paired_by_name(before: list[Any], after: list[Any]) -> list[tuple[list[int], list[int]]]:
    """Elements that have a name belong together wherever they stand; nothing where some have none."""
    for name in NAMES:
        one, other = _places(before, name), _places(after, name)
        if one and other:
            kept = [([place], [other[key]]) for key, place in one.items() if key in other]
            gone = [([place], list[int]()) for key, place in one.items() if key not in other]
            new = [(list[int](), [place]) for key, place in other.items() if key not in one]
            return [*kept, *gone, *new]
    return []


def _places(elements: list[Any], name: str) -> dict[str, int]:
    """Empty unless each has that name, and none has another's."""
    names = [each.get(name) if isinstance(each, Mapping) else None for each in elements]
    told = {each: place for place, each in enumerate(names) if isinstance(each, str) and each}
    return told if len(told) == len(elements) else {}


def _step(elements: list[Any], place: int | None) -> str:
    if place is None:
        return "[]"
    own = elements[place]
    name = next((name for name in NAMES if isinstance(own, Mapping) and isinstance(own.get(name), str)), "")
    return f'["{own[name]}"]' if name else f"[{place}]"


def _depth(text: str) -> int:
    """At least as much as there is: brackets within texts are counted too."""
    return max(accumulate(1 if bracket in "{[" else -1 for bracket in text if bracket in "{}[]"))


def _key(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=repr)
