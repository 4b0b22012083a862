"""What is signed counts, and nothing else does, whatever somebody does who can write into the store by hand."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from envctl.domain.errors import ConfigurationError, EnvctlError, OperationFailedError, Problem, UsageError
from envctl.domain.guards import RefusedError
from envctl.domain.ledger import checkpoint
from envctl.domain.ledger.entries import GENESIS, Entry, encode_entry, hash_bytes
from envctl.domain.ledger.events import (
    ApprovalGiven,
    DeploymentStarted,
    DeploymentSucceeded,
    DriftChecked,
    EnvironmentLocked,
    EnvironmentUnlocked,
    Event,
    HoldLifted,
    HoldSet,
    VerificationFailed,
    VerificationPassed,
    WaiverUsed,
)
from envctl.domain.ledger.release_events import ReleaseCreated
from envctl.domain.ledger.signatures import Algorithm, to_signature
from envctl.usecases.approval.approve import approve_plan, withdraw_approval
from envctl.usecases.approval.explain_refusal import explain_refusal
from envctl.usecases.approval.locking import lock_environment, unlock_environment
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.request import DeployOptions
from envctl.usecases.deployment.rollback import rollback
from envctl.usecases.inspect import export
from envctl.usecases.inspect.history import read_history, verify_ledger
from envctl.usecases.inspect.report import build_report
from envctl.usecases.inspect.settings import validate_project
from envctl.usecases.inspect.status import load_status
from envctl.usecases.ledger import journal, ledger_store, signing
from envctl.usecases.ports.core import LostResponseError
from envctl.usecases.project import signing_keys
from tests.catching import catch
from tests.fakes.signing import LATE, MALLORY, Intruder, build_signed_project, create_signing_world
from tests.fakes.store import MemoryStore
from tests.fakes.world import World, list_entries
from tests.usecases.steps import deploy_to_staging


@pytest.fixture
def world() -> World:
    return create_signing_world()


@pytest.fixture
def intruder(world: World) -> Intruder:
    return Intruder(world)


def approved(world: World) -> None:
    me = world.identity.name
    for person, gate in (("bob", "peer"), ("bob", "business"), ("cat", "business")):
        world.identity.name = person
        approve_plan(world.ports, "prod", gate, unseen=["web"])
    world.identity.name = me


def anew(world: World) -> World:
    """The same project and store on a machine that has seen nothing yet."""
    other = World(tree=world.tree, store=world.store, signatures=world.signatures)
    other.terraform = world.terraform
    return other


def in_a_copy(world: World) -> World:
    """What happens there does not happen here."""
    return replace(anew(world), store=MemoryStore(dict(world.store.content)))


def named(world: World) -> list[str]:
    """What `ledger verify` finds."""
    caught = catch(OperationFailedError, verify_ledger, world.ports)
    return [f"{problem.code} {problem.message}" for problem in caught.problems]


def test_every_entry_of_a_promotion_is_signed(world: World) -> None:
    deploy_to_staging(world)
    approved(world)
    promote(world.ports, "staging", "prod")
    assert all(entry.signature for entry in list_entries(world))
    verified = verify_ledger(world.ports)
    assert (verified.entries, verified.signed) == (len(list_entries(world)), ("dev", "staging", "prod"))


def test_entry_is_signed_by_its_environment_key(world: World) -> None:
    deploy_to_staging(world)
    trust = world.trust
    for entry in list_entries(world):
        where = getattr(entry.event, "environment", "dev")
        assert entry.signature is not None
        assert [name for name, pinned in trust.pinned.items() if pinned.find_key(entry.signature.key)] == [where]


PEOPLE: dict[str, Callable[[World], object]] = {
    "an approval": lambda world: approve_plan(world.ports, "prod", "peer"),
    "an approval that is taken back": lambda world: withdraw_approval(world.ports, "prod", "peer"),
    "a lock": lambda world: lock_environment(world.ports, "prod", "we migrate"),
    "a lock that is lifted": lambda world: unlock_environment(world.ports, "prod"),
}


def test_personal_events_are_signed_by_the_person(world: World) -> None:
    deploy_to_staging(world)
    assert not any(personally for _, personally in world.signatures.signed)
    world.identity.name = "bob"
    for say in PEOPLE.values():
        world.signatures.signed.clear()
        say(world)
        assert world.signatures.signed == [("prod", True)]


def test_nothing_is_signed_without_a_signing_key() -> None:
    world = World()
    deploy_to_staging(world)
    assert not any(entry.signature for entry in list_entries(world))
    assert (world.signatures.signed, verify_ledger(world.ports).signed) == ([], ())


def test_unsigned_deployment_is_not_recorded_or_started(world: World) -> None:
    release = apply(world.ports, "dev").release
    before, ran = dict(world.store.content), len(world.terraform.calls)
    world.signatures.refused.add("staging")
    with pytest.raises(OperationFailedError, match="E468"):
        promote(world.ports, "dev", "staging")
    assert journal.load(world.ports).find_environment("staging").last is None
    assert {key for key in world.store.content if key.startswith("ledger/")} == {
        key for key in before if key.startswith("ledger/")
    }
    assert ("apply", "staging", "network") not in world.terraform.calls[ran:]
    assert release in journal.load(world.ports).releases


# What somebody forges, and what becomes of prod or staging where it is believed.
def _forgeries(release: str) -> dict[str, Event]:
    return {
        "an approval": ApprovalGiven(
            environment="prod", gate="peer", release=release, settings="settings", plan="plan"
        ),
        "a start": DeploymentStarted(
            environment="prod", release=release, settings="settings", action="promote", source="staging"
        ),
        "an end": DeploymentSucceeded(
            environment="staging", release=release, started=5, stacks=("network", "web"), changed=2
        ),
        "a verification": VerificationPassed("staging", release, 5),
        "a verification that failed": VerificationFailed("staging", release, 5, ("http",), "500"),
        "drift": DriftChecked(environment="staging", release=release, drifted=3, resources=("network: aws_vpc.main",)),
        "a lock": EnvironmentLocked("prod", "mine"),
        "a lock that is lifted": EnvironmentUnlocked("prod"),
        "a hold": HoldSet("prod", release, "mine"),
        "a hold that is lifted": HoldLifted("prod", release, "mine"),
        "a waiver": WaiverUsed(
            environment="prod", release=release, reason="mine", guards=("G106",), refusals=("approvals",)
        ),
    }


@pytest.mark.parametrize("key", ["", "dev"], ids=["unsigned", "signed with dev's key"])
@pytest.mark.parametrize("what", _forgeries(""))
def test_forged_entry_counts_for_no_other_environment(world: World, intruder: Intruder, what: str, key: str) -> None:
    release = deploy_to_staging(world)
    before = journal.load(world.ports)
    forged = intruder.forge_entry(_forgeries(release)[what], key=key)
    now = journal.load(world.ports)
    assert (now.environments, now.releases) == (before.environments, before.releases)
    assert [each.seq for each in now.unbelieved] == [forged.seq]
    why_not = "it is signed with the key of dev, not with the key of" if key else "it is not signed"
    assert why_not in now.unbelieved[0].why
    assert [problem.split(":")[0] for problem in named(world)] == [
        f"E466 entry {forged.seq} of the ledger ({forged.event.kind} about {now.unbelieved[0].environment})"
    ]


@pytest.mark.parametrize("key", ["", "dev"], ids=["unsigned", "signed with dev's key"])
def test_forged_approvals_open_no_gate(world: World, intruder: Intruder, key: str) -> None:
    deploy_to_staging(world)
    elsewhere = in_a_copy(world)
    approved(elsewhere)
    genuine = [entry for entry in list_entries(elsewhere) if isinstance(entry.event, ApprovalGiven)]
    assert len(genuine) == 3
    for entry in genuine:
        replace(intruder, actor=entry.actor).forge_entry(entry.event, key=key)
    assert explain_refusal(world.ports, "prod").gates == {"peer": (0, 1), "business": (0, 2)}
    with pytest.raises(RefusedError, match="G106"):
        promote(world.ports, "staging", "prod")
    assert len(named(world)) == 3
    # The very same, signed as they should be, open it.
    approved(world)
    assert explain_refusal(world.ports, "prod").refusals == ()


def test_release_without_signed_creation_entry_is_refused(world: World, intruder: Intruder) -> None:
    """Whatever else dev's own key says of it: here a release that was made while nobody signed."""
    unsigned = World(store=world.store)
    unsigned.edit("modules/web/main.tf", unsigned.tree.content["modules/web/main.tf"].decode() + "# mine\n")
    release = apply(unsigned.ports, "dev").release
    assert journal.load(world.ports).releases == {}
    start = intruder.forge_entry(
        DeploymentStarted(environment="dev", release=release, settings="settings", action="apply"), key="dev"
    )
    intruder.forge_entry(
        DeploymentSucceeded(
            environment="dev", release=release, started=start.seq, stacks=("network", "web"), changed=2
        ),
        key="dev",
    )
    intruder.forge_entry(VerificationPassed("dev", release, start.seq), key="dev")
    assert journal.load(world.ports).find_environment("dev").current_evidence is not None
    with pytest.raises(RefusedError, match=r"G102.*has no trusted creation entry"):
        promote(world.ports, "dev", "staging")
    assert f"E466 entry 1 of the ledger ({ReleaseCreated.kind}): it is not signed" in named(world)


def test_release_claimed_by_unsigned_entry_can_be_created(world: World, intruder: Intruder) -> None:
    release = apply(world.ports, "dev").release
    other = create_signing_world()
    other.signatures, other.tree = world.signatures, world.tree
    apply(World(store=other.store).ports, "dev")
    assert apply(other.ports, "dev").release == release
    promote(other.ports, "dev", "staging")


def test_distrusted_entry_blocks_no_deployment(world: World, intruder: Intruder) -> None:
    release = deploy_to_staging(world)
    approved(world)
    for event in (
        EnvironmentLocked("prod", "mine"),
        HoldSet("prod", release, "mine"),
        DeploymentStarted(environment="prod", release=release, settings="settings", action="promote", source="staging"),
    ):
        intruder.forge_entry(event, key="dev")
    done = promote(world.ports, "staging", "prod")
    assert done.deployment and done.deployment.outcome == "succeeded"


def test_distrusted_entries_are_reported_everywhere(world: World, intruder: Intruder) -> None:
    release = deploy_to_staging(world)
    approved(world)
    forged = intruder.forge_entry(EnvironmentLocked("prod", "mine"))
    told = f"entry {forged.seq} of the ledger (environment locked about prod) is not trusted: it is not signed"
    assert [each.seq for each in load_status(world.ports).unbelieved] == [forged.seq]
    assert [each.seq for each in explain_refusal(world.ports, "prod").unbelieved] == [forged.seq]
    assert [each.seq for each in build_report(world.ports).status.unbelieved] == [forged.seq]
    shown = read_history(world.ports, "prod")
    assert [(each.seq, each.why) for each in shown.unbelieved] == [(forged.seq, "it is not signed")]
    assert forged in shown.entries
    promote(world.ports, "staging", "prod")
    assert world.observer.heard.count(told) == 1
    assert release


def test_forged_deployment_is_in_no_timeline_and_export(world: World, intruder: Intruder) -> None:
    release = deploy_to_staging(world)
    before = build_report(world.ports).timeline.deployments
    start = intruder.forge_entry(
        DeploymentStarted(environment="prod", release=release, settings="settings", action="promote", source="staging")
    )
    end = intruder.forge_entry(
        DeploymentSucceeded(
            environment="prod", release=release, started=start.seq, stacks=("network", "web"), changed=2
        ),
        key="dev",
    )
    assert build_report(world.ports).timeline.deployments == before
    found = export.export_deployments(world.ports)
    assert [each.environment for each in found.deployments] == ["dev", "staging"]
    assert [each.seq for each in found.unbelieved] == [start.seq, end.seq]


def test_altered_entry_is_named(world: World, intruder: Intruder) -> None:
    deploy_to_staging(world)
    victim = intruder.read_entries()[3]
    intruder.write_entry(replace(victim, actor=intruder.actor))
    assert named(anew(world))[0].startswith("E401 the ledger is invalid from entry 5 on")
    with pytest.raises(OperationFailedError, match="E401"):
        promote(anew(world).ports, "dev", "staging")


def test_rewritten_history_with_valid_hashes_is_distrusted(world: World, intruder: Intruder) -> None:
    """A lock of prod is taken out of it, and all that follows is moved up: whoever never saw it finds a whole chain."""
    release = deploy_to_staging(world)
    lock_environment(world.ports, "prod", "we migrate")
    approved(world)
    entries = intruder.read_entries()
    locked = next(entry.seq for entry in entries if isinstance(entry.event, EnvironmentLocked))
    intruder.rewrite_entries([entry for entry in entries if entry.seq > locked], since=locked)
    fresh = anew(world)
    now = journal.load(fresh.ports)
    assert now.find_environment("prod").approvals == ()
    assert [each.seq for each in now.unbelieved] == list(range(locked, len(entries)))
    assert len(named(fresh)) == len(entries) - locked
    with pytest.raises(RefusedError, match="G106"):
        promote(fresh.ports, "staging", "prod")
    # Who has seen it knows even more.
    with pytest.raises(OperationFailedError, match="E401"):
        load_status(world.ports)
    assert release


def test_history_of_another_project_is_distrusted(world: World) -> None:
    deploy_to_staging(world)
    other = anew(world)
    other.tree = replace(world.tree, content=dict(world.tree.content))
    # An older envctl made the store, which does not say whose it is.
    other.store = replace(world.store, content=dict(world.store.content))
    del other.store.content["project.json"]
    other.edit("envctl.toml", build_signed_project().decode().replace('name = "shop"', 'name = "blog"'))
    assert journal.load(other.ports).environments == {}
    assert len(named(other)) == len(list_entries(world))


def long(world: World, key: str = "prod", until: int = 600) -> None:
    while journal.load(world.ports).seq < until:
        lock_environment(world.ports, key, "we migrate")
        unlock_environment(world.ports, key)


@pytest.mark.slow
def test_long_ledger_is_read_from_signed_checkpoint(world: World) -> None:
    many = checkpoint.INTERVAL + 6
    long(world, "dev", many)
    assert world.store.list_keys("checkpoints/") == []
    long(world, "prod", many + 2)
    assert world.store.list_keys("checkpoints/") == [ledger_store.checkpoint_key(many + 1)]
    kept = checkpoint.decode_checkpoint(world.store.content[ledger_store.checkpoint_key(many + 1)])
    assert kept and (kept.trust, kept.present.seq) == (world.trust.name, many + 1)
    before = journal.load(world.ports)
    # What lies before it is not read again; whether it fits is for `ledger verify` to say.
    world.store.content["ledger/0000000007.json"] = b"{}"
    assert journal.load(anew(world).ports) == before
    assert named(anew(world))[0].startswith("E401")


def _lies(world: World) -> checkpoint.Checkpoint:
    """A checkpoint after which prod has all its approvals: it fits the last entry."""
    now = journal.load(world.ports)
    copy = in_a_copy(world)
    approved(copy)
    wanted = journal.load(copy.ports)
    return checkpoint.Checkpoint(replace(wanted, seq=now.seq, head=now.head), world.trust.name)


Forging = Callable[[World, checkpoint.Checkpoint], checkpoint.Checkpoint]
FORGED: dict[str, Forging] = {
    "unsigned": lambda _, lie: lie,
    "made where nothing has to be signed": lambda _, lie: replace(lie, trust=""),
    "signed with dev's key": lambda world, lie: replace(
        lie,
        signature=to_signature(
            world.trust.pinned["dev"].keys[-1],
            world.signatures.sign(
                "dev",
                "ECDSA_SHA_256",
                world.trust.hash_for_signing("checkpoint", checkpoint.encode_signed_part(lie)),
                personally=False,
            ),
        ),
    ),
    "with the signature of an entry of prod": lambda world, lie: replace(
        lie, signature=next(e.signature for e in list_entries(world) if getattr(e.event, "environment", "") == "prod")
    ),
}


@pytest.mark.parametrize("forge", FORGED.values(), ids=FORGED.keys())
def test_forged_checkpoint_is_distrusted(world: World, forge: Forging) -> None:
    deploy_to_staging(world)
    lock_environment(world.ports, "prod", "we migrate")
    unlock_environment(world.ports, "prod")
    before, lie = journal.load(world.ports), forge(world, _lies(world))
    assert lie.present.find_environment("prod").approvals
    world.store.create(ledger_store.checkpoint_key(before.seq), checkpoint.encode_checkpoint(lie))
    assert journal.load(world.ports) == before
    with pytest.raises(RefusedError, match="G106"):
        promote(world.ports, "staging", "prod")


def test_signed_checkpoint_that_contradicts_entries_is_named(world: World) -> None:
    deploy_to_staging(world)
    lie = signing.sign_checkpoint(world.ports, _lies(world), personally=False)
    world.store.create(ledger_store.checkpoint_key(lie.present.seq), checkpoint.encode_checkpoint(lie))
    assert "the checkpoint stored there does not match the entries" in named(world)[0]


def test_signing_can_be_enabled_with_existing_history() -> None:
    world = World()
    deploy_to_staging(world)
    told = len(list_entries(world))
    world.tree.content["envctl.toml"] = build_signed_project(dev=told + 1, staging=told + 1, prod=told + 1)
    signing_keys.pin_keys(world.ports, create=True)
    approved(world)
    promote(world.ports, "staging", "prod")
    assert [bool(entry.signature) for entry in list_entries(world)] == [False] * told + [True] * (
        len(list_entries(world)) - told
    )
    assert verify_ledger(world.ports).signed == ("dev", "staging", "prod")


def test_new_key_is_trusted_beside_the_old_key(world: World) -> None:
    deploy_to_staging(world)
    old = world.trust.pinned["prod"].keys
    approved(world)
    del world.signatures.private["prod"]
    world.signatures.create_key("prod")
    with pytest.raises(OperationFailedError, match=r"E463.*would not be trusted, and was not recorded"):
        lock_environment(world.ports, "prod", "we migrate")
    with pytest.raises(ConfigurationError, match="E465"):
        signing_keys.pin_keys(world.ports, ("prod",))
    assert world.trust.pinned["prod"].keys == old
    (pinned,) = signing_keys.pin_keys(world.ports, ("prod",), add=True).keys
    assert (pinned.outcome, pinned.others) == ("added", (old[0].fingerprint,))
    promote(world.ports, "staging", "prod")
    assert verify_ledger(world.ports).entries == len(list_entries(world))


def test_removed_key_invalidates_everything_it_signed(world: World) -> None:
    deploy_to_staging(world)
    approved(world)
    world.signatures.private.pop("staging")
    del world.tree.content["environments/staging/signing_key.pem"]
    signing_keys.pin_keys(world.ports, ("staging",), create=True)
    with pytest.raises(RefusedError, match="G102"):
        promote(world.ports, "staging", "prod")
    # What the states hold was deployed by entries that are believed no more.
    with pytest.raises(RefusedError, match=r"G304.*envctl ledger verify"):
        promote(world.ports, "dev", "staging")
    text = world.tree.content["envctl.toml"].decode()
    listed = '[environments.staging.gates]\nwaivable = ["known_state"]\n'
    world.edit("envctl.toml", text.replace("[environments.staging.gates]\n", listed))
    promote(world.ports, "dev", "staging", options=DeployOptions(break_glass="the key was lost"))
    promote(world.ports, "staging", "prod")


def test_keys_are_created_and_pinned_once() -> None:
    world = World()
    world.tree.content["envctl.toml"] = build_signed_project(("dev", "prod"))
    first = signing_keys.pin_keys(world.ports, create=True)
    assert [(key.environment, key.outcome, key.made) for key in first.keys] == [
        ("dev", "pinned", True),
        ("prod", "pinned", True),
    ]
    again = signing_keys.pin_keys(world.ports, create=True)
    assert [(key.outcome, key.made, key.fingerprint) for key in again.keys] == [
        ("pinned already", False, key.fingerprint) for key in first.keys
    ]
    assert world.tree.content["environments/prod/signing_key.pem"].startswith(b"-----BEGIN PUBLIC KEY-----\n")


def _no_pem(world: World) -> None:
    del world.tree.content["environments/prod/signing_key.pem"]


def _shared(world: World) -> None:
    content = world.tree.content
    content["environments/prod/signing_key.pem"] = content["environments/dev/signing_key.pem"]


def _garbage(world: World) -> None:
    world.edit("environments/prod/signing_key.pem", "BEGIN")


UNUSABLE: dict[str, tuple[Callable[[World], None], str]] = {
    "none is pinned": (_no_pem, "E460"),
    "the file is damaged": (_garbage, "E461"),
    "two environments share one": (_shared, "E462"),
}


@pytest.mark.parametrize(("spoil", "code"), UNUSABLE.values(), ids=UNUSABLE.keys())
def test_missing_or_wrong_public_key_stops_reading(world: World, spoil: Callable[[World], None], code: str) -> None:
    deploy_to_staging(world)
    spoil(world)
    for command in (
        load_status,
        verify_ledger,
        lambda ports: apply(ports, "dev"),
        lambda ports: rollback(ports, "dev"),
    ):
        with pytest.raises(ConfigurationError, match=code):
            command(world.ports)


WRONG: dict[str, tuple[tuple[str, ...], type[EnvctlError], str]] = {
    "an environment without a signing key": (("dev",), UsageError, "E464 dev has no signing_key"),
    "an environment that there is not": (("moon",), UsageError, "E002"),
    "a key that nobody made": (("prod",), OperationFailedError, "E467"),
}


@pytest.mark.parametrize(("names", "kind", "said"), WRONG.values(), ids=WRONG.keys())
def test_missing_key_is_not_pinned(names: tuple[str, ...], kind: type[EnvctlError], said: str) -> None:
    world = World()
    world.tree.content["envctl.toml"] = build_signed_project(("prod",))
    with pytest.raises(kind, match=said):
        signing_keys.pin_keys(world.ports, names)


def test_pinning_without_any_signing_key_is_refused() -> None:
    with pytest.raises(UsageError, match="E464"):
        signing_keys.pin_keys(World().ports)


def test_validate_reports_a_missing_public_key(world: World) -> None:
    assert validate_project(world.ports).environments == ("dev", "staging", "prod")
    _no_pem(world)
    with pytest.raises(ConfigurationError, match="E460 prod has a signing_key but no pinned public key"):
        validate_project(world.ports)


def test_unsigned_checkpoint_does_not_fail_the_entry(world: World) -> None:
    """What was recorded is recorded. Here the key says no once it has signed the entry."""
    head, content = GENESIS, world.store.content
    for seq in range(1, checkpoint.INTERVAL + 1):
        content[f"ledger/{seq:010d}.json"] = encode_entry(
            Entry(seq=seq, prev=head, at=LATE, actor=MALLORY, event=EnvironmentLocked("qa", ""))
        )
        head = hash_bytes(content[f"ledger/{seq:010d}.json"])
    sign = world.signatures.sign

    def once(environment: str, algorithm: Algorithm, message: bytes, *, personally: bool) -> bytes:
        value = sign(environment, algorithm, message, personally=personally)
        world.signatures.refused.add(environment)
        return value

    world.signatures.sign = once  # type: ignore[method-assign]
    assert not lock_environment(world.ports, "prod", "we migrate").already
    assert world.store.list_keys("checkpoints/") == []
    world.signatures.sign = sign  # type: ignore[method-assign]
    world.signatures.refused.clear()
    unlock_environment(world.ports, "prod")
    assert world.store.list_keys("checkpoints/") == [ledger_store.checkpoint_key(checkpoint.INTERVAL + 2)]
    assert journal.load(anew(world).ports) == journal.load(world.ports)


class Forgetful(MemoryStore):
    """Writes, and loses the answer."""

    def create(self, key: str, data: bytes) -> None:
        super().create(key, data)
        if key.startswith(ledger_store.ENTRY_FOLDER):
            raise LostResponseError(Problem("E456", "no answer"))


def test_signed_append_with_lost_response_is_recognized(world: World) -> None:
    lossy = replace(anew(world), store=Forgetful(world.store.content))
    apply(lossy.ports, "dev")
    kinds = [type(entry.event) for entry in list_entries(world)]
    assert kinds == [ReleaseCreated, DeploymentStarted, DeploymentSucceeded, VerificationPassed]
    assert verify_ledger(world.ports).entries == 4


def test_checkpoint_made_before_key_removal_is_distrusted(world: World) -> None:
    """Although the last environment did sign it: what it was made of is not believed any more."""
    deploy_to_staging(world)
    lock_environment(world.ports, "staging", "we migrate")
    kept = checkpoint.Checkpoint(journal.load(world.ports), world.trust.name)
    kept = signing.sign_checkpoint(world.ports, kept, personally=False)
    world.store.create(ledger_store.checkpoint_key(kept.present.seq), checkpoint.encode_checkpoint(kept))
    world.signatures.private.pop("staging")
    del world.tree.content["environments/staging/signing_key.pem"]
    signing_keys.pin_keys(world.ports, ("staging",), create=True)
    assert journal.load(world.ports).find_environment("staging").lock is None
    assert journal.load(world.ports).find_environment("dev").current_evidence is not None
