"""The fold: later entries never reach back, and an end counts for its own deployment alone."""

from datetime import timedelta
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.ledger import (
    Actor,
    ApprovalGiven,
    DeploymentAbandoned,
    DeploymentFailed,
    DeploymentStarted,
    DeploymentSucceeded,
    Entry,
    Event,
    ReleaseCreated,
    digest,
    encode,
)
from envctl.domain.present import NOTHING, Present, fold, lag
from tests.unit.ledger_strategies import START, chain, events, ledgers

ORDER = ("dev", "staging", "prod")


def started(release: str = "r1", environment: str = "dev") -> DeploymentStarted:
    return DeploymentStarted(environment, release, "settings", "apply")


def succeeded(start: int, release: str = "r1", environment: str = "dev") -> DeploymentSucceeded:
    return DeploymentSucceeded(environment, release, start, ("network",), 2)


def failed(start: int, release: str = "r1", environment: str = "dev", **more: Any) -> DeploymentFailed:
    return DeploymentFailed(environment, release, start, "it broke", **more)


def after(*happened: Event) -> Present:
    return fold(chain(list(happened)))


def deployed(*places: tuple[str, str] | tuple[str, str, Literal["failed"]]) -> Present:
    """One deployment after the other, each to its end."""
    happened: list[Event] = []
    for environment, release, *outcome in places:
        happened.append(started(release, environment))
        end = failed if outcome else succeeded
        happened.append(end(len(happened), release, environment))
    return after(*happened)


@given(ledgers, st.data())
def test_the_fold_of_a_prefix_never_depends_on_later_entries(entries: list[Entry], data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(entries)))
    early = fold(entries[:cut])
    late = fold(entries[cut:], early)
    assert early == fold(entries[:cut])
    assert late == fold(entries)
    assert (late.seq, late.head) == (len(entries), digest(encode(entries[-1])) if entries else Present().head)


@given(ledgers)
def test_only_what_was_started_and_succeeded_is_proven(entries: list[Entry]) -> None:
    for environment, there in fold(entries).environments.items():
        for release, proof in there.proven.items():
            begun = entries[proof.seq - 1].event
            assert isinstance(begun, DeploymentStarted)
            assert (begun.environment, begun.release, proof.release) == (environment, release, release)
            assert proof.outcome == "succeeded"


@given(ledgers, events)
def test_an_environment_is_changed_by_its_own_events_alone(entries: list[Entry], event: Event) -> None:
    before, then = fold(entries), fold(chain([*(entry.event for entry in entries), event]))
    touched = getattr(event, "environment", None)
    assert all(then.of(name) == before.of(name) for name in ORDER if name != touched)


STRANGE_ENDS = {
    "an end without any start": [succeeded(1)],
    "an end of another number": [started(), succeeded(7)],
    "an end in another environment": [started(), succeeded(1, environment="staging")],
    "an end that names another release": [started("r1"), succeeded(1, "r2")],
    "a failure that names another release": [started("r1"), failed(1, "r2")],
    "a second end": [started(), failed(1), succeeded(1)],
    "a failure after the success": [started(), succeeded(1), failed(1)],
    "an end of a deployment that another one replaced": [started("r1"), started("r2"), succeeded(1, "r1")],
    "somebody giving up on what is over": [started(), succeeded(1), DeploymentAbandoned("dev", "r1", 1, "x")],
}


@pytest.mark.parametrize("happened", STRANGE_ENDS.values(), ids=STRANGE_ENDS.keys())
def test_an_end_that_belongs_to_no_open_deployment_changes_nothing(happened: list[Event]) -> None:
    before, then = after(*happened[:-1]), after(*happened)
    assert all(then.of(name) == before.of(name) for name in ORDER)
    assert then.seq == before.seq + 1


def test_a_success_is_the_proof_of_its_release() -> None:
    there = after(ReleaseCreated("r1"), started(), succeeded(2)).of("dev")
    assert there.current == there.last == there.proven["r1"]
    assert there.whole
    assert there.current is not None
    assert (there.current.outcome, there.current.changed, there.current.seq) == ("succeeded", 2, 2)
    assert there.current.ended_at == START + timedelta(seconds=3)
    assert there.stacks == {"network"}


ENDS: dict[str, tuple[Event, str]] = {
    "a failure": (failed(3), "failed"),
    "an interruption": (failed(3, interrupted=True), "interrupted"),
    "a deployment that was given up": (DeploymentAbandoned("dev", "r1", 3, "gone"), "abandoned"),
}


@pytest.mark.parametrize(("end", "outcome"), ENDS.values(), ids=ENDS.keys())
def test_proof_is_taken_away_by_a_later_end_of_the_same_release_that_went_badly(end: Event, outcome: str) -> None:
    there = after(started(), succeeded(1), started(), end).of("dev")
    assert there.proven == {}
    assert there.last is not None
    assert there.last.outcome == outcome
    assert not there.whole
    assert there.current is not None
    assert there.current.seq == 1


def test_a_failure_of_another_release_leaves_the_proof_alone() -> None:
    assert set(deployed(("dev", "r1"), ("dev", "r2", "failed")).of("dev").proven) == {"r1"}


def test_a_failed_release_is_proven_again_by_a_success() -> None:
    assert set(deployed(("dev", "r1"), ("dev", "r1", "failed"), ("dev", "r1")).of("dev").proven) == {"r1"}


def test_stacks_that_were_applied_before_a_failure_are_known() -> None:
    assert after(started(), failed(1, stacks=("network",))).of("dev").stacks == {"network"}


def test_an_unfinished_deployment_is_seen_and_an_end_closes_it() -> None:
    unfinished = after(started()).of("dev").unfinished
    assert unfinished is not None
    assert unfinished.outcome == "unfinished"
    assert after(started(), failed(1)).of("dev").unfinished is None
    assert NOTHING.unfinished is None
    assert not NOTHING.whole


def test_the_first_maker_of_a_release_stays_its_maker() -> None:
    known = after(ReleaseCreated("r1", "c1", author="ann"), ReleaseCreated("r1", "c2", author="bob")).releases["r1"]
    assert (known.seq, known.commit, known.author) == (1, "c1", "ann")


def test_approvals_are_kept_in_the_order_in_which_they_were_given() -> None:
    given_ = [ApprovalGiven("prod", gate, "r1", "s") for gate in ("quality", "peer")]
    approvals = after(*given_).of("prod").approvals
    assert [approval.gate for approval in approvals] == ["quality", "peer"]
    assert approvals[0].by == Actor("ann")


LAGS: dict[str, tuple[Present, str, int | None]] = {
    "the entry lags behind nothing": (deployed(("dev", "r1")), "dev", None),
    "nothing is to be compared where nothing was deployed before": (Present(), "staging", None),
    "a failed source has nothing to compare with": (deployed(("dev", "r1", "failed")), "staging", None),
    "an empty environment lags by all that was proven": (deployed(("dev", "r1"), ("dev", "r2")), "staging", 2),
    "the same release does not lag": (deployed(("dev", "r1"), ("staging", "r1")), "staging", 0),
    "one newer release is one behind": (deployed(("dev", "r1"), ("staging", "r1"), ("dev", "r2")), "staging", 1),
    "a failed release is none to lag behind": (
        deployed(("dev", "r1"), ("staging", "r1"), ("dev", "r2", "failed"), ("dev", "r3")),
        "staging",
        1,
    ),
    "the same release again does not count twice": (
        deployed(("dev", "r1"), ("staging", "r1"), ("dev", "r2"), ("dev", "r2")),
        "staging",
        1,
    ),
    "the source went back to what runs here": (
        deployed(("dev", "r1"), ("staging", "r1"), ("dev", "r2"), ("dev", "r1")),
        "staging",
        0,
    ),
    "each environment lags behind the one right before it": (
        deployed(("dev", "r1"), ("staging", "r1"), ("prod", "r1"), ("dev", "r2")),
        "prod",
        0,
    ),
}


@pytest.mark.parametrize(("present", "environment", "behind"), LAGS.values(), ids=LAGS.keys())
def test_lag(present: Present, environment: str, behind: int | None) -> None:
    assert lag(ORDER, present, environment) == behind
