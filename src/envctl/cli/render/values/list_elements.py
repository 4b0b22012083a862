"""Lists of plain values, which plans tell of element by element, put together again."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from envctl.cli.render.values.json_documents import aligned
from envctl.domain.plan.changes import AttributeChange, Marker

_ELEMENT = re.compile(r"(.+)\[(\d+)\]")


def gathered(attributes: Iterable[AttributeChange]) -> Iterator[AttributeChange]:
    """The same changes, where the elements of a list became one change of what of it differs: that an element which
    goes makes all others move up is nothing that anybody has to read.
    """
    for stem, group in groupby(attributes, _stem):
        elements = list(group)
        whole = _whole(stem, elements)
        yield from [whole] if whole else elements


def _stem(attribute: AttributeChange) -> str:
    found = _ELEMENT.fullmatch(attribute.path)
    return found[1] if found else ""


def _whole(stem: str, elements: Sequence[AttributeChange]) -> AttributeChange | None:
    if not stem or len(elements) <= 1 or not _in_a_row(elements):
        return None
    before, after = _side([e.before for e in elements]), _side([e.after for e in elements])
    forces = any(element.forces_replacement for element in elements)
    if not before or not after:
        return AttributeChange(stem, before or None, after or None, forces)
    if any(isinstance(value, Marker) for value in (*before, *after)) or _only_moved(before, after):
        return None
    return AttributeChange(stem, before, after, forces)


def _side(values: Sequence[object]) -> list[object]:
    return [value for value in values if value is not None]


def _in_a_row(elements: Sequence[AttributeChange]) -> bool:
    """Where an element in between stays as it is, nobody knows it here, and what moved past it would not be told."""
    places = [int(_ELEMENT.sub(r"\2", element.path)) for element in elements]
    return places == list(range(places[0], places[0] + len(places)))


def _only_moved(before: list[object], after: list[object]) -> bool:
    """Whether an element goes in one place and comes in another: then the order is what matters."""
    gone = [before[place] for ours, _ in aligned(before, after) for place in ours]
    new = [after[place] for _, theirs in aligned(before, after) for place in theirs]
    return any(value in new for value in gone)
