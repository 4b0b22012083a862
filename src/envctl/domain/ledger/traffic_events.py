"""Ledger events of a rollout: its start, and the traffic of its stack."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, kw_only=True)
class RolloutStarted:
    """A traffic shift of a stack starts."""

    kind: ClassVar[str] = "rollout started"
    environment: str
    release: str
    started: int  # Number of the deployment
    stack: str
    color: str  # The new color
    value: str  # Its artifact
    stable: str  # Artifact of the other color, with all traffic until now and after an abort


@dataclass(frozen=True, kw_only=True)
class TrafficShiftStarted:
    """A step of a rollout is about to change the traffic weight: until its end the weight lies between two."""

    kind: ClassVar[str] = "traffic shift started"
    environment: str
    release: str
    started: int
    stack: str
    percent: int  # Traffic weight of the new color at the end of the step
    step: int  # Number of the step, from 1
    steps: int  # Number of all steps of the rollout


@dataclass(frozen=True, kw_only=True)
class TrafficShifted:
    """The traffic weight of a stack changed."""

    kind: ClassVar[str] = "traffic shifted"
    environment: str
    release: str
    started: int
    stack: str
    color: str = ""  # The color with `percent` of the traffic; empty if the stack is no longer known
    value: str = ""  # Its artifact
    percent: int = 0
    stable: str = ""  # Artifact of the other color; empty once it is removed and the stack at rest
