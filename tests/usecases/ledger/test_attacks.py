"""Everybody who can write into the store tries to make prod run something, to stop everybody, and to hide evidence."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from envctl.domain.errors import EnvctlError
from envctl.domain.ledger.entries import FORMAT, Entry, encode_entry
from envctl.domain.ledger.events import (
    DeploymentStarted,
    EnvironmentLocked,
    Event,
)
from envctl.domain.ledger.key_roles import KeyRole
from envctl.domain.ledger.release_events import ReleaseCreated
from envctl.domain.ledger.signatures import to_signature
from envctl.domain.rules.document import build_rules_document
from envctl.usecases.approval.approve import approve_plan
from envctl.usecases.approval.approve_rules import approve_rules
from envctl.usecases.approval.locking import lock_environment, unlock_environment
from envctl.usecases.approval.waivers import waive_guards
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.inspect.history import verify_ledger
from envctl.usecases.inspect.status import load_status
from envctl.usecases.ledger import journal
from envctl.usecases.ledger.ledger_store import checkpoint_key, entry_key
from envctl.usecases.project import project_file, signing_keys
from tests.catching import catch
from tests.fakes.aws import MemorySignatures
from tests.fakes.signing import MALLORY, build_signed_project
from tests.fakes.store import MemoryHeadCache
from tests.fakes.world import World, list_entries, make_once
from tests.usecases.steps import acting_as, deploy_edited, deploy_to_staging, edit_project

PEOPLE = 'approval_signing_key = "arn:aws:kms:ap-northeast-1:555555555555:alias/envctl-approve-prod"\n'
PEERS = (("bea@example.com", "peer"), ("cyd@example.com", "business"), ("dan@example.com", "business"))


@pytest.fixture
@make_once
def world() -> World:
    """Required signatures are recorded for prod. The next release is in staging, without approvals for prod."""
    world = World()
    text = build_signed_project().decode()
    text = text.replace("[environments.prod]\n", f'[environments.prod]\n{PEOPLE}signatures = "required"\n')
    world.tree.content["envctl.toml"] = text.encode()
    signing_keys.pin_keys(world.ports, create=True)
    deploy_to_staging(world)
    approve_all(world, unseen=["web"])
    promote(world.ports, "staging", "prod")
    deploy_edited(world, 2)
    promote(world.ports, "dev", "staging")
    return world


def approve_all(world: World, *, unseen: list[str] | None = None) -> None:
    for person, gate in PEERS:
        with acting_as(world, person):
            approve_plan(world.ports, "prod", gate, unseen=unseen or [])


def forget(world: World) -> None:
    """As a job of CI, which never read this ledger."""
    world.head_cache = MemoryHeadCache()


def read_head(world: World) -> tuple[int, str]:
    present = journal.load(world.ports)
    return present.seq, present.head


def forge(world: World, event: Event, name: str = "", role: KeyRole = "deployment", **changes: object) -> Entry:
    """Return the next entry, signed with a key of an environment or unsigned."""
    number, head = read_head(world)
    made = Entry(
        seq=number + 1, prev=head, at=world.clock.now(), actor=MALLORY, event=event, format=FORMAT, version="1.0.0"
    )
    made = replace(made, **changes)  # type: ignore[arg-type]
    if not name:
        return made
    value = world.signatures.for_role(role).sign(
        name, "ECDSA_SHA_256", world.trust.encode_signed_message(made), personally=False
    )
    return replace(made, signature=to_signature(world.trust.pinned[name].list_keys(role)[-1], value))


def put(world: World, entry: Entry, number: int = 0) -> str:
    key = entry_key(number or entry.seq)
    world.store.content[key] = encode_entry(entry)
    return key


def find_codes(act: Callable[[], object]) -> set[str]:
    return {each.code for each in catch(EnvctlError, act).problems}


def ghost_release(world: World) -> ReleaseCreated:
    return ReleaseCreated(release="a" * 64, beside="ghost")


GHOST = DeploymentStarted(environment="ghost", release="a" * 64, settings="", action="apply")
ONE_OBJECT: dict[str, Callable[[World], str]] = {
    "unsigned after a gap": lambda world: put(world, forge(world, EnvironmentLocked("ghost", "x"), seq=4711)),
    "unsigned release after a gap": lambda world: put(world, forge(world, ghost_release(world), seq=4711)),
    "unsigned at the head": lambda world: put(world, forge(world, EnvironmentLocked("ghost", "x"), prev="0" * 64)),
    "unsigned in order, ghost": lambda world: put(world, forge(world, GHOST)),
}


@pytest.mark.parametrize("write", ONE_OBJECT.values(), ids=ONE_OBJECT.keys())
def test_one_unsigned_object_stops_nobody(world: World, write: Callable[[World], str]) -> None:
    write(world)
    lock_environment(world.ports, "staging", "mine")
    forget(world)
    assert journal.load(world.ports).find_environment("staging").lock
    load_status(world.ports)
    verify_ledger(world.ports)
    approve_all(world)
    promote(world.ports, "staging", "prod")


def test_copied_checkpoint_stops_nobody(world: World) -> None:
    fill(world)
    numbers = journal.load_checkpoint_numbers(world.ports)
    assert numbers
    world.store.content[checkpoint_key(9_999_999_999)] = world.store.content[checkpoint_key(numbers[-1])]
    world.store.content[entry_key(read_head(world)[0] + 1)] = b"junk"
    forget(world)
    journal.load(world.ports)


def fill(world: World) -> None:
    """Let the last environment write a checkpoint."""
    for _ in range(35):
        lock_environment(world.ports, "prod", "mine")
        unlock_environment(world.ports, "prod")


def test_deployer_of_prod_forges_no_decisions_in_a_checkpoint(world: World) -> None:
    from envctl.domain.ledger.checkpoint import KIND, Checkpoint, encode_checkpoint, encode_signed_part

    fill(world)
    kept = dict(world.store.content)
    approve_all(world)
    there = journal.load(world.ports).find_environment("prod")
    plans = {key: data for key, data in world.store.content.items() if not key.startswith(("ledger/", "check"))}
    world.store.content = kept | plans
    forget(world)
    now = journal.load(world.ports)
    forged = replace(
        now, environments={**now.environments, "prod": replace(now.environments["prod"], approvals=there.approvals)}
    )
    unsigned = Checkpoint(forged, world.trust.name)
    message = world.trust.hash_for_signing(KIND, encode_signed_part(unsigned))
    value = world.signatures.sign("prod", "ECDSA_SHA_256", message, personally=False)
    signed = replace(unsigned, signature=to_signature(world.trust.pinned["prod"].keys[-1], value))
    world.store.content[checkpoint_key(now.seq)] = encode_checkpoint(signed)
    forget(world)
    assert "G106" in find_codes(lambda: promote(world.ports, "staging", "prod"))


def test_replaced_last_entry_is_missed(world: World) -> None:
    """An unsigned entry that fits takes the place of a lock."""
    lock_environment(world.ports, "prod", "mine")
    last = list_entries(world)[-1]
    key = entry_key(last.seq)
    world.store.versions[key] = [world.store.content[key]]
    put(world, replace(last, signature=None))
    forget(world)
    assert "E401" in find_codes(lambda: journal.load(world.ports))


def find_release(world: World) -> str:
    last = journal.load(world.ports).find_environment("staging").last
    assert last is not None
    return last.release


@pytest.mark.parametrize("beside", ["ghost"])
def test_unsigned_release_entry_bars_no_approver(world: World, beside: str) -> None:
    people = tuple(person for person, _ in PEERS)
    put(world, forge(world, ReleaseCreated(release=find_release(world), beside=beside, others=people)))
    approve_all(world)
    promote(world.ports, "staging", "prod")


def test_unsigned_release_entry_hides_no_author(world: World) -> None:
    kept = dict(world.store.content)
    release = deploy_edited(world, 7)
    honest = journal.load(world.ports).releases[release]
    world.store.content = kept
    forget(world)
    put(world, forge(world, ReleaseCreated(release=release, beside="ghost", commit="f" * 40, author="zoe")))
    apply(world.ports, "dev")
    found = journal.load(world.ports).releases[release]
    assert (found.author, found.commit, found.uncommitted) == (honest.author, honest.commit, honest.uncommitted)


def put_next(world: World, event: Event, name: str = "", role: KeyRole = "deployment", **changes: object) -> Entry:
    made = forge(world, event, name, role, **changes)
    put(world, made)
    return made


def approve_rules_by_all(world: World) -> None:
    for person, gate in PEERS:
        with acting_as(world, person):
            approve_rules(world.ports, "prod", gate)


def test_waiver_with_a_key_added_by_the_tree_does_not_count(world: World) -> None:
    edit_project(world, ("[environments.prod.gates]\n", '[environments.prod.gates]\nwaivable = ["approvals"]\n'))
    deploy_edited(world, 8)
    promote(world.ports, "dev", "staging")
    approve_rules_by_all(world)
    approve_all(world)
    promote(world.ports, "staging", "prod")
    deploy_edited(world, 9)
    promote(world.ports, "dev", "staging")
    intruder = MemorySignatures()
    intruder.create_key("prod")
    theirs = world.signatures.others["people"]
    world.signatures.others["people"] = intruder
    signing_keys.pin_keys(world.ports, ("prod",), add=True)
    with acting_as(world, "mallory"):
        waive_guards(world.ports, "prod", ("G106",), "x")
    world.signatures.others["people"] = theirs
    assert "G106" in find_codes(lambda: promote(world.ports, "staging", "prod"))


def test_junk_in_place_of_a_rules_document_stops_nobody(world: World) -> None:
    """The digest of the next rules is known before they are recorded."""
    edit_project(world, ("[environments.prod.gates]\n", '[environments.prod.gates]\nwaivable = ["soak"]\n'))
    document = build_rules_document(project_file.load_project(world.ports), "prod")
    world.store.content[f"rules/{document.digest}.json"] = b"junk"
    deploy_edited(world, 8)
    promote(world.ports, "dev", "staging")
    approve_rules_by_all(world)
    approve_all(world)
    promote(world.ports, "staging", "prod")
    edit_project(world, ('waivable = ["soak"]', 'waivable = ["soak", "max_age"]'))
    deploy_edited(world, 9)
    promote(world.ports, "dev", "staging")
    assert find_codes(lambda: promote(world.ports, "staging", "prod")) == {"G106"}
