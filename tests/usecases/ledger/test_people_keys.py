"""Where people have a key of their own, the key of deployments approves, locks and unlocks nothing."""

from dataclasses import replace

import pytest

from envctl.domain.errors import OperationFailedError
from envctl.domain.ledger.events import EnvironmentLocked, EnvironmentUnlocked, VerificationPassed
from envctl.domain.ledger.key_roles import KeyRole
from envctl.domain.ledger.signatures import to_signature
from envctl.usecases.approval.locking import lock_environment
from envctl.usecases.inspect.history import verify_ledger
from envctl.usecases.ledger import journal
from envctl.usecases.project import signing_keys
from tests.catching import catch
from tests.fakes.signing import Intruder, build_signed_project
from tests.fakes.world import World, list_entries, make_once
from tests.usecases.steps import deploy_to_staging

PEOPLE = 'approval_signing_key = "arn:aws:kms:ap-northeast-1:555555555555:alias/envctl-approve-staging"\n'


def build_project(since: str = "") -> bytes:
    text = build_signed_project().decode()
    return text.replace("[environments.staging]\n", f"[environments.staging]\n{PEOPLE}{since}").encode()


@pytest.fixture
@make_once
def world() -> World:
    """Signed, with a release in dev and staging, and a people's key for staging."""
    world = World()
    world.tree.content["envctl.toml"] = build_project()
    signing_keys.pin_keys(world.ports, create=True)
    deploy_to_staging(world)
    return world


def find_role(world: World) -> KeyRole:
    signature = list_entries(world)[-1].signature
    assert signature is not None
    found = world.trust.pinned["staging"].find_key(signature.key)
    assert found is not None
    return found[0]


def test_people_sign_locks_with_their_own_key(world: World) -> None:
    world.signatures.signed.clear()
    lock_environment(world.ports, "staging", "mine")
    assert find_role(world) == "people"
    assert (world.signatures.signed, world.signatures.for_role("people").signed) == ([], [("staging", True)])
    verify_ledger(world.ports)


def test_deployment_key_signs_no_lock(world: World) -> None:
    forged = Intruder(world, keys=("staging",)).forge_entry(EnvironmentLocked("staging", "mine"), key="staging")
    assert journal.load(world.ports).find_environment("staging").lock is None
    (problem,) = catch(OperationFailedError, verify_ledger, world.ports).problems
    assert problem.code == "E466"
    assert f"entry {forged.seq}" in problem.message
    assert "not with the people's key of staging" in problem.message


def test_people_key_signs_no_verification(world: World) -> None:
    release = next(iter(journal.load(world.ports).releases))
    intruder = Intruder(world)
    event = VerificationPassed("staging", release, 1)
    entry = intruder.forge_entry(event)
    signatures = world.signatures.for_role("people")
    value = signatures.sign("staging", "ECDSA_SHA_256", world.trust.encode_signed_message(entry), personally=True)
    key = world.trust.pinned["staging"].people_keys[-1]
    intruder.write_entry(replace(entry, signature=to_signature(key, value)))
    (problem,) = catch(OperationFailedError, verify_ledger, world.ports).problems
    assert "signed with the people's key of staging, not with the key of staging" in problem.message


def test_earlier_locks_count_until_the_people_key(world: World) -> None:
    """The project of yesterday signed locks with the key of deployments."""
    older = World()
    older.tree.content["envctl.toml"] = build_signed_project()
    signing_keys.pin_keys(older.ports, create=True)
    deploy_to_staging(older)
    lock_environment(older.ports, "staging", "mine")
    last = list_entries(older)[-1].seq
    older.tree.content["envctl.toml"] = build_project(f"approval_signed_from = {last + 1}\n")
    signing_keys.pin_keys(older.ports, create=True)
    lock = journal.load(older.ports).find_environment("staging").lock
    assert lock is not None and lock.reason == "mine"
    verify_ledger(older.ports)
    forged = Intruder(older, keys=("staging",)).forge_entry(EnvironmentUnlocked("staging"), key="staging")
    assert journal.load(older.ports).find_environment("staging").lock is not None
    assert f"entry {forged.seq}" in catch(OperationFailedError, verify_ledger, older.ports).problems[0].message
