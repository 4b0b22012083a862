"""A look may take older entries from the copies of this machine, and never believes one that the chain does not."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import pytest

from envctl.domain.ledger import checkpoint
from envctl.domain.ledger.events import EnvironmentLocked, Event
from envctl.domain.ledger.state import LedgerState
from envctl.usecases.ledger import journal
from envctl.usecases.ledger.ledger_store import entry_key
from tests.fakes.store import MemoryHeadCache, MemoryStore
from tests.fakes.world import World


@dataclass
class CountingStore(MemoryStore):
    asked: list[str] = field(default_factory=list)

    def read(self, key: str) -> bytes | None:
        self.asked.append(key)
        return super().read(key)

    def read_all(self, keys: Sequence[str]) -> list[bytes | None]:
        return [self.read(key) for key in keys]


def lock(reason: str) -> Callable[[LedgerState], Event]:
    return lambda _: EnvironmentLocked("dev", reason)


def fill(world: World, count: int) -> None:
    for number in range(count):
        journal.append(world.ports, lock(f"{number}"))


def read_numbers(store: CountingStore) -> list[int]:
    return sorted(int(key[len("ledger/") : -len(".json")]) for key in store.asked if key.startswith("ledger/"))


@pytest.fixture
def store() -> CountingStore:
    return CountingStore()


@pytest.fixture
def world(store: CountingStore) -> World:
    """A machine that has read five entries for a look."""
    world = World(store=store)
    fill(world, 5)
    journal.load(world.ports, for_look=True)
    store.asked.clear()
    return world


def test_second_look_reads_last_entry_only(world: World, store: CountingStore) -> None:
    assert journal.load(world.ports, for_look=True) == journal.load(World(store=MemoryStore(store.content)).ports)
    assert read_numbers(store) == [5]


def test_look_reads_later_entries_too(world: World, store: CountingStore) -> None:
    fill(World(store=MemoryStore(store.content)), 2)
    store.asked.clear()
    assert journal.load(world.ports, for_look=True).seq == 7
    # Entry 5 is the last one that this machine knows.
    assert read_numbers(store) == [5, 6, 7]
    assert sorted(world.head_cache.copies) == list(range(1, 8))


def test_decision_reads_all_entries(world: World, store: CountingStore) -> None:
    journal.load(world.ports)
    assert read_numbers(store) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("number", range(1, 6))
@pytest.mark.parametrize("change", ["damaged", "of another number", "not an entry", "missing"])
def test_wrong_copy_is_never_believed(world: World, store: CountingStore, number: int, change: str) -> None:
    copies = dict(world.head_cache.copies)
    wrong = {
        "damaged": copies[number].replace(b'"reason":"', b'"reason":"no '),
        "of another number": copies[number % 5 + 1],
        "not an entry": b"",
    }
    world.head_cache.copies = {**copies, number: wrong[change]} if change in wrong else _without(copies, number)
    assert journal.load(world.ports, for_look=True) == journal.load(World(store=MemoryStore(store.content)).ports)
    if change == "missing":
        assert world.head_cache.copies == copies


def _without(copies: Mapping[int, bytes], number: int) -> dict[int, bytes]:
    return {other: data for other, data in copies.items() if other != number}


@pytest.mark.parametrize("number", range(1, 6))
@pytest.mark.parametrize("removed", [True, False], ids=["removed", "changed"])
def test_changed_store_is_refused_by_decisions(world: World, store: CountingStore, number: int, removed: bool) -> None:
    key = entry_key(number)
    if removed:
        del store.content[key]
    else:
        store.content[key] = store.content[key].replace(b'"reason":"', b'"reason":"no ')
    with pytest.raises(journal.BrokenLedgerError):
        journal.load(world.ports)
    # A look refuses as well, except after a change of an older entry, whose copy is still the true one.
    if removed or number == 5:
        with pytest.raises(journal.BrokenLedgerError):
            journal.load(world.ports, for_look=True)
    else:
        assert journal.load(world.ports, for_look=True).seq == 5


def test_copies_of_another_history_do_not_count(world: World, store: CountingStore) -> None:
    other = World()
    fill(other, 8)
    world.head_cache = MemoryHeadCache(copies=world.head_cache.copies)
    world.store.content.clear()
    world.store.content.update(other.store.content)
    assert journal.load(world.ports, for_look=True) == journal.load(other.ports)


def test_copies_begin_after_the_checkpoint(world: World, store: CountingStore) -> None:
    fill(world, checkpoint.INTERVAL)
    journal.load(world.ports, for_look=True)
    assert min(world.head_cache.copies) == checkpoint.INTERVAL + 1
    assert journal.load(world.ports, for_look=True) == journal.load(World(store=MemoryStore(store.content)).ports)
