"""`envctl ledger verify`: what signatures prove, and whether times are in order."""

from dataclasses import replace
from datetime import timedelta

import pytest

from envctl.domain.errors import OperationFailedError
from envctl.domain.ledger.entries import TOLERANCE
from envctl.domain.ledger.events import EnvironmentLocked
from envctl.usecases.approval.locking import lock_environment, unlock_environment
from envctl.usecases.inspect.history import verify_ledger
from envctl.usecases.ledger import ledger_store
from tests.catching import catch
from tests.fakes.clocks import ClockedStore, TrueClock
from tests.fakes.signing import LATE, Intruder, create_signing_world
from tests.fakes.store import MemoryStore
from tests.fakes.world import World, list_entries

SECOND = timedelta(seconds=1)


def build_world(*, signed: bool = False, store: MemoryStore | None = None) -> World:
    """Return a world whose ledger has three entries about prod."""
    world = create_signing_world() if signed else World()
    world.store = store or world.store
    for act in (lock_environment, unlock_environment, lock_environment):
        act(world.ports, "prod", "mine")
        world.clock.time += timedelta(hours=1)
    return world


def list_problems(world: World, **options: bool) -> list[tuple[str, str]]:
    error = catch(OperationFailedError, verify_ledger, world.ports, **options)
    return [(each.code, each.message) for each in error.problems]


def test_unsigned_entries_are_counted_without_failure() -> None:
    found = verify_ledger(build_world().ports)
    assert [(each.environment, each.count, each.last) for each in found.unsigned] == [("prod", 3, 3)]
    assert verify_ledger(build_world(signed=True).ports, require_signatures=True).unsigned == ()


def test_required_signatures_name_environments_and_entries() -> None:
    assert list_problems(build_world(), require_signatures=True) == [
        ("E052", "dev has no signing_key: its entries need no signature"),
        ("E052", "staging has no signing_key: its entries need no signature"),
        ("E052", "3 entries about prod are not signed, the last is entry 3: who wrote them is not verified"),
    ]


def test_entries_before_signed_from_are_unsigned() -> None:
    world = build_world()
    signed = create_signing_world(prod=4)
    signed.store = world.store
    lock_environment(signed.ports, "dev", "mine")
    assert [code for code, _ in list_problems(signed, require_signatures=True)] == ["E052"]
    assert "3 entries about prod" in list_problems(signed, require_signatures=True)[0][1]
    verify_ledger(signed.ports)


def test_required_signatures_hide_no_distrusted_entry() -> None:
    world = create_signing_world(("dev", "prod"))
    lock_environment(world.ports, "staging", "mine")
    Intruder(world).forge_entry(EnvironmentLocked("prod", "forged"))
    assert [code for code, _ in list_problems(world, require_signatures=True)] == ["E466", "E052"]


def redate(world: World, number: int, off: timedelta) -> None:
    """Rewrite the ledger of a store without signatures: an entry is dated by `off` from the one before it."""
    intruder, found = Intruder(world), list_entries(world)
    at = found[number - 2].at + off
    changed = [replace(each, at=at) if each.seq == number else each for each in found]
    intruder.rewrite_entries(changed[1:], since=2)
    world.head_cache.seen = None


DATES = {
    "after it": (SECOND, None),
    "at the same time": (timedelta(), None),
    "a second before it": (-SECOND, "told"),
    "before it by the tolerance": (-TOLERANCE, "told"),
    "before it by more": (-TOLERANCE - SECOND, "E053"),
    "weeks before it": (timedelta(days=-11), "E053"),
}


@pytest.mark.parametrize(("off", "verdict"), DATES.values(), ids=DATES)
def test_entry_before_its_predecessor_is_named(off: timedelta, verdict: str | None) -> None:
    world = build_world()
    redate(world, 3, off)
    if verdict == "E053":
        ((code, message),) = list_problems(world)
        assert (code, message.startswith("entry 3 is dated 2026-11-")) == ("E053", True)
        assert message.endswith(" before entry 2")
    else:
        assert len(verify_ledger(world.ports).remarks) == (verdict == "told")


def test_distrusted_time_accuses_no_honest_entry() -> None:
    world = build_world(signed=True)
    forged = Intruder(world).forge_entry(EnvironmentLocked("prod", "forged"))
    world.clock.time = LATE - timedelta(days=1, hours=-1)
    unlock_environment(world.ports, "prod")
    assert list_entries(world)[-1].at < forged.at
    assert [code for code, _ in list_problems(world)] == ["E466"]


STORED = {
    "at the same time": (timedelta(), False),
    "within the tolerance": (TOLERANCE, False),
    "later": (TOLERANCE + SECOND, True),
    "earlier": (-TOLERANCE - SECOND, True),
}


@pytest.mark.parametrize(("off", "told"), STORED.values(), ids=STORED)
def test_time_of_the_store_is_compared(off: timedelta, told: bool) -> None:
    store = ClockedStore(true=TrueClock(World().clock.time + timedelta(hours=1)))
    world = build_world(store=store)
    entries = list_entries(world)
    store.written = {ledger_store.entry_key(each.seq): each.at for each in entries}
    store.written[ledger_store.entry_key(2)] += off
    verify_ledger(world.ports)
    if not told:
        assert verify_ledger(world.ports, store_times=True).remarks == ()
        return
    ((code, message),) = list_problems(world, store_times=True)
    assert (code, message.startswith("entry 2 is dated 2026-11-25 ")) == ("E053", True)
    assert message.endswith(f"5m1s {'before' if off > -off else 'after'} the store got it")


def test_store_without_times_compares_nothing() -> None:
    (remark,) = verify_ledger(build_world().ports, store_times=True).remarks
    assert remark == "times are not compared: this store does not say when it was written"
