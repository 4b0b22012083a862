"""What happens in an environment, told in few words."""

from datetime import datetime, timedelta
from typing import Any

from envctl.domain.ledger.events import (
    Actor,
    DeploymentAbandoned,
    DeploymentFailed,
    DeploymentStarted,
    DeploymentSucceeded,
    DriftChecked,
    Event,
    VerificationFailed,
    VerificationPassed,
    WaiverUsed,
)
from envctl.domain.ledger.projection.apply_entries import apply_entries
from envctl.domain.ledger.state import EnvironmentState, Evidence, LedgerState
from envctl.domain.operation import Operation
from tests.unit.ledger.ledger_strategies import SECOND, START, Step, story

ORDER = ("dev", "staging", "prod")
ANN, BOB = Actor("ann"), Actor("bob")
HOUR = timedelta(hours=1)
NONE = timedelta()


def started(
    release: str = "r1", environment: str = "dev", action: Operation = "apply", waiver: int = 0, behind: str = ""
) -> Event:
    return DeploymentStarted(
        environment=environment, release=release, settings="settings", action=action, waiver=waiver, behind=behind
    )


def succeeded(start: int, release: str = "r1", environment: str = "dev", **more: Any) -> Event:
    return DeploymentSucceeded(
        environment=environment, release=release, started=start, stacks=("network",), changed=2, **more
    )


def failed(start: int, release: str = "r1", environment: str = "dev", **more: Any) -> Event:
    return DeploymentFailed(environment=environment, release=release, started=start, reason="it broke", **more)


def abandoned(start: int, release: str = "r1", environment: str = "dev", performed: tuple[str, ...] = ()) -> Event:
    return DeploymentAbandoned(environment, release, start, "gone", performed)


def passed(start: int, release: str = "r1", environment: str = "dev") -> Event:
    return VerificationPassed(environment, release, start, ("http",))


def not_passed(start: int, release: str = "r1", environment: str = "dev") -> Event:
    return VerificationFailed(environment, release, start, ("http",), "http: 500 instead of 200")


def drift(count: int, release: str = "r1", environment: str = "dev") -> Event:
    return DriftChecked(
        environment=environment, release=release, drifted=count, resources=("network: aws_vpc.main",) * count
    )


def waived(release: str = "r1", environment: str = "dev", start: int = 0) -> Event:
    return WaiverUsed(
        environment=environment,
        release=release,
        reason="it burns",
        guards=("G104",),
        refusals=("soak: too short",),
        started=start,
    )


def after(*steps: Step) -> LedgerState:
    return apply_entries(story(*steps))


def dev(*steps: Step) -> EnvironmentState:
    return after(*steps).find_environment("dev")


def evidence(*steps: Step, release: str = "r1") -> Evidence:
    return dev(*steps).evidence[release]


def at(seconds: int, then: timedelta = NONE) -> datetime:
    return START + seconds * SECOND + then


RUN: list[Step] = [started(), succeeded(1)]
VERIFIED: list[Step] = [*RUN, HOUR, passed(1)]
