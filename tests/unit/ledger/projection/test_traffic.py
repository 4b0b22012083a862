"""Which colour has the requests, as the ledger tells it."""

import pytest
from hypothesis import given

from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.events import DeploymentStarted, Event
from envctl.domain.ledger.projection.apply_entries import apply_entries
from envctl.domain.ledger.traffic_events import RolloutStarted, TrafficShifted, TrafficShiftStarted
from envctl.domain.rollout.traffic import Live, Shift, Step, Traffic
from tests.unit.ledger.ledger_strategies import SECOND, START, ledgers
from tests.unit.ledger.projection.entry_lists import (
    RUN,
    VERIFIED,
    abandoned,
    dev,
    failed,
    not_passed,
    started,
    succeeded,
)

BLUE, GREEN = Traffic(Live("blue", "old")), Traffic(Live("green", "new"))


def begins(start: int, release: str = "r1") -> Event:
    return RolloutStarted(
        environment="dev", release=release, started=start, stack="web", color="green", value="new", stable="old"
    )


def step(start: int, number: int, percent: int) -> Event:
    return TrafficShiftStarted(
        environment="dev", release="r1", started=start, stack="web", percent=percent, step=number, steps=3
    )


def share(start: int, percent: int, release: str = "r1") -> Event:
    return TrafficShifted(
        environment="dev",
        release=release,
        started=start,
        stack="web",
        color="green",
        value="new",
        percent=percent,
        stable="old",
    )


def rests(start: int, color: str, value: str, release: str = "r1") -> Event:
    return TrafficShifted(
        environment="dev", release=release, started=start, stack="web", color=color, value=value, percent=100
    )


def on_the_way(percent: int, start: int = 1) -> Traffic:
    return Traffic(Live("blue", "old"), Shift(start, "green", "new", percent))


def on_step(percent: int, number: int, seconds: int, goal: int) -> Traffic:
    """Traffic with a step whose last entry was written so many seconds after the start of the story."""
    found = Step(number, 3, START + seconds * SECOND, goal)
    return Traffic(Live("blue", "old"), Shift(1, "green", "new", percent, found))


TOLD: dict[str, tuple[list[Event], Traffic | None]] = {
    "before anything is said nothing is known": ([started()], None),
    "what rests is live": ([started(), rests(1, "blue", "old")], BLUE),
    "a rollout that begins has sent nothing yet": ([started(), begins(1)], on_the_way(0)),
    "a share is on the way": ([started(), begins(1), share(1, 10)], on_the_way(10)),
    "a step that began lies between two shares": ([started(), begins(1), step(1, 1, 10)], on_step(0, 1, 3, 10)),
    "a step that is done has its share": ([started(), begins(1), step(1, 1, 10), share(1, 10)], on_step(10, 1, 4, 10)),
    "the next step begins at the last share": (
        [started(), begins(1), step(1, 1, 10), share(1, 10), step(1, 2, 50)],
        on_step(10, 2, 5, 50),
    ),
    "a deployment closed meanwhile leaves its step": (
        [started(), begins(1), step(1, 1, 10), abandoned(1)],
        on_step(0, 1, 3, 10),
    ),
    "after the way back no step is known": ([started(), begins(1), step(1, 1, 10), rests(1, "blue", "old")], BLUE),
    "a step without a rollout says nothing": ([started(), rests(1, "blue", "old"), step(1, 1, 10)], BLUE),
    "a step of an earlier deployment says nothing": (
        [started(), begins(1), abandoned(1), started(), step(4, 1, 10)],
        on_the_way(0),
    ),
    "all that is not at rest may still go back": ([started(), begins(1), share(1, 100)], on_the_way(100)),
    "at rest in the other colour": ([started(), begins(1), share(1, 10), rests(1, "green", "new")], GREEN),
    "gone back": ([started(), begins(1), share(1, 10), rests(1, "blue", "old"), failed(1)], BLUE),
    "killed it stays on the way": ([started(), begins(1), share(1, 50), abandoned(1)], on_the_way(50)),
    "it is brought back then": ([started(), begins(1), share(1, 50), abandoned(1), rests(1, "blue", "old")], BLUE),
    "a deployment that ended says nothing after another one has begun": (
        [started(), rests(1, "blue", "old"), succeeded(1), started(), share(1, 50)],
        BLUE,
    ),
    "forgotten is not known": (
        [started(), rests(1, "blue", "old"), TrafficShifted(environment="dev", release="r1", started=1, stack="web")],
        None,
    ),
    "after a destruction nothing is known": (
        [started(), rests(1, "blue", "old"), succeeded(1), started(action="destroy"), succeeded(4)],
        None,
    ),
}


@pytest.mark.parametrize(("happened", "told"), TOLD.values(), ids=TOLD)
def test_traffic_follows_rollout_events(happened: list[Event], told: Traffic | None) -> None:
    assert dev(*happened).traffic.get("web") == told


@pytest.mark.parametrize(
    ("events", "running", "highest"),
    [
        ([], False, 0),
        ([share(1, 10)], False, 10),
        ([step(1, 1, 10)], True, 10),
        ([step(1, 1, 10), share(1, 10)], False, 10),
        ([step(1, 1, 10), share(1, 10), step(1, 2, 50)], True, 50),
    ],
    ids=["before a step", "of an old version", "in a step", "between two steps", "in the second step"],
)
def test_shift_knows_its_running_step(events: list[Event], running: bool, highest: int) -> None:
    shift = dev(started(), begins(1), *events).open_shifts["web"]
    assert ((shift.running_step is not None), shift.highest_percent) == (running, highest)


def test_traffic_of_other_stacks_is_unchanged() -> None:
    jobs = TrafficShifted(
        environment="dev", release="r1", started=1, stack="jobs", color="blue", value="old", percent=100
    )
    assert set(dev(started(), jobs, begins(1)).traffic) == {"jobs", "web"}
    assert set(dev(started(), jobs, begins(1)).open_shifts) == {"web"}


def test_failed_verification_during_rollout_revokes_evidence_at_once() -> None:
    """It may be killed in between."""
    here = dev(*VERIFIED, started(), not_passed(4))
    assert here.evidence["r1"].revoked == "its verification failed: http: 500 instead of 200"
    assert not here.evidence["r1"].verified


def test_stopped_rollout_keeps_evidence_of_previous_release() -> None:
    here = dev(*VERIFIED, started("r2"), not_passed(4, "r2"), failed(4, "r2"))
    assert here.evidence["r1"].verified
    assert here.current and here.current.release == "r1"
    assert here.last and (here.last.release, here.last.outcome, here.whole) == ("r2", "failed", False)


def test_deployment_without_rollout_has_no_traffic() -> None:
    assert dev(*RUN).traffic == {}


@given(ledgers)
def test_traffic_rests_or_shifts_by_started_deployment(entries: list[Entry]) -> None:
    for environment, there in apply_entries(entries).environments.items():
        for traffic in there.traffic.values():
            assert traffic.live.color in {"blue", "green"}
            if traffic.shift is None:
                continue
            begun = entries[traffic.shift.started - 1].event
            assert isinstance(begun, DeploymentStarted) and begun.environment == environment
            assert traffic.shift.color != traffic.live.color


@given(ledgers)
def test_traffic_is_known_only_from_events(entries: list[Entry]) -> None:
    said = {
        (entry.event.environment, entry.event.stack)
        for entry in entries
        if isinstance(entry.event, RolloutStarted | TrafficShiftStarted | TrafficShifted)
    }
    present = apply_entries(entries)
    assert {(name, stack) for name, there in present.environments.items() for stack in there.traffic} <= said
