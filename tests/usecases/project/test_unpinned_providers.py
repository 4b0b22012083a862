"""Providers that replace what the release pins: refused outside of the entry, and without any proof there."""

from collections.abc import Callable

import pytest

from envctl.domain.errors import ConfigurationError, Location
from envctl.domain.guards import RefusedError
from envctl.domain.ledger.events import DeploymentStarted
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.rollback import rollback
from envctl.usecases.deployment.verification import verify
from envctl.usecases.drift.drift import check_drift
from envctl.usecases.inspect.plan import plan_environment
from envctl.usecases.ports.terraform import UnpinnedProvider
from tests.catching import catch
from tests.fakes.project_files import NETWORK
from tests.fakes.world import World, list_entries, make_once
from tests.usecases.steps import deploy_to_staging

REPLACED = (
    UnpinnedProvider("hashicorp/aws", "dev_overrides", Location("/home/ann/.terraformrc", 3)),
    UnpinnedProvider("hashicorp/time", "TF_REATTACH_PROVIDERS"),
)


@pytest.fixture
@make_once
def world() -> World:
    world = World()
    deploy_to_staging(world)
    return world


def edited(world: World) -> None:
    world.edit("modules/network/main.tf", NETWORK.decode() + "# other\n")


@pytest.mark.parametrize(
    "command",
    [
        lambda ports: promote(ports, "dev", "staging"),
        lambda ports: apply(ports, "staging"),
        lambda ports: plan_environment(ports, "staging"),
    ],
    ids=["promote", "apply", "plan"],
)
def test_replaced_providers_are_refused_outside_of_the_entry(command: Callable[..., object], world: World) -> None:
    edited(world)
    apply(world.ports, "dev")
    world.terraform.unpinned_providers = REPLACED
    before = len(list_entries(world))
    raised = catch(ConfigurationError, command, world.ports)
    assert [(each.code, each.location) for each in raised.problems] == [
        ("E041", Location("/home/ann/.terraformrc", 3)),
        ("E041", None),
    ]
    assert "unset TF_REATTACH_PROVIDERS" in raised.problems[1].hint
    assert len(list_entries(world)) == before


def test_drift_check_refuses_replaced_providers(world: World) -> None:
    world.terraform.unpinned_providers = REPLACED
    before = len(list_entries(world))
    found = check_drift(world.ports, ())
    assert {problem.code for each in found.environments if each.release for problem in each.problems} == {"E041"}
    assert len(list_entries(world)) == before


def test_deployment_with_replaced_providers_is_no_evidence(world: World) -> None:
    edited(world)
    world.terraform.unpinned_providers = REPLACED
    release = apply(world.ports, "dev").release
    start = next(e.event for e in reversed(list_entries(world)) if isinstance(e.event, DeploymentStarted))
    assert start.unpinned == ("hashicorp/aws", "hashicorp/time")
    assert any("hashicorp/aws" in said and "can't be verified" in said for said in world.observer.heard)
    world.terraform.unpinned_providers = ()
    verify(world.ports, "dev")
    check_drift(world.ports, ("dev",))
    refused = catch(RefusedError, promote, world.ports, "dev", "staging")
    refusal = next(each for each in refused.refusals if each.code == "G103")
    assert "hashicorp/aws, hashicorp/time in place of what the release pins" in refusal.message
    assert "envctl apply dev" in refusal.hint
    # The very same release, with what it pins, is recorded anew and proves what it should.
    assert apply(world.ports, "dev").release == release
    assert promote(world.ports, "dev", "staging").release == release


def test_replaced_provider_revokes_earlier_evidence(world: World) -> None:
    world.terraform.unpinned_providers = REPLACED
    edited(world)
    apply(world.ports, "dev")
    world.edit("modules/network/main.tf", NETWORK.decode())
    apply(world.ports, "dev")
    world.terraform.unpinned_providers = ()
    refused = catch(RefusedError, promote, world.ports, "dev", "staging")
    assert "G103" in {each.code for each in refused.refusals}


def test_rollback_in_entry_records_replaced_providers(world: World) -> None:
    edited(world)
    apply(world.ports, "dev")
    world.terraform.unpinned_providers = REPLACED
    rollback(world.ports, "dev")
    start = next(e.event for e in reversed(list_entries(world)) if isinstance(e.event, DeploymentStarted))
    assert start.unpinned == ("hashicorp/aws", "hashicorp/time")
