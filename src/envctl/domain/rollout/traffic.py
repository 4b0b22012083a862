"""Blue and green: the live color of a stack, and the shift of traffic to the other color.

A module with two colors has three variables for it. Their values are no settings: they follow from the live color in
the ledger and from the target artifact.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

COLOR_VARIABLE, PERCENT_VARIABLE, STABLE_VARIABLE = "color", "traffic_percent", "stable_image"
TRAFFIC_VARIABLES = (COLOR_VARIABLE, PERCENT_VARIABLE, STABLE_VARIABLE)
"""Variables required in a module with traffic steps."""
FIRST_COLOR, SECOND_COLOR = "blue", "green"
FULL_PERCENT = 100


@dataclass(frozen=True)
class Live:
    """The color with all traffic at rest, and its artifact."""

    color: str
    value: str


@dataclass(frozen=True)
class Step:
    """The last recorded step of a shift."""

    number: int  # Number of the step, from 1
    count: int  # Number of all steps
    at: datetime  # Time of its end, or of its start if no end is recorded
    percent: int  # Share of traffic at its end


@dataclass(frozen=True)
class Shift:
    """An unfinished shift of traffic to another color."""

    started: int  # Number of its deployment
    color: str
    value: str
    # Last recorded share of traffic. While a step runs the share lies between this and that of the step.
    percent: int = 0
    step: Step | None = None  # Its last step; None before the first one, and in entries of old versions

    @property
    def running_step(self) -> Step | None:
        """The step with a recorded start, but no recorded end."""
        return self.step if self.step and self.step.percent != self.percent else None

    @property
    def highest_percent(self) -> int:
        """The highest possible share of traffic."""
        return max(self.percent, self.step.percent) if self.step else self.percent


@dataclass(frozen=True)
class Traffic:
    """Traffic of one stack. During a shift `live` is its start, and its destination after a failure."""

    live: Live
    shift: Shift | None = None


@dataclass(frozen=True)
class TrafficWeight:
    """Traffic weight of a stack: `color` with its artifact `value` gets `percent`, the other color the rest."""

    color: str
    value: str
    percent: int = FULL_PERCENT
    stable: str = ""  # artifact of the other color; empty: it does not exist

    def to_arguments(self, variable: str) -> dict[str, object]:
        """Return the arguments of the module. `variable` is the variable of the artifact."""
        return {
            variable: self.value,
            COLOR_VARIABLE: self.color,
            PERCENT_VARIABLE: self.percent,
            STABLE_VARIABLE: self.stable or None,
        }


def other_color(color: str) -> str:
    return SECOND_COLOR if color == FIRST_COLOR else FIRST_COLOR


def to_resting_weight(live: Live) -> TrafficWeight:
    return TrafficWeight(live.color, live.value)


def find_final_weight(live: Live | None, value: str) -> TrafficWeight:
    """Return the final weight of a deployment of this value. An unknown stack starts with the first color."""
    if live is None:
        return TrafficWeight(FIRST_COLOR, value)
    return TrafficWeight(live.color if live.value == value else other_color(live.color), value)


def list_step_weights(live: Live, value: str, steps: Sequence[int]) -> tuple[TrafficWeight, ...]:
    """Return the weight of each step with both colors. Removing the old color at the end is no step."""
    return tuple(TrafficWeight(other_color(live.color), value, percent, live.value) for percent in steps)


def list_missing_variables(variables: Iterable[str]) -> tuple[str, ...]:
    """Return the required variables missing in a module."""
    declared = set(variables)
    return tuple(name for name in TRAFFIC_VARIABLES if name not in declared)
