"""What people say: approvals, locks, holds."""

import pytest

from envctl.domain.ledger.events import (
    Actor,
    ApprovalGiven,
    ApprovalWithdrawn,
    EnvironmentLocked,
    EnvironmentUnlocked,
    Event,
    HoldLifted,
    HoldSet,
)
from envctl.domain.ledger.projection.statements import MAX_APPROVALS
from envctl.domain.ledger.release_events import ReleaseCreated
from envctl.domain.ledger.state import Approval, Hold, Lock
from tests.unit.ledger.ledger_strategies import Step
from tests.unit.ledger.projection.entry_lists import ANN, BOB, after, at, dev, failed, started, succeeded


def test_approvals_are_kept_in_order() -> None:
    quality = ApprovalGiven(environment="prod", gate="quality", release="r1", settings="s")
    peer = ApprovalGiven(environment="prod", gate="peer", release="r2", settings="t", plan="f00d")
    approvals = after(quality, BOB, peer).find_environment("prod").approvals
    assert approvals == (
        Approval(gate="quality", release="r1", settings="s", by=ANN, at=at(1)),
        Approval(gate="peer", release="r2", settings="t", by=BOB, at=at(2), plan="f00d"),
    )


def test_review_approval_is_of_the_reviewer() -> None:
    """And is believed as far as the job is that recorded it. Who records it with the keys of AWS is that reviewer."""
    reviewed = ApprovalGiven(
        environment="dev", gate="peer", release="r1", settings="s", plan="f00d", reviewer="octocat"
    )
    for job, believed in (
        (Actor("hubot", via="github", verified=True, run_url="run", environment="dev"), True),
        (Actor("hubot", via="github", verified=True, run_url="run", environment="prod"), False),
        (Actor("hubot", via="github", verified=True, run_url="run"), False),
        (Actor("hubot", via="github", run_url="run", environment="dev"), False),
        (Actor("hubot", via="aws", verified=True, run_url="run", environment="dev"), False),
    ):
        also = ("hubot",) if job.via == "aws" else ()
        by = Actor("octocat", via="github", verified=believed, run_url="run", also=also)
        assert [approval.by for approval in dev(job, reviewed).approvals] == [by]


def test_last_approvals_are_kept() -> None:
    given = [
        ApprovalGiven(environment="dev", gate="peer", release=f"r{number}", settings="s")
        for number in range(MAX_APPROVALS + 1)
    ]
    assert [approval.release for approval in dev(*given).approvals] == [each.release for each in given[1:]]


def approve(gate: str = "peer", release: str = "r1", settings: str = "s") -> Event:
    return ApprovalGiven(environment="dev", gate=gate, release=release, settings=settings)


def withdraw(gate: str = "peer", release: str = "r1", environment: str = "dev") -> Event:
    return ApprovalWithdrawn(environment, gate, release)


WITHDRAWN: dict[str, tuple[list[Step], int]] = {
    "whoever gave it takes it back": ([approve(), withdraw()], 0),
    "all that the person gave there for the release goes": ([approve(), approve(settings="t"), withdraw()], 0),
    "nobody takes back what somebody else gave": ([approve(), BOB, withdraw()], 1),
    "only one's own goes": ([approve(), BOB, approve(), withdraw()], 1),
    "another gate keeps its approval": ([approve("quality"), withdraw()], 1),
    "another release keeps its approval": ([approve(release="r2"), withdraw()], 1),
    "another environment keeps its approval": ([approve(), withdraw(environment="prod")], 1),
    "it can be given again": ([approve(), withdraw(), approve()], 1),
    "nothing to take back is nothing": ([withdraw()], 0),
}


@pytest.mark.parametrize(("steps", "left"), WITHDRAWN.values(), ids=WITHDRAWN.keys())
def test_withdrawn_approval_is_removed(steps: list[Step], left: int) -> None:
    assert len(dev(*steps).approvals) == left


def test_lock_holds_until_unlocked() -> None:
    lock, again = EnvironmentLocked("dev", "we migrate"), EnvironmentLocked("dev", "still")
    assert dev(BOB, lock).lock == Lock(BOB, at(1), "we migrate")
    assert dev(BOB, lock, ANN, again).lock == Lock(ANN, at(2), "still")
    assert dev(lock, started(), succeeded(2)).lock == Lock(ANN, at(1), "we migrate")
    assert dev(lock, EnvironmentUnlocked("dev")).lock is None
    assert dev(lock, EnvironmentUnlocked("prod")).lock == Lock(ANN, at(1), "we migrate")


MADE: list[Step] = [ReleaseCreated(release="r1"), ReleaseCreated(release="r2"), ReleaseCreated(release="r3")]
HELD: list[Step] = [*MADE, HoldSet("dev", "r2", "it leaks")]
HOLDS: dict[str, tuple[list[Step], set[str]]] = {
    "a hold holds": (HELD, {"r2"}),
    "each release has its own": ([*HELD, HoldSet("dev", "r3", "too")], {"r2", "r3"}),
    "it is lifted by hand": ([*HELD, HoldLifted("dev", "r2", "fixed")], set()),
    "another release's is not": ([*HELD, HoldLifted("dev", "r1", "fixed")], {"r2"}),
    "another environment's is not": ([*HELD, HoldLifted("prod", "r2", "fixed")], {"r2"}),
    "a newer release lifts it": ([*HELD, started("r3"), succeeded(5, "r3")], set()),
    "a newer release that is promoted lifts it": ([*HELD, started("r3", action="promote"), succeeded(5, "r3")], set()),
    "a newer release lifts those of all before it, and no others": (
        [*HELD, HoldSet("dev", "r1", "x"), HoldSet("dev", "r3", "x"), started("r3"), succeeded(7, "r3")],
        {"r3"},
    ),
    "the start of a newer release alone does not": ([*HELD, started("r3")], {"r2"}),
    "a newer release that failed does not": ([*HELD, started("r3"), failed(5, "r3")], {"r2"}),
    "an older release does not": ([*HELD, started("r1"), succeeded(5, "r1")], {"r2"}),
    "the same release does not": ([*HELD, started("r2"), succeeded(5, "r2")], {"r2"}),
    "a release that nobody made does not": ([*HELD, started("r9"), succeeded(5, "r9")], {"r2"}),
    "going back to a newer release does not": ([*HELD, started("r3", action="rollback"), succeeded(5, "r3")], {"r2"}),
    "a newer release elsewhere does not": ([*HELD, started("r3", "prod"), succeeded(5, "r3", "prod")], {"r2"}),
    "the end of everything does not": ([*HELD, started("r3", action="destroy"), succeeded(5, "r3")], {"r2"}),
}


@pytest.mark.parametrize(("steps", "held"), HOLDS.values(), ids=HOLDS.keys())
def test_holds_follow_rollbacks_and_promotions(steps: list[Step], held: set[str]) -> None:
    assert dev(*steps).holds.keys() == held


def test_hold_records_person_and_reason() -> None:
    assert dev(BOB, HoldSet("dev", "r2", "it leaks")).holds == {"r2": Hold("r2", BOB, at(1), "it leaks")}
    assert dev(HoldSet("dev", "r2", "a"), HoldSet("dev", "r2", "b")).holds["r2"].reason == "b"
