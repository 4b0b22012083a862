"""The key for looks signs found drift, and nothing else that it signs counts."""

from dataclasses import replace

import pytest

from envctl.cli.wiring.readers import ProjectFileReader
from envctl.domain.errors import ConfigurationError, OperationFailedError
from envctl.domain.ledger import checkpoint
from envctl.domain.ledger.entries import Entry, encode_entry, hash_bytes
from envctl.domain.ledger.events import (
    ApprovalGiven,
    DeploymentStarted,
    DriftChecked,
    EnvironmentUnlocked,
    Event,
    HoldLifted,
    VerificationPassed,
)
from envctl.domain.ledger.release_events import ReleaseCreated
from envctl.domain.ledger.signatures import to_signature
from envctl.domain.ledger.state import EnvironmentState
from envctl.usecases.drift.drift import check_drift
from envctl.usecases.drift.result import EnvironmentDrift
from envctl.usecases.inspect.history import verify_ledger
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import signing_keys
from tests.catching import catch
from tests.fakes.signing import LATE, MALLORY, Intruder, build_signed_project
from tests.fakes.world import World, list_entries, make_once
from tests.usecases.steps import deploy_to_staging

ROLES = """assume_role = "arn:aws:iam::111111111111:role/envctl-deployer"
look_role = "arn:aws:iam::111111111111:role/envctl-look"
"""


def build_project(*, look_keys: bool = True) -> bytes:
    text = build_signed_project().decode()
    for name in ("dev", "staging", "prod"):
        key = f'look_signing_key = "alias/envctl-look-{name}"\n' if look_keys else ""
        text = text.replace(f"[environments.{name}]\n", f"[environments.{name}]\n{ROLES}{key}")
    return text.encode()


@pytest.fixture
@make_once
def world() -> World:
    """Signed, with a release in dev and staging."""
    world = World()
    world.tree.content["envctl.toml"] = build_project()
    signing_keys.pin_keys(world.ports, create=True)
    deploy_to_staging(world)
    return world


def act_as_look(world: World) -> World:
    """The same project, store and resources for a command that only looks."""
    reader = ProjectFileReader(sandbox=False, look=True)
    other = World(tree=world.tree, store=world.store, signatures=world.signatures, config_reader=reader)
    other.terraform = world.terraform
    return other


def check(ports: Ports, *, locked: bool = False) -> EnvironmentDrift:
    (found,) = check_drift(ports, ["staging"], locked=locked).environments
    return found


def staging(world: World) -> EnvironmentState:
    return journal.load(world.ports).find_environment("staging")


def last_event(world: World) -> Event:
    return list_entries(world)[-1].event


def forge(world: World, event: Event) -> Entry:
    """Append an entry signed with the key for looks of staging."""
    intruder = Intruder(world)
    before = intruder.read_entries()
    entry = Entry(seq=len(before) + 1, prev=hash_bytes(encode_entry(before[-1])), at=LATE, actor=MALLORY, event=event)
    message = world.trust.encode_signed_message(entry)
    key = world.trust.pinned["staging"].look_keys[-1]
    value = world.signatures.for_role("look").sign("staging", "ECDSA_SHA_256", message, personally=False)
    signed = replace(entry, signature=to_signature(key, value))
    intruder.write_entry(signed)
    return signed


def test_look_signs_found_drift_with_its_own_key(world: World) -> None:
    world.terraform.drifted.add(("staging", "web"))
    world.signatures.signed.clear()
    found = check(act_as_look(world).ports)
    assert (found.condition, found.problems) == ("drifted", ())
    assert (world.signatures.signed, world.signatures.for_role("look").signed) == ([], [("staging", False)])
    assert staging(world).drifted
    verify_ledger(world.ports)


def test_look_does_not_clear_recorded_drift(world: World) -> None:
    world.terraform.drifted.add(("staging", "web"))
    check(act_as_look(world).ports)
    world.terraform.drifted.clear()
    found = check(act_as_look(world).ports)
    assert (found.condition, found.recorded, found.next) == ("clean", 1, "envctl drift staging --locked")
    drift = staging(world).drift
    assert drift is not None
    assert (drift.drifted, drift.not_seen_at) == (1, list_entries(world)[-1].at)
    assert check(world.ports, locked=True).recorded == 0
    assert not staging(world).drifted
    verify_ledger(world.ports)


def test_check_with_own_role_signs_with_main_key(world: World) -> None:
    world.terraform.drifted.add(("staging", "web"))
    world.signatures.signed.clear()
    check(world.ports)
    assert (world.signatures.signed, world.signatures.for_role("look").signed) == ([("staging", False)], [])


def test_look_without_its_key_records_nothing(world: World) -> None:
    world.tree.content["envctl.toml"] = build_project(look_keys=False)
    world.terraform.drifted.add(("staging", "web"))
    before = len(list_entries(world))
    found = check(act_as_look(world).ports)
    (problem,) = found.problems
    assert (found.condition, problem.code) == ("drifted", "E137")
    assert 'look_signing_key = "alias/envctl-look-staging"' in problem.hint
    assert len(list_entries(world)) == before


def list_forgeries(world: World) -> dict[str, Event]:
    release = staging(world).current
    assert release is not None
    name, seq = release.release, release.seq
    return {
        "clean under the lock": DriftChecked(environment="staging", release=name, drifted=0),
        "a negative count under the lock": DriftChecked(environment="staging", release=name, drifted=-1),
        "an approval": ApprovalGiven(
            environment="staging", gate="peer", release=name, settings="settings", plan="plan"
        ),
        "a verification": VerificationPassed("staging", name, seq),
        "a deployment": DeploymentStarted(environment="staging", release=name, settings="settings", action="apply"),
        "an unlock": EnvironmentUnlocked("staging"),
        "a lifted hold": HoldLifted("staging", name, "mine"),
    }


FORGERIES = (
    "clean under the lock",
    "a negative count under the lock",
    "an approval",
    "a verification",
    "a deployment",
    "an unlock",
    "a lifted hold",
)


@pytest.mark.parametrize("what", FORGERIES)
def test_look_key_signs_nothing_else(world: World, what: str) -> None:
    world.terraform.drifted.add(("staging", "web"))
    check(world.ports)
    before = staging(world)
    forged = forge(world, list_forgeries(world)[what])
    assert staging(world) == before
    caught = catch(OperationFailedError, verify_ledger, world.ports)
    (problem,) = caught.problems
    assert problem.code == "E466"
    assert f"entry {forged.seq}" in problem.message
    assert "it is signed with the look key of staging, not with the " in problem.message


@pytest.mark.parametrize("drifted", [0, -1])
def test_forged_look_clears_no_drift(world: World, drifted: int) -> None:
    world.terraform.drifted.add(("staging", "web"))
    check(world.ports)
    name = staging(world).current
    assert name is not None
    forge(world, DriftChecked(environment="staging", release=name.release, drifted=drifted, locked=False))
    assert staging(world).drifted


def test_look_key_of_another_environment_counts_nothing(world: World) -> None:
    name = staging(world).current
    assert name is not None
    forged = forge(
        world, DriftChecked(environment="dev", release=name.release, drifted=1, resources=("web: x",), locked=False)
    )
    assert not journal.load(world.ports).find_environment("dev").drifted
    (problem,) = catch(OperationFailedError, verify_ledger, world.ports).problems
    assert f"entry {forged.seq}" in problem.message
    assert "signed with the look key of staging, not with the key of dev" in problem.message


@pytest.mark.parametrize("first", ["dev", "staging"])
def test_entry_for_another_signed_environment_counts_nothing(world: World, first: str) -> None:
    looks = {
        each: DriftChecked(environment=each, release="0" * 64, drifted=0, locked=False) for each in ("dev", "staging")
    }
    main = looks.pop(first)
    before = journal.load(world.ports).environments
    forged = forge(world, main.add_looks(looks.values()))
    assert journal.load(world.ports).environments == before
    (problem,) = catch(OperationFailedError, verify_ledger, world.ports).problems
    assert f"entry {forged.seq}" in problem.message


def test_signed_ledger_has_an_entry_for_each_environment(world: World) -> None:
    world.terraform.ends_together = True
    before = len(list_entries(world))
    check_drift(world.ports)
    new = [entry.event for entry in list_entries(world)[before:]]
    assert new
    assert all(isinstance(each, DriftChecked) and not each.also for each in new)


def test_look_key_makes_no_release(world: World) -> None:
    genuine = next(entry.event for entry in list_entries(world) if isinstance(entry.event, ReleaseCreated))
    before = journal.load(world.ports).releases
    forge(world, replace(genuine, release="f" * 64))
    assert journal.load(world.ports).releases == before


def test_look_writes_no_checkpoint(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "INTERVAL", 4)
    monkeypatch.setitem(
        world.tree.content,
        "envctl.toml",
        build_project().replace(b'"dev", "staging", "prod"', b'"dev", "prod", "staging"'),
    )
    world.terraform.drifted.add(("staging", "web"))
    world.signatures.signed.clear()
    check(act_as_look(world).ports)
    assert isinstance(last_event(world), DriftChecked)
    assert world.signatures.signed == []


def test_both_keys_are_pinned(world: World) -> None:
    pinned = signing_keys.pin_keys(world.ports, ("staging",)).keys
    assert [(each.file, each.for_looks, each.outcome) for each in pinned] == [
        ("environments/staging/signing_key.pem", False, "pinned already"),
        ("environments/staging/look_signing_key.pem", True, "pinned already"),
    ]


def test_missing_look_key_file_is_an_error(world: World) -> None:
    del world.tree.content["environments/staging/look_signing_key.pem"]
    caught = catch(ConfigurationError, lambda: journal.load(World(tree=world.tree, store=world.store).ports))
    assert [problem.code for problem in caught.problems] == ["E460"]


def test_shared_look_key_is_an_error(world: World) -> None:
    pem = world.tree.content["environments/dev/signing_key.pem"]
    world.tree.content["environments/staging/look_signing_key.pem"] = pem
    caught = catch(ConfigurationError, lambda: journal.load(World(tree=world.tree, store=world.store).ports))
    (problem,) = caught.problems
    assert (problem.code, problem.message) == (
        "E462",
        "dev and staging (for looks) pin the same key: signatures for one would be trusted for the other",
    )
