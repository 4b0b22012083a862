"""Comparison of repeated blocks, such as the rules of a security group: Terraform lists them without any identity. A
new block in front moves all others, though none of them has changed.
"""

import json
from collections.abc import Mapping
from difflib import SequenceMatcher

# The comparison takes quadratic time.
MAX_BLOCKS = 500


class UnchangedBlock:
    """Placeholder for a block present on both sides."""


UNCHANGED = UnchangedBlock()


def mark_unchanged_blocks(before: object, after: object, unknown: object) -> tuple[object, object]:
    """Return both sides, with UNCHANGED in place of each block present on both. The others keep their positions, needed
    for their paths. The order counts: swapped blocks are changes.
    """
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        ours, theirs = dict(before), dict(after)
        for key in before.keys() & after.keys():
            marks = unknown.get(key) if isinstance(unknown, Mapping) else unknown
            ours[key], theirs[key] = mark_unchanged_blocks(before[key], after[key], marks)
        return ours, theirs
    if (
        isinstance(before, list)
        and isinstance(after, list)
        and before
        and after
        # An empty block can't be recognized after a move.
        and all(isinstance(value, Mapping) and _has_content(value) for value in (*before, *after))
    ):
        return _mark_in_lists(before, after, unknown)
    return before, after


def _mark_in_lists(before: list[object], after: list[object], unknown: object) -> tuple[list[object], list[object]]:
    if unknown is True or max(len(before), len(after)) > MAX_BLOCKS:
        return before, after
    marks = [unknown[i] if isinstance(unknown, list) and i < len(unknown) else None for i in range(len(after))]
    ours, theirs = list(before), list(after)
    # Compared as JSON, since that distinguishes true from 1. A block with unknown parts equals no other.
    old, new = ([json.dumps(block, sort_keys=True) for block in side] for side in (before, after))
    keys = [None if has_unknown(mark) else key for key, mark in zip(new, marks, strict=True)]
    matcher = SequenceMatcher(None, old, keys, autojunk=False)
    for one, other, length in matcher.get_matching_blocks():
        ours[one : one + length] = theirs[other : other + length] = [UNCHANGED] * length
    for place in range(min(len(ours), len(theirs))):
        ours[place], theirs[place] = mark_unchanged_blocks(ours[place], theirs[place], marks[place])
    return ours, theirs


def _has_content(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_content, value.values()))
    return any(map(_has_content, value)) if isinstance(value, list) else value is not None


def has_unknown(unknown: object) -> bool:
    if isinstance(unknown, Mapping):
        return any(map(has_unknown, unknown.values()))
    return any(map(has_unknown, unknown)) if isinstance(unknown, list) else unknown is True
