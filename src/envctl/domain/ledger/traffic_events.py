"""Ledger events of a rollout: its start, and the traffic of its stack."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, kw_only=True)
class RolloutStarted:
    """A traffic shift of a stack starts.

    Attributes:
        started: Number of the deployment.
        color: The new color.
        value: Its artifact.
        stable: Artifact of the other color, with all traffic until now and after an abort.
    """

    kind: ClassVar[str] = "rollout started"
    environment: str
    release: str
    started: int
    stack: str
    color: str
    value: str
    stable: str


@dataclass(frozen=True, kw_only=True)
class TrafficShiftStarted:
    """A step of a rollout is about to change the traffic weight: until its end the weight lies between two.

    Attributes:
        percent: Traffic weight of the new color at the end of the step.
        step: Number of the step, from 1.
        steps: Number of all steps of the rollout.
    """

    kind: ClassVar[str] = "traffic shift started"
    environment: str
    release: str
    started: int
    stack: str
    percent: int
    step: int
    steps: int


@dataclass(frozen=True, kw_only=True)
class TrafficShifted:
    """The traffic weight of a stack changed.

    Attributes:
        color: The color with `percent` of the traffic; empty if the stack is no longer known.
        value: Its artifact.
        stable: Artifact of the other color; empty once it is removed and the stack at rest.
    """

    kind: ClassVar[str] = "traffic shifted"
    environment: str
    release: str
    started: int
    stack: str
    color: str = ""
    value: str = ""
    percent: int = 0
    stable: str = ""
