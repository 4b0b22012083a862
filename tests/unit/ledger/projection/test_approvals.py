"""Approvals, and who may take them back."""

import pytest

from envctl.domain.ledger.events import (
    Actor,
    ApprovalGiven,
    ApprovalWithdrawn,
    Event,
)
from envctl.domain.ledger.projection.approvals import MAX_APPROVALS
from envctl.domain.ledger.state import Approval
from tests.unit.ledger.ledger_strategies import Step
from tests.unit.ledger.projection.entry_lists import ANN, BOB, after, at, dev


def test_approvals_are_kept_in_order() -> None:
    quality = ApprovalGiven(environment="prod", gate="quality", release="r1", settings="s")
    peer = ApprovalGiven(environment="prod", gate="peer", release="r2", settings="t", plan="f00d")
    approvals = after(quality, BOB, peer).find_environment("prod").approvals
    assert approvals == (
        Approval(gate="quality", release="r1", settings="s", by=ANN, at=at(1), seq=1),
        Approval(gate="peer", release="r2", settings="t", by=BOB, at=at(2), plan="f00d", seq=2),
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
