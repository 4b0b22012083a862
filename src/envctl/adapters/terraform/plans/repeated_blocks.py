"""Blocks that repeat, such as the rules of a security group: Terraform lists them, and knows them by nothing but their
content. One that comes in front of the others moves them all, and none of those has changed.
"""

import json
from collections.abc import Mapping
from difflib import SequenceMatcher

# Comparing takes the square of this.
MOST = 500


class Same:
    """Stands in place of a block that is on both sides as it is."""


SAME = Same()


def without_same(before: object, after: object, unknown: object) -> tuple[object, object]:
    """Both sides, with SAME in place of each block that is on both as it is. All others keep their places: they are
    told by them. The order counts, so that blocks which only change places are told too.
    """
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        return _of_mappings(before, after, unknown)
    if isinstance(before, list) and isinstance(after, list) and _blocks(before) and _blocks(after):
        return _of_lists(before, after, unknown)
    return before, after


def _of_mappings(
    before: Mapping[str, object], after: Mapping[str, object], unknown: object
) -> tuple[Mapping[str, object], Mapping[str, object]]:
    ours, theirs = dict(before), dict(after)
    for key in before.keys() & after.keys():
        below = unknown.get(key) if isinstance(unknown, Mapping) else unknown
        ours[key], theirs[key] = without_same(before[key], after[key], below)
    return ours, theirs


def _of_lists(before: list[object], after: list[object], unknown: object) -> tuple[list[object], list[object]]:
    if unknown is True or max(len(before), len(after)) > MOST:
        return before, after
    marks = [unknown[i] if isinstance(unknown, list) and i < len(unknown) else None for i in range(len(after))]
    ours: list[object] = list(before)
    theirs: list[object] = list(after)
    # What is not known yet is like nothing that is there.
    keys = [None if _any(mark) else _key(block) for block, mark in zip(after, marks, strict=True)]
    matcher = SequenceMatcher(None, [_key(block) for block in before], keys, autojunk=False)
    for one, other, length in matcher.get_matching_blocks():
        ours[one : one + length] = theirs[other : other + length] = [SAME] * length
    for place in range(min(len(ours), len(theirs))):
        ours[place], theirs[place] = without_same(ours[place], theirs[place], marks[place])
    return ours, theirs


def _blocks(values: list[object]) -> bool:
    """A block that holds nothing can't be told, and so not that it has moved either."""
    return bool(values) and all(isinstance(value, Mapping) and _holds(value) for value in values)


def _holds(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(_holds(item) for item in value.values())
    if isinstance(value, list):
        return any(_holds(item) for item in value)
    return value is not None


def _any(unknown: object) -> bool:
    if isinstance(unknown, Mapping):
        return any(_any(mark) for mark in unknown.values())
    if isinstance(unknown, list):
        return any(_any(mark) for mark in unknown)
    return unknown is True


def _key(value: object) -> str:
    """JSON tells true from 1, and Python does not."""
    return json.dumps(value, sort_keys=True)
