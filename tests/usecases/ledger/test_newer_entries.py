"""Entries of a newer envctl are no damage: an older one shows the state before them, and decides nothing."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.ledger import checkpoint
from envctl.domain.ledger.entries import FORMAT, GENESIS, encode_entry, hash_bytes
from envctl.domain.ledger.events import EnvironmentLocked
from envctl.domain.ledger.state import NewerEntries
from envctl.usecases.approval.explain_refusal import explain_refusal
from envctl.usecases.approval.locking import lock_environment, unlock_environment
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.destroy import destroy
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.recovery.recover import recover
from envctl.usecases.deployment.rollback import rollback
from envctl.usecases.deployment.verification import verify
from envctl.usecases.drift.drift import check_drift
from envctl.usecases.inspect.export import export_deployments
from envctl.usecases.inspect.history import read_history, verify_ledger
from envctl.usecases.inspect.report import build_report
from envctl.usecases.inspect.status import load_status
from envctl.usecases.ledger import journal, ledger_store
from envctl.usecases.ports.core import Ports
from tests.catching import catch
from tests.fakes.store import MemoryHeadCache
from tests.fakes.world import World, list_entries
from tests.usecases.steps import deploy_to_staging

TOLD = "not read: it takes envctl 2.0.0, which wrote entry"


def write_newer(world: World) -> int:
    """Append an entry of an unknown kind, as an envctl with that format would. Return its number."""
    seq = len(world.store.list_keys(ledger_store.ENTRY_FOLDER)) + 1
    document = {
        "seq": seq,
        "prev": hash_bytes(world.store.content[ledger_store.entry_key(seq - 1)]) if seq > 1 else GENESIS,
        "event": {"kind": "moon landed", "place": "sea"},
        "format": FORMAT + 1,
        "version": "2.0.0",
    }
    data = json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    world.store.content[ledger_store.entry_key(seq)] = data
    return seq


def test_each_entry_names_format_and_version() -> None:
    world = World()
    apply(world.ports, "dev")
    assert {(entry.format, entry.version) for entry in list_entries(world)} == {(FORMAT, "0.1.0")}


def test_readers_show_the_state_before() -> None:
    world = World()
    release = deploy_to_staging(world)
    first = write_newer(world)
    write_newer(world)
    newer = NewerEntries(first, first + 1, "2.0.0")
    assert str(newer) == f"entries {first} to {first + 1} are {TOLD} {first}, or a newer one"
    status = load_status(world.ports)
    assert status.newer == newer
    current = status.environments[1].present.current
    assert current and current.release == release
    shown = read_history(world.ports)
    assert (shown.newer, shown.entries[0].seq) == (newer, first - 1)
    assert build_report(world.ports).status.newer == newer


WRITERS: dict[str, Callable[[Ports], object]] = {
    "apply": lambda ports: apply(ports, "dev"),
    "promote": lambda ports: promote(ports, "dev", "staging"),
    "rollback": lambda ports: rollback(ports, "staging"),
    "destroy": lambda ports: destroy(ports, "dev"),
    "recover": lambda ports: recover(ports, "dev"),
    "verify": lambda ports: verify(ports, "dev"),
    "drift": lambda ports: check_drift(ports, ["dev"]),
    "lock": lambda ports: lock_environment(ports, "dev", "load test"),
    "unlock": lambda ports: unlock_environment(ports, "dev"),
    "why": lambda ports: explain_refusal(ports, "staging"),
    "ledger export": export_deployments,
    "ledger verify": verify_ledger,
}


@pytest.mark.parametrize("command", WRITERS.values(), ids=WRITERS.keys())
def test_no_command_decides_without_newer_entries(command: Callable[[Ports], object]) -> None:
    world = World()
    deploy_to_staging(world)
    seq = write_newer(world)
    before, asked = dict(world.store.content), list(world.terraform.calls)
    refused = catch(OperationFailedError, command, world.ports)
    assert refused.problems == (
        Problem(
            "E419",
            f"the ledger is newer than this envctl: entry {seq} is {TOLD} {seq}, or a newer one",
            "update envctl on this machine; nothing is wrong with the ledger",
        ),
    )
    assert (world.store.content, world.terraform.calls) == (before, asked)


def test_ledger_of_newer_entries_alone_is_shown() -> None:
    world = World()
    write_newer(world)
    assert load_status(world.ports).newer == NewerEntries(1, 1, "2.0.0")
    assert catch(OperationFailedError, apply, world.ports, "dev").problems[0].code == "E419"


def test_entry_that_does_not_fit_is_damage() -> None:
    world = World()
    apply(world.ports, "dev")
    seq = write_newer(world)
    key = ledger_store.entry_key(seq)
    world.store.content[key] = world.store.content[key].replace(b'"prev":"', b'"prev":"0')
    assert catch(OperationFailedError, load_status, world.ports).problems[0].code == "E401"


def test_newer_entries_are_remembered_as_seen() -> None:
    """Both versions run in one clone: what the newer one appended may not vanish later."""
    world = World(head_cache=MemoryHeadCache())
    apply(world.ports, "dev")
    seq = write_newer(world)
    load_status(world.ports)
    assert world.head_cache.seen == (seq, hash_bytes(world.store.content[ledger_store.entry_key(seq)]))
    del world.store.content[ledger_store.entry_key(seq)]
    assert catch(OperationFailedError, load_status, world.ports).problems[0].code == "E401"


def test_later_entries_of_known_format_are_not_read() -> None:
    """An unknown entry may have changed what a later one means."""
    world = World()
    apply(world.ports, "dev")
    present, last = journal.load(world.ports), list_entries(world)[-1]
    first = write_newer(world)
    before = world.store.content[ledger_store.entry_key(first)]
    later = replace(last, seq=first + 1, prev=hash_bytes(before), event=EnvironmentLocked("dev", "later"))
    world.store.content[ledger_store.entry_key(first + 1)] = encode_entry(later)
    status = load_status(world.ports)
    assert status.newer == NewerEntries(first, first + 1, "2.0.0")
    assert status.environments[0].present == present.find_environment("dev")


def test_checkpoint_after_newer_entries_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    apply(world.ports, "dev")
    present = journal.load(world.ports)
    monkeypatch.setattr("envctl.domain.ledger.entries.FORMAT", FORMAT + 1)
    later = checkpoint.encode_checkpoint(checkpoint.Checkpoint(present))
    monkeypatch.undo()
    assert checkpoint.decode_checkpoint(later) is None
    assert checkpoint.decode_checkpoint(checkpoint.encode_checkpoint(checkpoint.Checkpoint(present))) is not None
