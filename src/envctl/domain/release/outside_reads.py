"""Code of a release that reads files which the release does not carry."""

from collections.abc import Sequence
from dataclasses import dataclass

from envctl.domain.errors import Location, Problem

_HINT = "put the file beside the module and read it as ${path.module}/NAME"


@dataclass(frozen=True, order=True)
class OutsideRead:
    location: Location
    what: str
    """What is read, as `file() reads path.root`."""


def describe_in_tree(reads: Sequence[OutsideRead]) -> list[Problem]:
    """Returns the problems of code in the working tree."""
    return [Problem("E123", f"{each.what}: the release does not carry that", _HINT, each.location) for each in reads]


def describe_in_release(reads: Sequence[OutsideRead], release: str, entry: str) -> list[Problem]:
    """Returns the problems of a stored release, which can't be corrected any more."""
    hint = f"{_HINT}, then make a new release: envctl apply {entry}"
    return [
        Problem("E124", f"release {release}: {each.location}: {each.what}, which it does not carry", hint)
        for each in reads
    ]
