"""A checkpoint is believed only as far as entries bear it out."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.errors import OperationFailedError
from envctl.domain.guards import RefusedError
from envctl.domain.ledger import checkpoint
from envctl.domain.ledger.entries import decode_entry, hash_bytes
from envctl.domain.ledger.events import EnvironmentLocked, Event
from envctl.domain.ledger.gzip import compress_bytes
from envctl.domain.ledger.projection.apply_entries import apply_entry
from envctl.domain.ledger.state import LedgerState
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.ledger import journal, ledger_store
from envctl.usecases.ledger.journal import load_checkpoint
from tests.fakes.checkpoints import decode_state, encode_state
from tests.fakes.store import MemoryStore
from tests.fakes.world import World, make_once

N = checkpoint.INTERVAL


def locked(reason: str) -> Callable[[LedgerState], Event]:
    return lambda _: EnvironmentLocked("prod", reason)


def lengthen(world: World, until: int) -> None:
    now: LedgerState | None = None
    while now is None or now.seq < until:
        now, _ = journal.append(world.ports, locked("we migrate"), after=now)


@pytest.fixture
@make_once
def world() -> World:
    world = World()
    apply(world.ports, "dev")
    return world


def forged(world: World) -> bytes:
    """The last checkpoint, after which the release that dev runs is verified in staging too."""
    key = max(world.store.list_keys(ledger_store.CHECKPOINT_FOLDER))
    kept = decode_state(world.store.content[key])
    assert kept is not None
    lie = replace(kept, environments={**kept.environments, "staging": kept.find_environment("dev")})
    return encode_state(lie)


@pytest.mark.parametrize("length", [N, N + 1, N + 5], ids=["the last entry", "one more", "five more"])
def test_forged_checkpoint_is_ignored(world: World, length: int) -> None:
    lengthen(world, length)
    before = journal.load(world.ports)
    world.store.content[ledger_store.checkpoint_key(N)] = forged(world)
    assert journal.load(World(store=world.store).ports) == before
    with pytest.raises(RefusedError, match="G102"):
        promote(world.ports, "staging", "prod")
    with pytest.raises(OperationFailedError, match="the checkpoint stored there does not match"):
        journal.verify_ledger(world.ports)


def test_entry_names_checkpoint_projected_from_entries(world: World) -> None:
    """Who forges the checkpoint before it is named gets it named by the next person as little as after."""
    lengthen(world, N)
    honest = checkpoint.read_name(world.store.content[ledger_store.checkpoint_key(N)])
    world.store.content[ledger_store.checkpoint_key(N)] = forged(world)
    journal.append(World(store=world.store).ports, locked("mine"))
    assert decode_entry(world.store.content[ledger_store.entry_key(N + 1)]).checkpoint == honest


def test_forged_checkpoint_name_breaks_the_chain(world: World) -> None:
    lengthen(world, N + 3)
    lie = forged(world)
    world.store.content[ledger_store.checkpoint_key(N)] = lie
    key = ledger_store.entry_key(N + 1)
    named = json.loads(world.store.content[key]) | {"checkpoint": checkpoint.read_name(lie)}
    world.store.content[key] = json.dumps(named, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    with pytest.raises(OperationFailedError, match=f"E401 .* from entry {N + 2} on"):
        journal.load(world.ports)


def test_named_checkpoint_keeps_reading_short(world: World) -> None:
    lengthen(world, N + 3)
    assert load_checkpoint(world.ports).seq == N
    world.store.content[ledger_store.entry_key(7)] = b"{}"
    assert journal.load(World(store=world.store).ports).seq == N + 3


def test_unnamed_checkpoint_is_ignored(world: World) -> None:
    """Its entries are read, and the next checkpoint is named."""
    lengthen(world, N + 3)
    old = unnamed(world.store)
    assert load_checkpoint(World(store=old).ports).seq == 0
    assert journal.load(World(store=old).ports).seq == N + 3
    lengthen(World(store=old), 2 * N + 1)
    assert load_checkpoint(World(store=old).ports).seq == 2 * N
    journal.verify_ledger(World(store=old).ports)


def unnamed(store: MemoryStore) -> MemoryStore:
    """The same ledger as an envctl wrote it that named no checkpoints."""
    old, prev = MemoryStore({key: data for key, data in store.content.items() if key.startswith("releases/")}), ""
    now = LedgerState()
    for key in store.list_keys(ledger_store.ENTRY_FOLDER):
        document = json.loads(store.content[key])
        document.pop("checkpoint", None)
        document["prev"] = prev or document["prev"]
        data = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        old.content[key], prev = data, hash_bytes(data)
        now = apply_entry(now, decode_entry(data))
        if now.seq % N == 0:
            old.content[ledger_store.checkpoint_key(now.seq)] = encode_state(now)
    return old


@pytest.mark.parametrize("junk", [b"", b"{}", b"\x1f\x8b", compress_bytes(b"[]"), compress_bytes(b"{" * 99)])
def test_junk_among_checkpoints_is_ignored(world: World, junk: bytes) -> None:
    lengthen(world, N + 3)
    for number in range(2, 6):
        world.store.content[ledger_store.checkpoint_key(number * N)] = junk
    world.store.content[ledger_store.checkpoint_key(N + 1)] = junk
    assert load_checkpoint(world.ports).seq == N


@pytest.mark.slow
@given(st.integers(N - 2, 2 * N + 2), st.timedeltas(timedelta(), timedelta(days=3)))
def test_checkpoint_name_is_independent_of_reading_start(length: int, later: timedelta) -> None:
    world = World()
    apply(world.ports, "dev")
    world.clock.time += later
    promote(world.ports, "dev", "staging")
    lengthen(world, length)
    for number in (N, 2 * N):
        if key := world.store.content.get(ledger_store.entry_key(number + 1)):
            assert decode_entry(key).checkpoint == checkpoint.read_name(
                world.store.content[ledger_store.checkpoint_key(number)]
            )
    journal.verify_ledger(world.ports)
