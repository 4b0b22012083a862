"""JSON documents in attributes, such as policies, and lists: differences by path, and elements merged."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby, zip_longest
from typing import Any

from envctl.domain.plan.changes import AttributeChange, Marker
from envctl.domain.text.json_documents import ABSENT

# Keys that identify elements of a list: policy statements, rules, containers.
NAME_KEYS = ("Sid", "sid", "Id", "ID", "id", "Name", "name")
_ELEMENT = re.compile(r"(.+)\[(\d+)\]")


@dataclass(frozen=True)
class Difference:
    """A changed value. `path` has no leading dot and is empty for the whole document."""

    path: str
    before: object
    after: object


def diff_json(before: object, after: object, path: str = "") -> Iterator[Difference]:
    """Yield differences in document order. Elements moved up or down by others are no difference."""
    match before, after:
        case Mapping(), Mapping():
            for key in dict.fromkeys((*before, *after)):
                inner = f"{path}.{key}" if path else str(key)
                yield from diff_json(before.get(key, ABSENT), after.get(key, ABSENT), inner)
        case list(), list():
            yield from _diff_lists(before, after, path)
        case _ if not is_same_json(before, after):
            yield Difference(path, before, after)


def is_same_json(one: object, other: object) -> bool:
    """Compare as JSON: true differs from 1, unlike in Python."""
    return _to_canonical_json(one) == _to_canonical_json(other)


def find_changed_runs(before: Sequence[object], after: Sequence[object]) -> Iterator[tuple[list[int], list[int]]]:
    """Yield changed runs: indexes of removed elements, and of the elements in their place."""
    before_texts, after_texts = list(map(_to_canonical_json, before)), list(map(_to_canonical_json, after))
    matcher = SequenceMatcher(None, before_texts, after_texts, autojunk=False)
    for tag, one, one_end, other, other_end in matcher.get_opcodes():
        if tag != "equal":
            yield list(range(one, one_end)), list(range(other, other_end))


def _diff_lists(before: list[Any], after: list[Any], path: str) -> Iterator[Difference]:
    for gone, new in _pair_by_name(before, after) or find_changed_runs(before, after):
        for one, other in zip_longest(gone, new):
            was = ABSENT if one is None else before[one]
            will = ABSENT if other is None else after[other]
            if isinstance(was, Mapping | list) and isinstance(will, Mapping | list):
                yield from diff_json(was, will, f"{path}{_format_step(before, one)}")
                continue
            # Report replaced elements as one removed and one added.
            if was is not ABSENT:
                yield Difference(f"{path}[]", was, ABSENT)
            if will is not ABSENT:
                yield Difference(f"{path}[]", ABSENT, will)


def _pair_by_name(before: list[Any], after: list[Any]) -> list[tuple[list[int], list[int]]]:
    """Pair elements by name, regardless of position; return an empty list if some have no name."""
    for name in NAME_KEYS:
        one, other = _index_by_name(before, name), _index_by_name(after, name)
        if one and other:
            kept = [([place], [other[key]]) for key, place in one.items() if key in other]
            gone = [([place], list[int]()) for key, place in one.items() if key not in other]
            new = [(list[int](), [place]) for key, place in other.items() if key not in one]
            return [*kept, *gone, *new]
    return []


def _index_by_name(elements: list[Any], name: str) -> dict[str, int]:
    """Return indexes by the value of `name`; empty unless each element has a distinct one."""
    names = [each.get(name) if isinstance(each, Mapping) else None for each in elements]
    indexes = {each: place for place, each in enumerate(names) if isinstance(each, str) and each}
    return indexes if len(indexes) == len(elements) else {}


def _format_step(elements: list[Any], place: int | None) -> str:
    if place is None:
        return "[]"
    own = elements[place]
    name = next((name for name in NAME_KEYS if isinstance(own, Mapping) and isinstance(own.get(name), str)), "")
    return f'["{own[name]}"]' if name else f"[{place}]"


def _to_canonical_json(value: object) -> str:
    return json.dumps(value, sort_keys=True, default=repr)


def merge_list_elements(attributes: Iterable[AttributeChange]) -> Iterator[AttributeChange]:
    """Merge changes of consecutive list elements into one change of the list.

    Otherwise a removed element shows all later ones as changed.
    """
    for stem, group in groupby(attributes, _find_list_path):
        elements = list(group)
        whole = _merge_elements(stem, elements)
        yield from [whole] if whole else elements


def _find_list_path(attribute: AttributeChange) -> str:
    found = _ELEMENT.fullmatch(attribute.path)
    return found[1] if found else ""


def _merge_elements(stem: str, elements: Sequence[AttributeChange]) -> AttributeChange | None:
    places = [int(_ELEMENT.sub(r"\2", element.path)) for element in elements] if stem else []
    # With an index missing, the element in between is unchanged and unknown, and moves past it would be lost.
    if len(places) <= 1 or places != list(range(places[0], places[0] + len(places))):
        return None
    before = [element.before for element in elements if element.before is not None]
    after = [element.after for element in elements if element.after is not None]
    forces = any(element.forces_replacement for element in elements)
    if not before or not after:
        return AttributeChange(stem, before or None, after or None, forces)
    if any(isinstance(value, Marker) for value in (*before, *after)) or _has_moved_element(before, after):
        return None
    return AttributeChange(stem, before, after, forces)


def _has_moved_element(before: list[object], after: list[object]) -> bool:
    """Check if a removed element is added elsewhere: then the order matters."""
    gone = [before[place] for removed, _ in find_changed_runs(before, after) for place in removed]
    new = [after[place] for _, added in find_changed_runs(before, after) for place in added]
    return any(value in new for value in gone)
