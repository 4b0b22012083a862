"""One rollout on its way, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from envctl.domain.checks.probes import Check, Output
from envctl.domain.rollout.traffic import Live, Position


@dataclass(frozen=True)
class Watched:
    """What is looked at between the steps: alarms, as templates of names or references to outputs, and checks by their
    names. `outputs` are those of the other stacks, as they were before anything was changed.
    """

    alarms: tuple[str, ...] = ()
    checks: Mapping[str, Check] = field(default_factory=dict)
    outputs: Mapping[str, Mapping[str, Output]] = field(default_factory=dict)
    region: str = ""

    def __bool__(self) -> bool:
        return bool(self.alarms or self.checks)


@dataclass(frozen=True)
class Rolling:
    """A stack whose requests go from the live colour to the other one. `steps` are the positions in which both run, and
    `end` is the one in which the old colour is given up.
    """

    stack: str
    live: Live
    steps: tuple[Position, ...]
    end: Position
    wait: timedelta = timedelta()
    watched: Watched = field(default_factory=Watched)


@dataclass(frozen=True)
class Share:
    """When so many of the requests had been sent over, in percent."""

    percent: int
    at: datetime


@dataclass(frozen=True)
class RolledOut:
    """A stack whose requests went over to another colour, share by share."""

    stack: str
    before: str
    color: str
    shares: tuple[Share, ...]
