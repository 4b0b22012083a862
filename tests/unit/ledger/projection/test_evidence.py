"""What proves a release, for how long, and what takes that away."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from envctl.domain.ledger.events import DriftChecked, VerificationPassed
from envctl.domain.ledger.projection.apply_entries import apply_entries
from envctl.domain.ledger.state import DriftCheck, Evidence
from tests.unit.ledger.ledger_strategies import SECOND, Step, story
from tests.unit.ledger.projection.entry_lists import (
    ANN,
    BOB,
    HOUR,
    NONE,
    ORDER,
    RUN,
    VERIFIED,
    after,
    at,
    dev,
    drift,
    evidence,
    failed,
    not_passed,
    passed,
    started,
    succeeded,
)

# Each with how long r1 has soaked an hour after the last step, and since when its stay goes on.
STAYS: dict[str, tuple[list[Step], timedelta, datetime | None]] = {
    "without a verification no clock runs": (RUN, NONE, None),
    "the clock starts when a verification passes": (VERIFIED, HOUR, at(3, HOUR)),
    "a second verification does not set it back": ([*VERIFIED, HOUR, passed(1)], 2 * HOUR + SECOND, at(3, HOUR)),
    "a first verification that failed does not start it": ([*RUN, not_passed(1)], NONE, None),
    "a failed verification takes all of it away": ([*VERIFIED, HOUR, not_passed(1)], NONE, None),
    "a failed verification starts it anew": ([*VERIFIED, HOUR, not_passed(1), HOUR, passed(1)], HOUR, at(5, 3 * HOUR)),
    "drift takes all of it away": ([*VERIFIED, HOUR, drift(1)], NONE, None),
    "after drift it starts anew": ([*VERIFIED, HOUR, drift(1), drift(0), passed(1)], HOUR, at(6, 2 * HOUR)),
    "a look that finds no drift lets it run": ([*VERIFIED, drift(0)], HOUR + SECOND, at(3, HOUR)),
    "a look that finds no drift does not start it": ([*RUN, drift(0)], NONE, None),
    "a verification while drift is known does not start it": ([*RUN, drift(1), HOUR, passed(1)], NONE, None),
    "after it, a look without drift starts it anew": ([*RUN, drift(1), passed(1), HOUR, drift(0)], HOUR, at(5, HOUR)),
    "a look that finds no drift starts nothing where another release failed on top": (
        [*RUN, drift(1), passed(1), started("r2"), failed(5, "r2"), drift(0)],
        NONE,
        None,
    ),
    "a second one sets nothing back": ([*RUN, drift(1), passed(1), drift(0), HOUR, drift(0)], 2 * HOUR + SECOND, at(5)),
    "the next deployment of the same release stops it": ([*VERIFIED, 2 * HOUR, started()], 2 * HOUR + SECOND, None),
    "the start of another release stops it": ([*VERIFIED, 2 * HOUR, started("r2")], 2 * HOUR + SECOND, None),
    "the start of a destruction stops it": ([*VERIFIED, 2 * HOUR, started(action="destroy")], 2 * HOUR + SECOND, None),
    "a failure of another release does not start it again": (
        [*VERIFIED, 2 * HOUR, started("r2"), failed(4, "r2"), HOUR],
        2 * HOUR + SECOND,
        None,
    ),
    "failed again it is all gone": ([*VERIFIED, 2 * HOUR, started(), failed(4), started(), succeeded(6)], NONE, None),
    "a shorter second stay leaves the longest as it was": (
        [*VERIFIED, 3 * HOUR, started(), succeeded(4), passed(4)],
        3 * HOUR + SECOND,
        at(6, 4 * HOUR),
    ),
    "a longer second stay becomes the longest": (
        [*VERIFIED, HOUR, started(), succeeded(4), passed(4), 4 * HOUR, started("r2")],
        4 * HOUR + SECOND,
        None,
    ),
    "the longest stay comes back with its release": (
        [*VERIFIED, 3 * HOUR, started("r2"), succeeded(4, "r2"), passed(4, "r2"), started(action="rollback")],
        3 * HOUR + SECOND,
        None,
    ),
    "a stay elsewhere is another one": (
        [*VERIFIED, started("r2", "staging"), drift(1, "r1", "staging"), passed(1, "r1", "staging")],
        HOUR + 3 * SECOND,
        at(3, HOUR),
    ),
}


@pytest.mark.parametrize(("steps", "soaked", "since"), STAYS.values(), ids=STAYS.keys())
def test_soak_counts_the_longest_continuous_stay(steps: list[Step], soaked: timedelta, since: datetime | None) -> None:
    entries = story(*steps)
    proof = apply_entries(entries).find_environment("dev").evidence["r1"]
    assert (proof.measure_soak(entries[-1].at + HOUR), proof.since) == (soaked, since)


def test_verification_records_time_and_checks() -> None:
    proof = evidence(*VERIFIED)
    assert (proof.verified_at, proof.checks, proof.revoked) == (at(3, HOUR), ("http",), "")


def test_last_verification_sets_age() -> None:
    assert evidence(*VERIFIED, HOUR, VerificationPassed("dev", "r1", 1, ())).verified_at == at(4, 2 * HOUR)
    assert evidence(*VERIFIED, HOUR, VerificationPassed("dev", "r1", 1, ())).checks == ()


REVOKED: dict[str, tuple[list[Step], str]] = {
    "a failed verification": ([*VERIFIED, not_passed(1)], "its verification failed: http: 500 instead of 200"),
    "drift": ([*VERIFIED, drift(1)], "drift was found there"),
    "drift under a failed release": ([*VERIFIED, started("r2"), failed(4, "r2"), drift(1)], "drift was found there"),
    "drift of what was never verified": ([*RUN, drift(1)], "drift was found there"),
}


@pytest.mark.parametrize(("steps", "reason"), REVOKED.values(), ids=REVOKED.keys())
def test_reason_of_revoked_evidence_is_recorded(steps: list[Step], reason: str) -> None:
    there = dev(*steps)
    begun = there.current
    assert begun is not None
    assert there.evidence == {"r1": Evidence(deployment=begun, revoked=reason)}


def test_revoked_evidence_is_restored_by_new_verification() -> None:
    assert evidence(*VERIFIED, not_passed(1), passed(1)).revoked == ""
    assert evidence(*VERIFIED, not_passed(1), passed(1)).verified_at == at(5, HOUR)
    assert evidence(*VERIFIED, not_passed(1), started(), succeeded(5)).revoked == ""


def test_new_deployment_needs_new_verification() -> None:
    proof = evidence(*VERIFIED, started(), succeeded(4))
    assert (proof.verified, proof.checks, proof.deployment.seq) == (False, (), 4)


STRANGE_LOOKS: dict[str, list[Step]] = {
    "where nothing was ever deployed": [passed(1)],
    "of a deployment that goes on": [started(), passed(1)],
    "of a deployment that failed": [started(), failed(1), passed(1)],
    "of another number": [*RUN, passed(2)],
    "of another release": [*RUN, passed(1, "r2")],
    "in another environment": [*RUN, passed(1, environment="staging")],
    "while the next deployment goes on": [*RUN, started("r2"), passed(1)],
    "after the next deployment": [*RUN, started("r2"), succeeded(3, "r2"), passed(1)],
    "after another release failed on top": [*RUN, started("r2"), failed(3, "r2"), passed(1)],
    "after the end of everything": [*RUN, started(action="destroy"), succeeded(3), passed(1)],
    "a failed one of what another release has replaced": [*VERIFIED, started("r2"), succeeded(4, "r2"), not_passed(1)],
}


@pytest.mark.parametrize("steps", STRANGE_LOOKS.values(), ids=STRANGE_LOOKS.keys())
def test_verification_of_stopped_release_is_ignored(steps: list[Step]) -> None:
    before, then = after(*steps[:-1]), after(*steps)
    assert all(then.find_environment(name) == before.find_environment(name) for name in ORDER)
    assert then.seq == before.seq + 1


def test_drift_check_is_recorded() -> None:
    there = dev(
        *VERIFIED, BOB, DriftChecked(environment="dev", release="r1", drifted=2, resources=("network: aws_vpc.main",))
    )
    assert there.drift == DriftCheck(
        release="r1", by=BOB, at=at(4, HOUR), drifted=2, resources=("network: aws_vpc.main",)
    )
    assert dev(*VERIFIED, drift(2), drift(0)).drift == DriftCheck(release="r1", by=ANN, at=at(5, HOUR), drifted=0)


def test_drift_of_another_release_keeps_evidence() -> None:
    assert evidence(*VERIFIED, drift(1, "r2")).verified
    replaced = [*VERIFIED, started("r2"), succeeded(4, "r2"), passed(4, "r2"), drift(1)]
    assert evidence(*replaced).verified
    assert evidence(*replaced, release="r2").verified


def test_verification_counts_despite_known_drift() -> None:
    proof = evidence(*RUN, drift(1), passed(1))
    assert (proof.verified_at, proof.revoked) == (at(4), "")
    assert evidence(*RUN, drift(1), passed(1), drift(0)).verified_at == at(4)


def test_drift_without_evidence_is_recorded() -> None:
    assert dev(started(), failed(1), drift(1)).drifted
    assert dev(drift(1)).evidence == {}
    there = dev(*VERIFIED, started(action="destroy"), succeeded(4), drift(1))
    assert there.drifted
    assert there.evidence["r1"].verified


def test_clean_drift_check_does_not_restore_evidence() -> None:
    assert not evidence(*VERIFIED, drift(1), drift(0)).verified


def look(number: int = 0) -> DriftChecked:
    """A check without the lock."""
    return DriftChecked(environment="dev", release="r1", drifted=number, locked=False)


def test_look_without_lock_clears_no_drift() -> None:
    before, there = dev(*VERIFIED, drift(2)).drift, dev(*VERIFIED, drift(2), look())
    assert before is not None
    assert there.drifted
    assert there.drift == replace(before, not_seen_at=at(5, HOUR))
    assert not dev(*VERIFIED, drift(2), look(), drift(0)).drifted


def test_look_without_lock_finds_drift() -> None:
    assert dev(*VERIFIED, look(1)).drifted
    assert not evidence(*VERIFIED, look(1)).verified


def test_look_without_lock_notes_its_time() -> None:
    assert dev(*VERIFIED, look()).drift == DriftCheck(release="r1", by=ANN, at=at(4, HOUR), drifted=0)
    assert evidence(*VERIFIED, look()).verified


LAST_CHECKS: dict[str, tuple[list[Step], datetime | None]] = {
    "no check": (VERIFIED, None),
    "a check": ([*VERIFIED, drift(0)], at(4, HOUR)),
    "a check that found drift": ([*VERIFIED, drift(2)], at(4, HOUR)),
    "a look that does not find the recorded drift": ([*VERIFIED, drift(2), look()], at(5, HOUR)),
    "a check before a later deployment": ([*VERIFIED, drift(0), started("r2"), succeeded(5, "r2")], at(4, HOUR)),
    "a check of another environment": ([*VERIFIED, drift(0, "r1", "staging")], None),
}


@pytest.mark.parametrize(("steps", "expected"), LAST_CHECKS.values(), ids=LAST_CHECKS)
def test_time_of_last_drift_check_outlives_deployments(steps: list[Step], expected: datetime | None) -> None:
    assert dev(*steps).drift_checked_at == expected


def test_look_without_lock_starts_no_soak() -> None:
    again = [*VERIFIED, HOUR, drift(1), passed(1)]
    assert evidence(*again, drift(0)).since is not None
    assert evidence(*again, look()).since == evidence(*again).since


def test_successful_deployment_clears_drift() -> None:
    assert dev(*RUN, drift(1), started()).drifted
    assert dev(*RUN, drift(1), started(), failed(4)).drifted
    assert dev(*RUN, drift(1), started(), succeeded(4)).drift is None
