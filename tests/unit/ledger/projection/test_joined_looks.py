"""One entry for the looks of several environments says the same as an entry for each."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.ledger.entries import decode_entry, encode_entry
from envctl.domain.ledger.events import DriftChecked, Event, list_environments
from envctl.domain.ledger.release_events import ReleaseCreated
from envctl.domain.ledger.state import EnvironmentState
from tests.unit.ledger.ledger_strategies import Step, story
from tests.unit.ledger.projection.entry_lists import after, drift, passed, started, succeeded

PLACES = ("dev", "staging", "prod")
RUNNING: tuple[Step, ...] = tuple(
    step
    for number, place in enumerate(PLACES)
    for step in (
        started("r1", place),
        succeeded(3 * number + 1, "r1", place),
        passed(3 * number + 1, "r1", place),
    )
)


def look(environment: str, release: str = "r1") -> DriftChecked:
    return DriftChecked(environment=environment, release=release, drifted=0, locked=False)


def join(*looks: DriftChecked) -> DriftChecked:
    return looks[0].add_looks(looks[1:])


def forget_times(state: EnvironmentState) -> EnvironmentState:
    """One entry has one time, and several have several."""
    drift = replace(state.drift, at=state.drift.at.min, not_seen_at=None) if state.drift else None
    return replace(state, drift=drift, drift_checked_at=state.drift_checked_at and state.drift_checked_at.min)


@given(
    drifted=st.lists(st.sampled_from(PLACES), max_size=3),
    looks=st.lists(st.builds(look, st.sampled_from(PLACES), st.sampled_from(["r1", "r2"])), min_size=1, max_size=4),
)
def test_joined_looks_leave_the_states_of_single_ones(drifted: list[str], looks: list[DriftChecked]) -> None:
    before = (*RUNNING, *(drift(1, "r1", place) for place in drifted))
    joined, single = after(*before, join(*looks)), after(*before, *looks)
    for place in PLACES:
        assert forget_times(joined.find_environment(place)) == forget_times(single.find_environment(place))


def test_joined_looks_restore_no_evidence() -> None:
    found = after(*RUNNING, drift(1, "r1", "prod"), join(look("dev"), look("prod"))).find_environment("prod")
    assert found.drifted
    assert found.evidence["r1"].revoked


def test_event_names_all_its_environments() -> None:
    assert list_environments(join(look("dev"), look("prod"))) == ("dev", "prod")
    assert list_environments(look("dev")) == ("dev",)
    assert list_environments(ReleaseCreated(release="r1", commit="", uncommitted=False, author="")) == ()


def test_joined_looks_are_read_as_written() -> None:
    (entry,) = story(join(look("dev", "r1"), look("prod", "r2")))
    event: Event = decode_entry(encode_entry(entry)).event
    assert isinstance(event, DriftChecked)
    assert event.other_looks == (look("prod", "r2"),)


def test_single_look_keeps_its_bytes() -> None:
    (entry,) = story(look("dev"))
    assert b"also" not in encode_entry(entry)
