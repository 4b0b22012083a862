"""One person is one person under all names: what they say under one they can take back under another, and a name that
somebody only claims keeps nobody from approving.
"""

import pytest

from envctl.domain.guards import RefusedError
from envctl.usecases.approval.approve import approve_plan, withdraw_approval
from envctl.usecases.deployment.promote import promote
from envctl.usecases.ledger import journal
from tests.fakes.machine import SettableIdentity
from tests.fakes.world import World, make_once
from tests.usecases.laws.people import APPROVERS, BOB, CAT, DAN, EVE, Name, identity_of
from tests.usecases.steps import deploy_to_staging, edit_project

GATES = "approvals = { peer = 1, business = 2 }"
IN_ROLE = f"""{GATES}

[environments.prod.allow]
approve = {{ business = ["arn:aws:iam::333333333333:role/Approver"] }}
"""


@pytest.fixture
@make_once
def world() -> World:
    found = World()
    deploy_to_staging(found)
    return found


def approves(world: World, identity: SettableIdentity, gate: str = "business") -> bool:
    """Whether it was recorded."""
    world.identity = identity
    there = journal.load(world.ports).find_environment("prod").stacks
    return not approve_plan(world.ports, "prod", gate, unseen=() if there else ("web",)).already


def approvals(world: World) -> list[str]:
    return [each.by.name for each in journal.load(world.ports).find_environment("prod").approvals]


@pytest.mark.parametrize("name", ["own", "vouched", "job"])
def test_person_withdraws_under_each_name(world: World, name: Name) -> None:
    for under in ("own", "vouched", "job"):
        assert approves(world, identity_of(CAT, under))
    approves(world, SettableIdentity(DAN))
    world.identity = identity_of(CAT, name)
    assert withdraw_approval(world.ports, "prod", "business").withdrawn
    assert approvals(world) == [DAN]
    assert not withdraw_approval(world.ports, "prod", "business").withdrawn


def test_another_person_withdraws_nothing(world: World) -> None:
    """EVE's variables say that her job is CAT's, and AWS says that she is EVE."""
    approves(world, SettableIdentity(CAT))
    world.identity = identity_of(CAT, "a token of one's own")
    assert EVE in world.identity.identify_actor().name
    assert not withdraw_approval(world.ports, "prod", "business").withdrawn
    assert approvals(world) == [CAT]


def test_unverified_name_does_not_count_as_the_person(world: World) -> None:
    """EVE claims the session of CAT, at a gate that asks for no role by the tree, and for one by what was recorded."""
    edit_project(world, (GATES, IN_ROLE))
    approves(world, SettableIdentity(BOB), "peer")
    for person in (CAT, DAN):
        approves(world, identity_of(person, "vouched"))
    world.identity = SettableIdentity("ann@example.com")
    promote(world.ports, "staging", "prod")
    edit_project(world, (IN_ROLE, GATES + "\n"))
    approves(world, SettableIdentity(BOB), "peer")
    for person in (CAT, DAN):
        assert approves(world, identity_of(person, "claimed"))
    world.identity = SettableIdentity("ann@example.com")
    with pytest.raises(RefusedError, match="G106"):
        promote(world.ports, "staging", "prod")
    for person in (CAT, DAN):
        assert approves(world, identity_of(person, "vouched"))
    assert [name for name in approvals(world) if APPROVERS in name]
    world.identity = SettableIdentity("ann@example.com")
    assert promote(world.ports, "staging", "prod").deployment
