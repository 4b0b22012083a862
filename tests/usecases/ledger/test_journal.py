"""What is appended is appended once, whatever becomes of the store's answers."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from itertools import repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.errors import OperationFailedError
from envctl.domain.ledger import checkpoint
from envctl.domain.ledger.entries import decode_entry, encode_entry
from envctl.domain.ledger.events import DeploymentStarted, EnvironmentLocked, Event
from envctl.domain.ledger.state import LedgerState
from envctl.usecases.deployment import apply
from envctl.usecases.deployment.request import DEFAULT
from envctl.usecases.ledger import journal, ledger_store
from tests.catching import catch
from tests.fakes.machine import SettableClock
from tests.fakes.unreliable_store import UnreliableStore, WriteOutcome
from tests.fakes.world import World, list_entries

WELL: WriteOutcome = "well"
LOST: tuple[WriteOutcome, ...] = ("lost", "met again")


def locked(reason: str) -> Callable[[LedgerState], Event]:
    return lambda _: EnvironmentLocked("dev", reason)


def reasons(world: World) -> list[str]:
    return [entry.event.reason for entry in list_entries(world) if isinstance(entry.event, EnvironmentLocked)]


@pytest.mark.parametrize("weather", LOST)
def test_append_with_lost_response_is_recognized(weather: WriteOutcome) -> None:
    world = World(store=UnreliableStore(outcomes=iter([weather])))
    present, entry = journal.append(world.ports, locked("once"))
    assert (present.seq, reasons(world)) == (1, ["once"])
    assert entry is not None
    assert world.head_cache.seen == (1, present.head)


@pytest.mark.parametrize("weather", LOST)
def test_identical_concurrent_entry_is_not_taken_as_own(weather: WriteOutcome) -> None:
    """Not even by the same person, of the same event, in the same millisecond."""
    store = UnreliableStore()
    one, other = World(store=store), World(store=store)
    one.nonces.given = 100
    one.clock = other.clock = StoppedClock()

    def decide(present: LedgerState) -> Event:
        if present.seq == 0 and not store.list_keys(ledger_store.ENTRY_FOLDER):
            journal.append(other.ports, locked("twice"))
            store.outcomes = iter([weather, weather])
        return EnvironmentLocked("dev", "twice")

    journal.append(one.ports, decide)
    assert reasons(one) == ["twice", "twice"]
    first, second = list_entries(one)
    assert (first.actor, first.event, first.at) == (second.actor, second.event, second.at)
    assert first.mark != second.mark


class StoppedClock(SettableClock):
    def now(self) -> datetime:
        return self.time


def test_dropped_append_is_reported_as_unrecorded() -> None:
    world = World(store=UnreliableStore(outcomes=iter(["dropped"])))
    with pytest.raises(OperationFailedError, match="E456 no answer") as raised:
        journal.append(world.ports, locked("never"))
    assert "the entry was not written" in raised.value.problems[0].hint
    assert list_entries(world) == []


def test_refused_append_is_not_searched_for() -> None:
    world = World(store=UnreliableStore(outcomes=iter(["refused"])))
    with pytest.raises(OperationFailedError, match="E452"):
        journal.append(world.ports, locked("never"))
    assert list_entries(world) == []


@pytest.mark.parametrize(("weather", "kept"), [("gone dark", []), ("lost in the dark", ["maybe"])])
def test_unreadable_store_leaves_append_reported_as_unknown(weather: WriteOutcome, kept: list[str]) -> None:
    store = UnreliableStore(outcomes=iter([weather]))
    world = World(store=store)
    raised = catch(OperationFailedError, journal.append, world.ports, locked("maybe"))
    assert [problem.code for problem in raised.problems] == ["E459", "E456"]
    assert "envctl status" in raised.problems[0].hint
    store.is_unreadable = False
    assert reasons(world) == kept


def test_store_conflict_without_entry_is_retried() -> None:
    world = World(store=UnreliableStore(outcomes=iter(["busy", "busy"])))
    journal.append(world.ports, locked("at last"))
    assert reasons(world) == ["at last"]


class NoCheckpoints(UnreliableStore):
    def create(self, key: str, data: bytes) -> None:
        if key.startswith(ledger_store.CHECKPOINT_FOLDER):
            self.outcomes = iter(["refused"])
        super().create(key, data)


def test_entry_counts_despite_failed_checkpoint() -> None:
    world = World(store=NoCheckpoints())
    for number in range(checkpoint.INTERVAL):
        present, _ = journal.append(world.ports, locked(f"{number}"))
    assert present.seq == checkpoint.INTERVAL
    assert world.store.list_keys(ledger_store.CHECKPOINT_FOLDER) == []
    assert journal.verify_ledger(world.ports).seq == checkpoint.INTERVAL


@pytest.mark.parametrize("weather", LOST)
def test_deployment_continues_after_lost_response(weather: WriteOutcome) -> None:
    """Every write of it, be it an entry, a bundle or a plan, is done and loses its answer."""
    smooth = World()
    apply.apply(smooth.ports, "dev", DEFAULT)
    for number in range(len(smooth.store.content)):
        plan: list[WriteOutcome] = [*repeat(WELL, number), weather]
        world = World(store=UnreliableStore(outcomes=iter(plan)))
        try:
            apply.apply(world.ports, "dev", DEFAULT)
        except OperationFailedError:
            # A bundle or a plan is named by its content: done again, it is what it was.
            assert not any(isinstance(entry.event, DeploymentStarted) for entry in list_entries(world))
            apply.apply(world.ports, "dev", DEFAULT)
        assert [entry.event for entry in list_entries(world)] == [entry.event for entry in list_entries(smooth)]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 3), st.sampled_from(["well", "lost", "met again", "dropped", "busy", "lost in the dark"])
        ),
        max_size=40,
    )
)
def test_store_failures_never_lose_or_double_an_entry(script: list[tuple[int, WriteOutcome]]) -> None:
    store = UnreliableStore()
    people = [World(store=store) for _ in range(4)]
    for number, person in enumerate(people):
        person.nonces.given = 1000 * number
    done, unknown = Counter[str](), Counter[str]()
    for number, (who, weather) in enumerate(script):
        store.is_unreadable, store.outcomes = False, iter([weather])
        reason = f"{who} in {number}"
        try:
            journal.append(people[who].ports, locked(reason))
            done[reason] += 1
        except OperationFailedError as error:
            unknown[reason] += error.problems[0].code == "E459"
    store.is_unreadable = False
    kept = Counter(reasons(people[0]))
    assert journal.verify_ledger(people[0].ports).seq == sum(kept.values())
    assert set(kept.values()) <= {1}
    assert done <= kept <= done + unknown


def test_entry_without_nonce_keeps_its_bytes() -> None:
    old = (
        b'{"actor":{"name":"ann","run_url":"","verified":false,"via":"local"},"at":"2026-01-01T00:00:00.000Z",'
        b'"event":{"environment":"dev","kind":"environment locked","reason":"r"},"prev":"' + b"0" * 64 + b'","seq":1}'
    )
    assert decode_entry(old).mark == ""
    assert encode_entry(decode_entry(old)) == old
