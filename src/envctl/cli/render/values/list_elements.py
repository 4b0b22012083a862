"""Changes of list elements in a plan, merged into one change of the list."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from envctl.cli.render.values.json_documents import find_changed_runs
from envctl.domain.plan.changes import AttributeChange, Marker

_ELEMENT = re.compile(r"(.+)\[(\d+)\]")


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
