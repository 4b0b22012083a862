"""Reads of files outside of the release by its code."""

from collections.abc import Sequence
from dataclasses import dataclass

from envctl.domain.errors import Location, Problem

_HINT = "put the file beside the module and read it as ${path.module}/NAME"


@dataclass(frozen=True, order=True)
class OutsideRead:
    location: Location
    what: str
    """The call and its path, like `file() reads path.root`."""


def list_tree_problems(reads: Sequence[OutsideRead]) -> list[Problem]:
    """Return the problems of code in the working tree."""
    return [Problem("E123", f"{each.what}: the release does not carry that", _HINT, each.location) for each in reads]


def list_release_problems(reads: Sequence[OutsideRead], release: str, entry: str) -> list[Problem]:
    """Return the problems of a stored release; its code can't be corrected."""
    hint = f"{_HINT}, then make a new release: envctl apply {entry}"
    told = (f"release {release}: {each.location}: {each.what}, which it does not carry" for each in reads)
    return [Problem("E124", message, hint) for message in told]
