"""What is said of who signed an entry."""

from dataclasses import replace

import pytest

from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.events import EnvironmentLocked
from envctl.domain.ledger.release_events import ReleaseCreated
from envctl.domain.ledger.signatures import Signature
from envctl.domain.ledger.signers import Signer, count_unsigned, describe_signer, to_proven_entry
from envctl.domain.ledger.trust import Trust
from envctl.usecases.approval.locking import lock_environment
from envctl.usecases.deployment.apply import apply
from envctl.usecases.project import signing_keys
from tests.fakes.signing import Intruder, create_signing_world
from tests.fakes.world import World, list_entries
from tests.usecases.ledger.test_people_keys import build_project


def sign_with_people_key() -> tuple[World, Entry]:
    world = World()
    world.tree.content["envctl.toml"] = build_project()
    signing_keys.pin_keys(world.ports, create=True)
    lock_environment(world.ports, "staging", "mine")
    return world, list_entries(world)[-1]


def sign_with_deployment_key() -> tuple[World, Entry]:
    world = create_signing_world()
    lock_environment(world.ports, "staging", "mine")
    return world, list_entries(world)[-1]


def sign_nothing() -> tuple[World, Entry]:
    world = World()
    lock_environment(world.ports, "staging", "mine")
    return world, list_entries(world)[-1]


def write_before_signed_from() -> tuple[World, Entry]:
    world = create_signing_world(staging=1000)
    return world, Intruder(world).sign_entry(replace(sign_nothing()[1]), "")


def forge() -> tuple[World, Entry]:
    world, entry = sign_with_deployment_key()
    return world, replace(entry, signature=None)


def forget_keys() -> tuple[World, Entry]:
    _, entry = sign_with_deployment_key()
    return World(), entry


CASES = {
    "by the people's key": (sign_with_people_key, "staging, people {}", True),
    "by the key of deployments": (sign_with_deployment_key, "staging, deployment {}", True),
    "by nobody, in a project without keys": (sign_nothing, "not signed", False),
    "by nobody, before the first signed entry": (write_before_signed_from, "not signed", False),
    "by nobody, where it must be": (forge, "not trusted", False),
    "by a key that the project does not name": (forget_keys, "not checked", False),
}


@pytest.mark.parametrize(("build", "words", "known"), CASES.values(), ids=CASES)
def test_signer_is_named_by_environment_and_key(build: object, words: str, known: bool) -> None:
    world, entry = build()  # type: ignore[operator]
    found = describe_signer(world.trust, entry, world.trust.explain_distrust(entry))
    key = entry.signature.key[:8] if entry.signature else ""
    assert (str(found), found.is_known) == (words.format(key), known)


def test_name_is_proven_only_by_a_key() -> None:
    entry = sign_nothing()[1]
    named = replace(entry, actor=replace(entry.actor, verified=True))
    unsigned = to_proven_entry(named, Signer("not signed"))
    assert (unsigned.actor.verified, unsigned.digest) == (False, named.digest)
    assert to_proven_entry(named, Signer("signed", "dev", "deployment", "1f" * 32)) is named


def test_unsigned_entries_are_counted_by_environment() -> None:
    world = create_signing_world(("prod",))
    apply(world.ports, "dev")
    lock_environment(world.ports, "prod", "mine")
    entries = list_entries(world)
    (found,) = count_unsigned(world.trust, entries)
    assert (found.environment, found.count, found.last) == ("dev", len(entries) - 1, len(entries) - 1)
    assert isinstance(entries[0].event, ReleaseCreated)


def test_other_signature_is_no_reason_to_count() -> None:
    entry = Entry(
        seq=1,
        prev="",
        at=sign_nothing()[1].at,
        actor=sign_nothing()[1].actor,
        event=EnvironmentLocked("dev", "x"),
        signature=Signature("00" * 32, "AA=="),
    )
    assert [each.count for each in count_unsigned(Trust(), [entry])] == [1]
