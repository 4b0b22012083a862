"""What an auditor is told of a deployment."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given

from envctl.domain.ledger.audit import Audit, DeploymentRecord, Waiver
from envctl.domain.ledger.entries import GENESIS, Entry
from envctl.domain.ledger.events import (
    Actor,
    ApprovalGiven,
    ApprovalWithdrawn,
    DeploymentAbandoned,
    DeploymentFailed,
    DeploymentStarted,
    DeploymentSucceeded,
    Event,
    HoldSet,
    VerificationFailed,
    VerificationPassed,
    WaiverUsed,
)
from envctl.domain.ledger.release_events import ReleaseCreated
from envctl.domain.ledger.state import Approval
from tests.unit.ledger.ledger_strategies import histories

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
ANN, BOB, CAT = Actor("ann"), Actor("bob", via="github", verified=True, run_url="https://ci/1"), Actor("cat")
R1, R2 = "1" * 64, "2" * 64


def at(number: int) -> datetime:
    return NOW + timedelta(minutes=number)


def followed(entries: list[Entry]) -> dict[int, DeploymentRecord]:
    found = Audit()
    for entry in entries:
        found.add_entry(entry, signer=f"key {entry.seq}")
    return found.deployments


def told(*events: tuple[Actor, Event]) -> dict[int, DeploymentRecord]:
    entries = [
        Entry(seq=number, prev=GENESIS, at=at(number), actor=actor, event=event)
        for number, (actor, event) in enumerate(events, 1)
    ]
    return followed(entries)


MADE = (ANN, ReleaseCreated(release=R1, commit="c0ffee", uncommitted=False, author="ann@example.com"))


def test_audit_has_every_field_of_deployment() -> None:
    found = told(
        MADE,
        (CAT, ApprovalGiven(environment="prod", gate="peer", release=R1, settings="s", plan="plan")),
        (CAT, ApprovalGiven(environment="prod", gate="quality", release=R1, settings="other settings")),
        (CAT, ApprovalGiven(environment="staging", gate="peer", release=R1, settings="s")),
        (
            BOB,
            DeploymentStarted(
                environment="prod", release=R1, settings="s", action="promote", source="staging", plan="plan"
            ),
        ),
        (
            BOB,
            DeploymentSucceeded(
                environment="prod", release=R1, started=5, stacks=("network",), changed=7, performed=("create aws_vpc",)
            ),
        ),
        (BOB, VerificationFailed("prod", R1, 5, ("http",), "503")),
        (ANN, VerificationPassed("prod", R1, 5, ("http", "size"))),
    )
    begun = DeploymentRecord(
        number=5,
        environment="prod",
        action="promote",
        source="staging",
        release=R1,
        commit="c0ffee",
        uncommitted=False,
        author="ann@example.com",
        made_by=ANN,
        made_at=at(1),
        by=BOB,
        settings="s",
        plan="plan",
        started_at=at(5),
        ended_at=at(6),
        ended_by=BOB,
        signed_by="key 5",
        approvals_signed_by=("key 2",),
    )
    approvals = (Approval(gate="peer", release=R1, settings="s", by=CAT, at=at(2), plan="plan", seq=2),)
    ended = replace(begun, outcome="succeeded", changed=7, performed=("create aws_vpc",), approvals=approvals)
    checked = replace(ended, verification="passed", verified_at=at(8), verified_by=ANN, checks=("http", "size"))
    assert found == {5: checked}


def test_withdrawn_and_later_approvals_do_not_count() -> None:
    found = told(
        MADE,
        (CAT, ApprovalGiven(environment="prod", gate="peer", release=R1, settings="s")),
        (CAT, ApprovalWithdrawn("prod", "peer", R1)),
        (BOB, DeploymentStarted(environment="prod", release=R1, settings="s", action="promote", source="staging")),
        (CAT, ApprovalGiven(environment="prod", gate="peer", release=R1, settings="s")),
    )
    assert found[4].approvals == ()


def test_waivers_before_and_during_deployment_are_listed() -> None:
    found = told(
        MADE,
        (
            ANN,
            WaiverUsed(
                environment="prod", release=R1, reason="checkout is down", guards=("G104",), refusals=("3h of 24h",)
            ),
        ),
        (
            ANN,
            DeploymentStarted(
                environment="prod", release=R1, settings="s", action="promote", source="staging", waiver=2
            ),
        ),
        (
            ANN,
            WaiverUsed(
                environment="prod",
                release=R1,
                reason="checkout is down",
                guards=("G301",),
                refusals=("a database goes",),
                started=3,
            ),
        ),
    )
    assert found[3].waivers == (
        Waiver(number=2, by=ANN, at=at(2), reason="checkout is down", guards=("G104",), refusals=("3h of 24h",)),
        Waiver(number=4, by=ANN, at=at(4), reason="checkout is down", guards=("G301",), refusals=("a database goes",)),
    )


def test_rollback_is_shown_on_both_deployments() -> None:
    found = told(
        (ANN, DeploymentStarted(environment="prod", release=R1, settings="s", action="promote", source="staging")),
        (ANN, DeploymentSucceeded(environment="prod", release=R1, started=1, stacks=())),
        (ANN, DeploymentStarted(environment="prod", release=R2, settings="s", action="promote", source="staging")),
        (ANN, DeploymentSucceeded(environment="prod", release=R2, started=3, stacks=())),
        (BOB, HoldSet("prod", R2, "rolled back")),
        (BOB, DeploymentStarted(environment="prod", release=R1, settings="s", action="rollback")),
        (BOB, DeploymentStarted(environment="prod", release=R1, settings="s", action="rollback")),
    )
    assert [each.rolled_back_by for each in found.values()] == [0, 6, 0, 0]
    assert [each.held for each in found.values()] == [(), (), (R2,), ()]


def test_abandoned_deployment_names_who_abandoned_it() -> None:
    found = told(
        (BOB, DeploymentStarted(environment="dev", release=R1, settings="s", action="apply")),
        (ANN, DeploymentAbandoned("dev", R1, 1, "its machine is gone")),
        # Its real end came later, and counts no more.
        (BOB, DeploymentSucceeded(environment="dev", release=R1, started=1, stacks=())),
        (BOB, DeploymentStarted(environment="dev", release=R1, settings="s", action="apply")),
        (
            BOB,
            DeploymentFailed(
                environment="dev", release=R1, started=4, reason="no", interrupted=True, performed=("create aws_vpc",)
            ),
        ),
        (BOB, DeploymentStarted(environment="dev", release=R1, settings="s", action="destroy")),
    )
    first, second, third = found.values()
    assert (first.outcome, first.ended_by, first.ended_at) == ("abandoned", ANN, at(2))
    assert first.reason == "its machine is gone"
    assert (second.outcome, second.performed) == ("interrupted", ("create aws_vpc",))
    assert (third.outcome, third.ended_by, third.ended_at) == ("unfinished", None, None)


@given(histories())
def test_every_started_deployment_is_listed_once_in_order(entries: list[Entry]) -> None:
    found = followed(entries)
    assert list(found) == [entry.seq for entry in entries if isinstance(entry.event, DeploymentStarted)]
    assert all(number == each.number for number, each in found.items())
