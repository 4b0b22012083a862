"""A planned rollout, and its result."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from envctl.domain.config.checks.table import Check
from envctl.domain.rollout.traffic import Live, TrafficWeight
from envctl.domain.terraform.outputs import Output


@dataclass(frozen=True)
class WatchList:
    """The alarms and checks to watch between the steps."""

    alarms: tuple[str, ...] = ()  # Name templates, or references to outputs.
    checks: Mapping[str, Check] = field(default_factory=dict)
    outputs: Mapping[str, Mapping[str, Output]] = field(default_factory=dict)  # Of other stacks, before all changes.
    region: str = ""

    def __bool__(self) -> bool:
        return bool(self.alarms or self.checks)


@dataclass(frozen=True)
class StackRollout:
    """The rollout of one stack from its live color to the other one."""

    stack: str
    live: Live
    steps: tuple[TrafficWeight, ...]  # Both colors run.
    end: TrafficWeight  # The old color is destroyed.
    wait: timedelta = timedelta()
    watched: WatchList = field(default_factory=WatchList)


@dataclass(frozen=True)
class Share:
    """The traffic weight of the new color, in percent, and the time of its shift."""

    percent: int
    at: datetime


@dataclass(frozen=True)
class RolledOut:
    """A stack with its traffic shifted to another color in steps."""

    stack: str
    before: str
    color: str
    shares: tuple[Share, ...]
