"""What is foreign among the entries is named and stops nothing; what was tampered with is refused."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from envctl.domain.errors import OperationFailedError
from envctl.domain.ledger.codec import encode_value
from envctl.domain.ledger.entries import FORMAT, Entry, encode_entry, hash_bytes
from envctl.domain.ledger.events import EnvironmentLocked
from envctl.domain.ledger.signatures import to_signature
from envctl.usecases.approval.locking import lock_environment, unlock_environment
from envctl.usecases.deployment.apply import apply
from envctl.usecases.inspect.export import export_deployments, export_entries
from envctl.usecases.inspect.history import read_history, verify_ledger
from envctl.usecases.inspect.status import load_status
from envctl.usecases.ledger import journal
from envctl.usecases.ledger.ledger_store import checkpoint_key, entry_key
from tests.catching import catch
from tests.fakes.signing import LATE, MALLORY, Intruder, create_signing_world
from tests.fakes.store import MemoryHeadCache
from tests.fakes.world import World, make_once
from tests.usecases.steps import deploy_to_staging

JUNK = b'{"hello": "world"}'


@pytest.fixture
@make_once
def unsigned() -> World:
    world = World()
    deploy_to_staging(world)
    return world


@pytest.fixture
@make_once
def signed() -> World:
    world = create_signing_world()
    deploy_to_staging(world)
    return world


@pytest.fixture(params=["unsigned", "signed"])
def world(request: pytest.FixtureRequest) -> World:
    found: World = request.getfixturevalue(request.param)
    return found


def count_entries(world: World) -> int:
    return len([key for key in world.store.list_keys("ledger/") if key <= entry_key(10**6)])


def forget(world: World) -> None:
    """As a machine that never read this ledger."""
    world.head_cache = MemoryHeadCache()


def name_foreign(world: World) -> list[str]:
    return [each.key for each in load_status(world.ports).foreign]


def write(world: World, key: str, data: bytes = JUNK) -> str:
    world.store.content[key] = data
    return key


def forge(world: World, seq: int, prev: str) -> bytes:
    return encode_entry(Entry(seq=seq, prev=prev, at=LATE, actor=MALLORY, event=EnvironmentLocked("prod", "mine")))


def write_newer(world: World, seq: int, prev: str) -> str:
    document = {
        "seq": seq, "prev": prev, "event": {"environment": "prod", "kind": "moon landed"},
        "format": FORMAT + 1, "version": "9.0.0",
    }  # fmt: skip
    return write(world, entry_key(seq), json.dumps(document, sort_keys=True, separators=(",", ":")).encode())


def find_head(world: World) -> str:
    return hash_bytes(world.store.content[entry_key(count_entries(world))])


FOREIGN: dict[str, Callable[[World], str]] = {
    "a name outside of the sequence": lambda world: write(world, "ledger/zzz.json"),
    "a name with another length": lambda world: write(world, "ledger/99999999999.json"),
    "an object in a folder": lambda world: write(world, "ledger/a/0000000001.json"),
    "an object after a gap": lambda world: write(world, entry_key(9_999_999_999)),
    "an empty object after a gap": lambda world: write(world, entry_key(9_999_999_999), b""),
    "an entry of another number after a gap": lambda world: write(
        world, entry_key(9_999_999_999), world.store.content[entry_key(2)]
    ),
    "bytes at the head": lambda world: write(world, entry_key(count_entries(world) + 1)),
    "an empty object at the head": lambda world: write(world, entry_key(count_entries(world) + 1), b""),
    "a copy of an entry at the head": lambda world: write(
        world, entry_key(count_entries(world) + 1), world.store.content[entry_key(count_entries(world))]
    ),
}
FOREIGN_IF_SIGNED: dict[str, Callable[[World], str]] = {
    "an unsigned entry that does not follow": lambda world: write(
        world, entry_key(count_entries(world) + 1), forge(world, count_entries(world) + 1, "0" * 64)
    ),
    "an unsigned entry after a gap": lambda world: write(world, entry_key(4711), forge(world, 4711, "0" * 64)),
    "a newer entry after a gap": lambda world: write_newer(world, 4711, "0" * 64),
}


def check_foreign(world: World, key: str) -> None:
    assert name_foreign(world) == [key]
    verified = verify_ledger(world.ports)
    assert [each.key for each in verified.foreign] == [key]
    before = verified.entries
    apply(world.ports, "dev")
    lock_environment(world.ports, "prod", "mine")
    locked = journal.load(world.ports).find_environment("prod").lock
    assert locked is not None
    again = verify_ledger(world.ports)
    assert again.entries > before
    assert [each.key for each in again.foreign] == [key]
    history = read_history(world.ports, limit=100)
    assert len(history.entries) == again.entries == len(list(export_entries(world.ports)))
    assert export_deployments(world.ports).deployments[0].environment == "dev"
    forget(world)
    assert journal.load(world.ports).find_environment("prod").lock == locked


@pytest.mark.parametrize("make", FOREIGN.values(), ids=FOREIGN.keys())
def test_foreign_object_stops_nothing(world: World, make: Callable[[World], str]) -> None:
    check_foreign(world, make(world))


@pytest.mark.parametrize("make", FOREIGN_IF_SIGNED.values(), ids=FOREIGN_IF_SIGNED.keys())
def test_signed_ledger_knows_more_as_foreign(signed: World, make: Callable[[World], str]) -> None:
    check_foreign(signed, make(signed))


@pytest.mark.parametrize("make", FOREIGN_IF_SIGNED.values(), ids=FOREIGN_IF_SIGNED.keys())
def test_unsigned_ledger_stops_at_what_may_be_an_entry(unsigned: World, make: Callable[[World], str]) -> None:
    make(unsigned)
    assert catch(OperationFailedError, journal.load, unsigned.ports).problems[0].code == "E401"


def test_several_foreign_objects_in_a_row_stop_nothing(world: World) -> None:
    end = count_entries(world)
    keys = [write(world, entry_key(end + number), JUNK + bytes([64 + number])) for number in (1, 2, 3)]
    lock_environment(world.ports, "staging", "mine")
    write(world, entry_key(end + 5))
    lock_environment(world.ports, "prod", "mine")
    forget(world)
    present = journal.load(world.ports)
    assert present.seq == end + 6
    assert present.find_environment("staging").lock and present.find_environment("prod").lock
    assert [each.key for each in present.foreign] == [*keys, entry_key(end + 5)]
    assert len(read_history(world.ports, limit=100).entries) == end + 2
    verify_ledger(world.ports)


def test_newer_entry_that_nobody_signed_stops_nothing(signed: World) -> None:
    end = count_entries(signed)
    write_newer(signed, end + 1, find_head(signed))
    (untrusted,) = load_status(signed.ports).unbelieved
    assert (untrusted.seq, untrusted.why) == (end + 1, "it is of a newer format, and no key of the project signed it")
    lock_environment(signed.ports, "prod", "mine")
    forget(signed)
    assert journal.load(signed.ports).find_environment("prod").lock


def test_newer_entry_with_a_key_of_the_project_asks_for_an_update(signed: World) -> None:
    end = count_entries(signed)
    write_newer(signed, end + 1, find_head(signed))
    document = json.loads(signed.store.content[entry_key(end + 1)])
    data = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
    message = signed.trust.hash_for_signing("entry", data)
    value = signed.signatures.sign("dev", "ECDSA_SHA_256", message, personally=False)
    signature = encode_value(to_signature(signed.trust.pinned["dev"].keys[-1], value))
    write(
        signed,
        entry_key(end + 1),
        json.dumps(document | {"signature": signature}, sort_keys=True, separators=(",", ":")).encode(),
    )
    assert catch(OperationFailedError, journal.load, signed.ports).problems[0].code == "E419"


def replace_last(world: World) -> None:
    """The last entry becomes junk: whoever may overwrite did that."""
    write(world, entry_key(count_entries(world)))


def replace_inner(world: World) -> None:
    write(world, entry_key(3))


def delete_inner(world: World) -> None:
    del world.store.content[entry_key(3)]


def chain_over(world: World) -> None:
    """An entry is replaced, and the entry before the foreign object it seems to be is changed too."""
    write(world, entry_key(count_entries(world) + 1))
    lock_environment(world.ports, "staging", "mine")
    forget(world)
    write(world, entry_key(count_entries(world) - 2))


TAMPERED: dict[str, Callable[[World], None]] = {
    "an inner entry replaced": replace_inner,
    "an inner entry deleted": delete_inner,
    "an entry before a foreign object replaced": chain_over,
}


@pytest.mark.parametrize("tamper", TAMPERED.values(), ids=TAMPERED.keys())
def test_entry_that_a_later_one_contradicts_is_refused(world: World, tamper: Callable[[World], None]) -> None:
    tamper(world)
    forget(world)
    for act in (journal.load, verify_ledger, lambda ports: list(journal.read_newest_first(ports))):
        assert catch(OperationFailedError, act, world.ports).problems[0].code == "E401"


def test_last_entry_that_this_machine_saw_is_missed(world: World) -> None:
    journal.load(world.ports)
    replace_last(world)
    caught = catch(OperationFailedError, journal.load, world.ports)
    assert "this machine has seen" in caught.problems[0].message


def test_last_entry_with_an_older_version_is_missed(world: World) -> None:
    last = entry_key(count_entries(world))
    world.store.versions[last] = [world.store.content[last]]
    replace_last(world)
    forget(world)
    caught = catch(OperationFailedError, journal.load, world.ports)
    assert "an older version of this object is another entry" in caught.problems[0].message


def test_older_version_of_junk_proves_nothing(world: World) -> None:
    key = write(world, entry_key(count_entries(world) + 1))
    world.store.versions[key] = [b"other junk"]
    assert name_foreign(world) == [key]


def test_last_entry_that_a_checkpoint_knows_is_missed() -> None:
    world = create_signing_world()
    for _ in range(40):
        lock_environment(world.ports, "prod", "mine")
        world_unlock(world)
    number = max(key for key in world.store.content if key.startswith("checkpoints/"))
    last = int(number.rpartition("/")[2][:10])
    for key in [key for key in world.store.list_keys("ledger/") if key > entry_key(last)]:
        del world.store.content[key]
    assert checkpoint_key(last) == number
    write(world, entry_key(last))
    forget(world)
    caught = catch(OperationFailedError, journal.load, world.ports)
    assert f"the checkpoint of entry {last} knows another one" in caught.problems[0].message


def world_unlock(world: World) -> None:
    unlock_environment(world.ports, "prod", reason="done")


def test_signed_entry_of_a_fork_is_refused(signed: World) -> None:
    """Two people worked on two copies of one ledger: the last entry of one lies in the other."""
    end = count_entries(signed)
    kept = dict(signed.store.content)
    lock_environment(signed.ports, "staging", "here")
    lock_environment(signed.ports, "prod", "here")
    theirs = signed.store.content[entry_key(end + 2)]
    signed.store.content = dict(kept)
    forget(signed)
    lock_environment(signed.ports, "dev", "there")
    write(signed, entry_key(end + 2), theirs)
    assert catch(OperationFailedError, journal.load, signed.ports).problems[0].code == "E401"


def test_entry_by_an_older_envctl_continues_the_chain(world: World) -> None:
    """It knows no foreign objects, and it saw none."""
    intruder = Intruder(world)
    last = intruder.read_entries()[-1]
    old = Entry(seq=last.seq + 1, prev=last.digest, at=last.at, actor=last.actor, event=EnvironmentLocked("dev", "x"))
    signed = old
    if world.trust.pinned:
        value = world.signatures.sign("dev", "ECDSA_SHA_256", world.trust.encode_signed_message(old), personally=True)
        signed = replace(old, signature=to_signature(world.trust.pinned["dev"].keys[-1], value))
    intruder.write_entry(signed)
    assert journal.load(world.ports).find_environment("dev").lock
