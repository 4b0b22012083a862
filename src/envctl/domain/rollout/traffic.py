"""Blue and green: which colour of a stack has the requests, and the way from one to the other.

A module that knows two colours takes three variables for it. What they are set to is no setting of anybody's: it
follows from which colour is live, as the ledger tells it, and from the artifact that shall run.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

COLOR, PERCENT, STABLE = "color", "traffic_percent", "stable_image"
CONTRACT = (COLOR, PERCENT, STABLE)
"""The variables that a module needs to have its requests sent over in steps."""
FIRST, SECOND = "blue", "green"
ALL = 100


@dataclass(frozen=True)
class Live:
    """The colour that has all requests at rest, and the value of the artifact that it runs."""

    color: str
    value: str


@dataclass(frozen=True)
class Shift:
    """A way to another colour that was begun and has not ended. `started` is the number of the deployment that began
    it, and `percent` is the share of the requests that had been sent over when that was last recorded.
    """

    started: int
    color: str
    value: str
    percent: int = 0


@dataclass(frozen=True)
class Traffic:
    """Of one stack. During a shift `live` is what it began from, and what it goes back to if it fails."""

    live: Live
    shift: Shift | None = None


@dataclass(frozen=True)
class Position:
    """`percent` of the requests go to `color`, which runs `value`, and the rest to the other colour, which runs
    `stable`; without one, there is no other colour.
    """

    color: str
    value: str
    percent: int = ALL
    stable: str = ""

    def arguments(self, variable: str) -> dict[str, object]:
        """What the module is called with. `variable` is the one that the artifact fills."""
        return {variable: self.value, COLOR: self.color, PERCENT: self.percent, STABLE: self.stable or None}


def other(color: str) -> str:
    return SECOND if color == FIRST else FIRST


def at_rest(live: Live) -> Position:
    return Position(live.color, live.value)


def destination(live: Live | None, value: str) -> Position:
    """Where a deployment of that value ends. What is not known to run begins with the first colour."""
    if live is None:
        return Position(FIRST, value)
    return Position(live.color if live.value == value else other(live.color), value)


def way(live: Live, value: str, steps: Sequence[int]) -> tuple[Position, ...]:
    """The positions in which both colours run, one a step. To give the old colour up, last of all, is none of them."""
    return tuple(Position(other(live.color), value, percent, live.value) for percent in steps)


def lacking(variables: Iterable[str]) -> tuple[str, ...]:
    """Which variables a module would need that it does not declare."""
    declared = set(variables)
    return tuple(name for name in CONTRACT if name not in declared)
