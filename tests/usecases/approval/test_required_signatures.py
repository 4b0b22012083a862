"""Required signatures are recorded: a tree that believes more than they allow is refused, and only gates end them."""

from collections.abc import Callable, Sequence

import pytest

from envctl.domain.errors import EnvctlError
from envctl.domain.ledger.rule_events import RulesApproved
from envctl.domain.rules.document import build_rules_document
from envctl.usecases.approval.approve import approve_plan
from envctl.usecases.approval.approve_rules import approve_rules
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.rollback import rollback
from envctl.usecases.ledger import journal
from envctl.usecases.project import project_file, signing_keys
from tests.catching import catch
from tests.fakes.aws import MemorySignatures
from tests.fakes.signing import Intruder, build_signed_project
from tests.fakes.world import World, make_once
from tests.usecases.steps import acting_as, deploy_edited, deploy_to_staging, edit_project

PEOPLE = 'approval_signing_key = "arn:aws:kms:ap-northeast-1:555555555555:alias/envctl-approve-prod"\n'
REQUIRED = 'signatures = "required"\n'


@pytest.fixture
@make_once
def world() -> World:
    """A release in all environments, with required signatures recorded for prod, and the next one in staging."""
    world = World()
    text = build_signed_project().decode()
    text = text.replace("[environments.prod]\n", f"[environments.prod]\n{PEOPLE}{REQUIRED}")
    world.tree.content["envctl.toml"] = text.encode()
    signing_keys.pin_keys(world.ports, create=True)
    deploy_to_staging(world)
    approve_all(world, unseen=["web"])
    promote(world.ports, "staging", "prod")
    deploy_edited(world, 2)
    promote(world.ports, "dev", "staging")
    return world


PEERS = (("bea@example.com", "peer"), ("cyd@example.com", "business"), ("dan@example.com", "business"))


def approve_all_rules(world: World) -> None:
    for person, gate in PEERS:
        with acting_as(world, person):
            approve_rules(world.ports, "prod", gate)


def approve_all(world: World, *, unseen: Sequence[str] = ()) -> None:
    for person, gate in PEERS:
        with acting_as(world, person):
            approve_plan(world.ports, "prod", gate, unseen=unseen)


def find_refusals(world: World, act: Callable[[World], object]) -> dict[str, str]:
    return {each.code: each.message for each in catch(EnvctlError, act, world).problems}


def promote_to_prod(world: World) -> object:
    return promote(world.ports, "staging", "prod")


def drop_lines(world: World, *lines: str) -> None:
    edit_project(world, *((line, "") for line in lines))


def key_line(name: str) -> str:
    return f'signing_key = "alias/envctl-{name}"\n'


WEAKER: dict[str, Callable[[World], None]] = {
    "without the key of prod": lambda world: drop_lines(world, REQUIRED, PEOPLE, key_line("prod")),
    "without the key of people": lambda world: drop_lines(world, PEOPLE),
    "without the key of the entry": lambda world: drop_lines(world, REQUIRED, key_line("dev")),
    "signed from a later entry": lambda world: edit_project(
        world, (key_line("staging"), f"{key_line('staging')}signed_from = 999\n")
    ),
    "signed by people from a later entry": lambda world: edit_project(
        world, (PEOPLE, f"{PEOPLE}approval_signed_from = 999\n")
    ),
}


@pytest.mark.parametrize("weaken", WEAKER.values(), ids=WEAKER.keys())
def test_weaker_tree_is_refused(world: World, weaken: Callable[[World], None]) -> None:
    weaken(world)
    for act in (promote_to_prod, lambda world: rollback(world.ports, "prod")):
        assert "want all" in find_refusals(world, act).get("G112", ""), act


def test_gates_end_required_signatures(world: World) -> None:
    drop_lines(world, REQUIRED)
    deploy_edited(world, 3)
    approve_rules(world.ports, "staging")
    promote(world.ports, "dev", "staging")
    assert "G106" in find_refusals(world, promote_to_prod)
    approve_all(world)
    approve_all_rules(world)
    promote_to_prod(world)
    drop_lines(world, PEOPLE, *(key_line(name) for name in ("dev", "staging", "prod")))
    deploy_edited(world, 4)
    promote(world.ports, "dev", "staging")
    assert find_refusals(world, promote_to_prod).keys() == {"G106"}


def test_decisions_with_a_key_added_by_the_tree_do_not_count(world: World) -> None:
    """Who can change the tree adds a key, and signs approvals of the rules and of the release with it."""
    intruder = MemorySignatures()
    intruder.create_key("prod")
    theirs = world.signatures.others["people"]
    world.signatures.others["people"] = intruder
    signing_keys.pin_keys(world.ports, ("prod",), add=True)
    approve_all(world)
    approve_all_rules(world)
    refused = find_refusals(world, promote_to_prod)
    assert "peer (0 of 1)" in refused["G106"]
    world.signatures.others["people"] = theirs
    assert not journal.load(world.ports).unbelieved


def test_rotated_key_counts_once_the_rules_are_approved(world: World) -> None:
    new = MemorySignatures()
    new.create_key("prod")
    old = world.signatures.others["people"]
    world.signatures.others["people"] = new
    signing_keys.pin_keys(world.ports, ("prod",), add=True)
    world.signatures.others["people"] = old
    approve_all_rules(world)
    world.signatures.others["people"] = new
    approve_all(world)
    promote_to_prod(world)


def test_required_signatures_of_the_last_environment_are_rules_of_all_before(world: World) -> None:
    project = project_file.load_project(world.ports)
    found = {name: build_rules_document(project, name).content["signatures"] for name in ("dev", "staging", "prod")}
    assert found["prod"]["from"] == {"dev": 1, "staging": 1, "prod": 1}
    assert found["dev"]["from"] == {"dev": 1}
    assert found["prod"]["signers"] == [world.trust.pinned["prod"].people_keys[0].fingerprint]


def test_project_of_yesterday_has_the_rules_of_yesterday() -> None:
    world = World()
    world.tree.content["envctl.toml"] = build_signed_project()
    signing_keys.pin_keys(world.ports, create=True)
    project = project_file.load_project(world.ports)
    assert all("signatures" not in build_rules_document(project, name).content for name in project.order.order)


def test_forged_approval_of_rules_is_not_trusted(world: World) -> None:
    drop_lines(world, REQUIRED)
    project = project_file.load_project(world.ports)
    recorded = journal.load(world.ports).find_environment("prod").rules
    assert recorded is not None
    event = RulesApproved("prod", "peer", recorded.digest, build_rules_document(project, "prod").digest, "r")
    Intruder(world, keys=("prod",)).forge_entry(event, key="prod")
    assert journal.load(world.ports).unbelieved[-1].what == "rules approved"
