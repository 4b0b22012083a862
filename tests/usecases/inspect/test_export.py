"""What the ledger is exported as, and a history of a span of time."""

import hashlib
from dataclasses import replace
from datetime import timedelta
from functools import cache

import pytest

from envctl.domain.errors import OperationFailedError, UsageError
from envctl.domain.ledger.entries import GENESIS, decode_entry, encode_entry
from envctl.usecases.inspect.export import export_deployments, export_entries
from envctl.usecases.inspect.history import CLOCK_SLACK, DEFAULT_LIMIT, read_history, verify_ledger
from envctl.usecases.ledger import journal
from envctl.usecases.ledger.timeline import load_timeline
from tests.fakes.store import MemoryHeadCache
from tests.fakes.story import NOW, build_fortnight
from tests.fakes.world import World, list_entries


@cache
def kept() -> dict[str, bytes]:
    return build_fortnight().store.content


@pytest.fixture
def world() -> World:
    """A fortnight of a pipeline, and the day on which somebody asks for it."""
    world = World()
    world.store.content = dict(kept())
    world.clock.time = NOW
    return world


def test_exported_deployments_equal_the_timeline(world: World) -> None:
    told = export_deployments(world.ports)
    shown = load_timeline(world.ports, journal.load(world.ports), 1000).deployments[::-1]
    assert len(told.deployments) == len(shown) > 5
    for each, happened in zip(told.deployments, shown, strict=True):
        there = happened.deployment
        assert (each.number, each.environment, each.plan) == (there.seq, happened.environment, happened.plan)
        assert (each.outcome, each.ended_at, each.changed) == (there.outcome, there.ended_at, there.changed)
        # Nothing is signed here: a service gave some names, but any writer of the store could write them.
        by = replace(there.by, verified=False)
        assert (each.verification, each.by, each.reason) == (happened.verified, by, there.reason)
        assert bool(each.waivers) == bool(there.waiver)
    assert any(each.approvals for each in told.deployments)
    assert any(each.waivers for each in told.deployments)


def test_exported_chain_equals_ledger_verify(world: World) -> None:
    told, verified = export_deployments(world.ports), verify_ledger(world.ports)
    assert (told.entries, told.head) == (verified.entries, verified.head)


def test_export_is_limited_to_environment_and_time(world: World) -> None:
    everything = export_deployments(world.ports).deployments
    prod = export_deployments(world.ports, "prod").deployments
    assert prod == tuple(each for each in everything if each.environment == "prod")
    middle = everything[len(everything) // 2].started_at
    since = export_deployments(world.ports, since=middle.isoformat()).deployments
    until = export_deployments(world.ports, until=middle.isoformat()).deployments
    assert (*until, *since) == everything
    assert since[0].started_at == middle
    # What came before the span and after it is told of those in it.
    assert all(each in everything for each in (*since, *until))


def test_exported_entries_keep_bytes_and_chain(world: World) -> None:
    lines = list(export_entries(world.ports))
    prev = GENESIS
    for line in lines:
        assert b"\n" not in line
        assert decode_entry(line).prev == prev
        prev = hashlib.sha256(line).hexdigest()
    assert prev == verify_ledger(world.ports).head
    assert [decode_entry(line) for line in export_entries(world.ports, "dev")] == [
        entry for entry in list_entries(world) if getattr(entry.event, "environment", "") == "dev"
    ]


def test_broken_ledger_is_not_exported(world: World) -> None:
    numbers = len(list(export_entries(world.ports)))
    key = f"ledger/{numbers // 2:010d}.json"
    world.store.content[key] = world.store.content[key].replace(b'"by"', b'"bz"').replace(b"prod", b"prud") + b" "
    world.head_cache = MemoryHeadCache()
    with pytest.raises(OperationFailedError, match="E401"):
        export_deployments(world.ports)
    with pytest.raises(OperationFailedError, match="E401"):
        list(export_entries(world.ports))


def test_empty_ledger_is_exported_as_nothing() -> None:
    world = World()
    told = export_deployments(world.ports)
    assert (told.deployments, told.entries, told.head) == ((), 0, GENESIS)
    assert list(export_entries(world.ports)) == []


def test_history_since_a_time_has_no_default_limit(world: World) -> None:
    everything = list_entries(world)[::-1]
    assert len(everything) > DEFAULT_LIMIT
    assert read_history(world.ports).entries == tuple(everything[:DEFAULT_LIMIT])
    assert read_history(world.ports).more
    all_ = read_history(world.ports, since="30d")
    assert (all_.entries, all_.more) == (tuple(everything), False)
    two = read_history(world.ports, since="30d", limit=2)
    assert (two.entries, two.more) == (tuple(everything[:2]), True)


def test_history_of_a_range_is_limited_to_it(world: World) -> None:
    told = read_history(world.ports, "prod", since="10d", until="1d")
    assert told.since is not None
    assert told.until is not None
    assert told.until - told.since == timedelta(days=9)
    assert told.entries == tuple(
        entry
        for entry in list_entries(world)[::-1]
        if told.since <= entry.at < told.until and getattr(entry.event, "environment", "") == "prod"
    )
    assert told.entries
    older = read_history(world.ports, until="10d")
    assert len(older.entries) <= DEFAULT_LIMIT
    assert all(entry.at < NOW - timedelta(days=9) for entry in older.entries)


def test_entry_with_slow_clock_hides_no_earlier_entry() -> None:
    from envctl.usecases.approval.locking import lock_environment, unlock_environment

    world = World()
    lock_environment(world.ports, "prod", "first")
    unlock_environment(world.ports, "prod")
    # As an older envctl recorded it.
    second = list_entries(world)[1]
    world.store.content["ledger/0000000002.json"] = encode_entry(replace(second, at=second.at - CLOCK_SLACK / 2))
    world.head_cache.seen = None
    world.clock.time += timedelta(minutes=1)
    kinds = [entry.event.kind for entry in read_history(world.ports, since="10m").entries]
    assert kinds == ["environment locked"]


@pytest.mark.parametrize("since", ["yesterday", "2026-13-01", "0d"])
def test_invalid_time_is_refused(since: str, world: World) -> None:
    for act in (
        lambda: read_history(world.ports, since=since),
        lambda: export_deployments(world.ports, since=since),
        lambda: list(export_entries(world.ports, since=since)),
    ):
        with pytest.raises(UsageError, match="E449"):
            act()


def test_unknown_environment_is_refused(world: World) -> None:
    for act in (lambda: export_deployments(world.ports, "prd"), lambda: list(export_entries(world.ports, "prd"))):
        with pytest.raises(UsageError, match="E002"):
            act()
