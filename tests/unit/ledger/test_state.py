"""The present answers questions: what stands, what is proven, how long it has run, who is behind."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.ledger.events import Actor, DeploymentFailed, DeploymentStarted, DeploymentSucceeded, Event
from envctl.domain.ledger.known_releases import KnownRelease
from envctl.domain.ledger.projection.apply_entries import apply_entries
from envctl.domain.ledger.state import (
    EMPTY_ENVIRONMENT,
    Deployment,
    DriftCheck,
    EnvironmentState,
    Evidence,
    LedgerState,
    Outcome,
)
from envctl.domain.release.comparison.distance import measure_lag
from tests.unit.ledger.ledger_strategies import story

ORDER = ("dev", "staging", "prod")
NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
ANN = Actor("ann")
durations = st.timedeltas(timedelta(), timedelta(days=400))


def deployment(release: str = "r1", outcome: Outcome = "succeeded", seq: int = 2) -> Deployment:
    return Deployment(
        seq=seq, release=release, settings="s", action="apply", source="", by=ANN, started_at=NOW, outcome=outcome
    )


SOAKED: dict[str, tuple[Evidence, timedelta]] = {
    "what was never verified has not soaked": (Evidence(deployment=deployment()), timedelta()),
    "a stay that goes on grows": (Evidence(deployment=deployment(), since=NOW - HOUR), HOUR),
    "a stay that ended keeps its length": (Evidence(deployment=deployment(), longest=HOUR), HOUR),
    "a stay counts once it is the longest": (
        Evidence(deployment=deployment(), since=NOW - 2 * HOUR, longest=HOUR),
        2 * HOUR,
    ),
    "an earlier stay counts while it is longest": (
        Evidence(deployment=deployment(), since=NOW - HOUR, longest=2 * HOUR),
        2 * HOUR,
    ),
}


@pytest.mark.parametrize(("proof", "soaked"), SOAKED.values(), ids=SOAKED.keys())
def test_soak_is_the_longest_stay(proof: Evidence, soaked: timedelta) -> None:
    assert proof.measure_soak(NOW) == soaked


@given(durations, durations, durations)
def test_waiting_never_reduces_soak(ago: timedelta, longest: timedelta, later: timedelta) -> None:
    proof = Evidence(deployment=deployment(), since=NOW - ago, longest=longest)
    assert longest <= proof.measure_soak(NOW) <= proof.measure_soak(NOW + later)


def test_revoked_evidence_is_not_verified() -> None:
    assert Evidence(deployment=deployment(), verified_at=NOW).verified
    assert not Evidence(deployment=deployment(), revoked="its verification failed").verified


STANDING: dict[str, tuple[EnvironmentState, bool, Deployment | None]] = {
    "where nothing ever was, nothing stands": (EMPTY_ENVIRONMENT, False, None),
    "a success stands": (EnvironmentState(current=deployment(), last=deployment()), True, None),
    "a deployment that goes on leaves nothing whole": (
        EnvironmentState(current=deployment(), last=deployment("r2", "unfinished", 4)),
        False,
        deployment("r2", "unfinished", 4),
    ),
    "a failure leaves nothing whole": (
        EnvironmentState(current=deployment(), last=deployment("r1", "failed", 4)),
        False,
        None,
    ),
    "the first failure leaves nothing whole": (
        EnvironmentState(current=None, last=deployment("r1", "failed")),
        False,
        None,
    ),
    "an environment that was destroyed is not whole": (EnvironmentState(current=None, last=deployment()), False, None),
}


@pytest.mark.parametrize(("there", "whole", "unfinished"), STANDING.values(), ids=STANDING.keys())
def test_environment_is_whole_or_not(there: EnvironmentState, whole: bool, unfinished: Deployment | None) -> None:
    assert (there.whole, there.unfinished_deployment) == (whole, unfinished)


def test_current_evidence_is_of_fully_deployed_release() -> None:
    one, other = (
        Evidence(deployment=deployment(), verified_at=NOW),
        Evidence(deployment=deployment("r2", seq=4), verified_at=NOW),
    )
    there = EnvironmentState(
        current=deployment("r2", seq=4), last=deployment("r2", seq=4), evidence={"r1": one, "r2": other}
    )
    assert there.current_evidence == other
    assert replace(there, last=deployment("r3", "failed", 6)).current_evidence is None
    assert replace(there, evidence={"r1": one}).current_evidence is None
    assert EMPTY_ENVIRONMENT.current_evidence is None


@pytest.mark.parametrize(("drifted", "expected"), [(None, False), (0, False), (1, True)])
def test_environment_drifted_when_last_check_found_drift(drifted: int | None, expected: bool) -> None:
    seen = None if drifted is None else DriftCheck(release="r1", by=ANN, at=NOW, drifted=drifted)
    assert EnvironmentState(drift=seen).drifted is expected


def test_unknown_environment_has_empty_state() -> None:
    there = EnvironmentState(last=deployment())
    present = LedgerState(environments={"dev": there})
    assert (present.find_environment("dev"), present.find_environment("prod")) == (there, EMPTY_ENVIRONMENT)


@pytest.mark.parametrize(
    ("release", "than", "newer"),
    [("r2", "r1", True), ("r1", "r2", False), ("r1", "r1", False), ("r9", "r1", False), ("r1", "r9", False)],
)
def test_release_is_newer_when_created_later(release: str, than: str, newer: bool) -> None:
    made = {
        name: KnownRelease(release=name, seq=seq, at=NOW, by=ANN, commit="", uncommitted=False, author="")
        for seq, name in enumerate(("r1", "r2"), 1)
    }
    assert LedgerState(releases=made).is_newer(release, than) is newer


Place = tuple[str, str] | tuple[str, str, Literal["failed"]]


def deployed(*places: Place) -> LedgerState:
    """One deployment after the other, each to its end."""
    happened: list[Event] = []
    for environment, release, *failed in places:
        happened.append(
            DeploymentStarted(environment=environment, release=release, settings="settings", action="apply")
        )
        started = len(happened)
        end: Event = DeploymentSucceeded(environment=environment, release=release, started=started, stacks=())
        happened.append(
            DeploymentFailed(environment=environment, release=release, started=started, reason="it broke")
            if failed
            else end
        )
    return apply_entries(story(*happened))


def lags(environment: str, behind: int | None, *places: Place) -> tuple[LedgerState, str, int | None]:
    return deployed(*places), environment, behind


LAGS = {
    "the entry lags behind nothing": lags("dev", None, ("dev", "r1")),
    "nothing is to be compared where nothing was deployed before": lags("staging", None),
    "a failed source has nothing to compare with": lags("staging", None, ("dev", "r1", "failed")),
    "an empty environment lags by all that was proven": lags("staging", 2, ("dev", "r1"), ("dev", "r2")),
    "the same release does not lag": lags("staging", 0, ("dev", "r1"), ("staging", "r1")),
    "one newer release is one behind": lags("staging", 1, ("dev", "r1"), ("staging", "r1"), ("dev", "r2")),
    "two newer ones are two": lags("staging", 2, ("dev", "r1"), ("staging", "r1"), ("dev", "r2"), ("dev", "r3")),
    "a failed release": lags("staging", 1, ("dev", "r1"), ("staging", "r1"), ("dev", "r2", "failed"), ("dev", "r3")),
    "the same one again counts once": lags(
        "staging", 1, ("dev", "r1"), ("staging", "r1"), ("dev", "r2"), ("dev", "r2")
    ),
    "the source went back to it": lags("staging", 0, ("dev", "r1"), ("staging", "r1"), ("dev", "r2"), ("dev", "r1")),
    "each environment lags behind the one right before it": lags(
        "prod", 0, ("dev", "r1"), ("staging", "r1"), ("prod", "r1"), ("dev", "r2")
    ),
}


@pytest.mark.parametrize(("present", "environment", "behind"), LAGS.values(), ids=LAGS.keys())
def test_lag_is_counted_in_releases(present: LedgerState, environment: str, behind: int | None) -> None:
    assert measure_lag(ORDER, present, environment) == behind
