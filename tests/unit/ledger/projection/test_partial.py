"""Deployments of some stacks only: what runs then may be of more than one release, and nothing is proven by it."""

import pytest

from envctl.domain.ledger.events import DeploymentStarted, DeploymentSucceeded, Event
from envctl.domain.ledger.state import describe_outcome
from envctl.domain.operation import Operation
from tests.unit.ledger.ledger_strategies import Step
from tests.unit.ledger.projection.entry_lists import (
    HOUR,
    VERIFIED,
    abandoned,
    dev,
    drift,
    failed,
    passed,
    started,
    succeeded,
    waived,
)


def part(
    release: str = "r1", action: Operation = "apply", waiver: int = 0, stacks: tuple[str, ...] = ("web",)
) -> Event:
    return DeploymentStarted(
        environment="dev", release=release, settings="settings", action=action, waiver=waiver, only=stacks
    )


def done(start: int, release: str = "r1", stacks: tuple[str, ...] = ("web",)) -> Event:
    return DeploymentSucceeded(
        environment="dev",
        release=release,
        started=start,
        stacks=stacks,
        changed=1,
        performed=("update aws_instance",),
        partial=True,
    )


# Each with the releases that are proven afterwards, and whether what runs is whole.
PROVEN: dict[str, tuple[list[Step], list[str], bool]] = {
    "a part of the release that runs takes its proof away": ([*VERIFIED, part(), done(4)], [], False),
    "a part of another release leaves its proof alone": ([*VERIFIED, part("r2"), done(4, "r2")], ["r1"], False),
    "while a part is deployed nothing is whole, and nothing is lost yet": ([*VERIFIED, part()], ["r1"], False),
    "a part that failed takes it away": ([*VERIFIED, part(), failed(4)], [], False),
    "a part that nobody ended takes it away": ([*VERIFIED, part(), abandoned(4)], [], False),
    "a whole release after it is verified anew": ([*VERIFIED, part(), done(4), started(), succeeded(6)], [], True),
    "verified after the whole again": ([*VERIFIED, part(), done(4), started(), succeeded(6), passed(6)], ["r1"], True),
    "a verification of a part proves nothing": ([*VERIFIED, part(), done(4), passed(4)], [], False),
    "nor does one of what ran before": ([*VERIFIED, part(), done(4), passed(1)], [], False),
    "parts that are all of it, one by one, are no whole": (
        [part(stacks=("network",)), done(1, stacks=("network",)), part(), done(3), passed(3)],
        [],
        False,
    ),
}


@pytest.mark.parametrize(("steps", "proven", "whole"), PROVEN.values(), ids=PROVEN.keys())
def test_partial_deployment_proves_no_whole_release(steps: list[Step], proven: list[str], whole: bool) -> None:
    there = dev(*steps)
    assert [release for release, proof in there.evidence.items() if proof.verified] == proven
    assert there.whole == whole
    assert (there.current_evidence is not None) == (whole and "r1" in there.evidence)


def test_partial_deployment_keeps_current_release() -> None:
    before, there = dev(*VERIFIED), dev(*VERIFIED, part("r2", stacks=("db", "web")), done(4, "r2", ("db", "web")))
    assert there.current == before.current
    assert there.last and (there.last.outcome, there.last.only, there.last.changed) == ("partial", ("db", "web"), 1)
    assert describe_outcome(there.last) == "was only for db and web"
    assert there.unfinished_deployment is None


def test_first_partial_deployment_sets_no_current_release() -> None:
    there = dev(part(), done(1))
    assert (there.current, there.whole, there.current_evidence, there.evidence) == (None, False, None, {})
    assert there.stacks == {"web"}


def test_partial_deployment_records_stacks_and_actions() -> None:
    there = dev(*VERIFIED, part(), done(4))
    assert there.stacks == {"network", "web"}
    assert there.performed["r1"] == {"update aws_instance"}


def test_partial_deployment_resets_soak_of_its_release() -> None:
    there = dev(*VERIFIED, 3 * HOUR, part(), done(4), started(), succeeded(6), passed(6))
    assert there.evidence["r1"].longest.total_seconds() == 0
    other = dev(*VERIFIED, 3 * HOUR, part("r2"), done(4, "r2"))
    assert other.evidence["r1"].longest >= 3 * HOUR
    assert other.evidence["r1"].since is None


def test_drift_survives_partial_deployment_of_other_stack() -> None:
    assert dev(*VERIFIED, drift(1), part(), done(5)).drifted


def test_partial_deployment_lifts_no_hold_and_no_debt() -> None:
    owed = [waived(), started(waiver=1), succeeded(2)]
    there = dev(*owed, part("r2"), done(4, "r2"))
    assert [debt.release for debt in there.debts] == ["r1"]
    paid = dev(*owed, started("r2"), succeeded(4, "r2"))
    assert paid.debts == ()


def test_success_of_partial_deployment_stays_partial() -> None:
    """It is the start that says what it is for, and its end can't make more of it."""
    there = dev(*VERIFIED, part(), succeeded(4))
    assert there.last and (there.last.outcome, there.whole, there.evidence) == ("partial", False, {})
