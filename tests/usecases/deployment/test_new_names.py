"""An environment under a new name, in the account of what it was: it is asked by the rules of before until it has
recorded rules of its own. One that is gone is named as gone.
"""

from collections.abc import Callable

import pytest

from envctl.domain.errors import UsageError
from envctl.usecases.approval.approve import approve_plan
from envctl.usecases.approval.approve_rules import approve_rules
from envctl.usecases.concurrency.dag_runner import StackSelection
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.destroy import destroy
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.request import DeployOptions
from envctl.usecases.drift.drift import check_drift
from envctl.usecases.drift.fix import fix_drift
from envctl.usecases.inspect.diff import diff_environments
from envctl.usecases.inspect.doctor.doctor import diagnose_project
from envctl.usecases.inspect.export import export_deployments, export_entries
from envctl.usecases.inspect.history import read_history
from envctl.usecases.inspect.plan import plan_environment
from envctl.usecases.inspect.preview import preview_environments
from envctl.usecases.ledger import journal
from tests.catching import catch
from tests.fakes.project_files import NETWORK
from tests.fakes.world import World, make_once
from tests.usecases.inspect.test_rules import (
    ACCOUNTS,
    GATES,
    NO_GATES,
    ORDER,
    becomes,
    refused,
    releases,
    strip_rules,
    takes_code,
    to_prod,
    with_accounts,
)
from tests.usecases.steps import edit_project

WAIVABLE = 'waivable = ["approvals", "same_plan"]\n'
BREAKING = DeployOptions(break_glass="payments are down")
OWNER = "(by the rules of prod, in the same account)"


@pytest.fixture
@make_once
def owned() -> World:
    """Prod runs a release in an account of its own."""
    world = World()
    with_accounts(world)
    edit_project(world, (GATES, GATES + WAIVABLE))
    to_prod(world)
    return world


def rename(world: World, *, order: str = 'order = ["dev", "staging", "production"]') -> None:
    """Prod goes on as production, in its account, and asks nobody. It is in another region: in the same one it would be
    refused as a new name, and nothing else would be tried.
    """
    renamed = ("environments.prod", "environments.production")
    elsewhere = ("[environments.production]\n", '[environments.production]\nregion = "eu-west-3"\n')
    edit_project(world, (ORDER, order), (GATES, NO_GATES), renamed, elsewhere)
    settings = world.tree.content["environments/prod/terraform.tfvars"]
    world.tree.content["environments/production/terraform.tfvars"] = settings
    world.access.accounts["production"] = ACCOUNTS["prod"]


def breaks_in(world: World) -> None:
    becomes(world, "bob")
    promote(world.ports, "staging", "production", BREAKING)


def breaks_in_and_fixes_drift(world: World) -> None:
    breaks_in(world)
    world.terraform.drifted.add(("production", "web"))
    check_drift(world.ports, ["production"])
    fix_drift(world.ports, ["production"], BREAKING)


def deploys_a_part(world: World) -> None:
    for person, gate in (("cat", "peer"), ("dan", "business"), ("eve", "business")):
        becomes(world, person)
        approve_plan(world.ports, "production", gate, unseen=("web",))
    becomes(world, "bob")
    promote(world.ports, "staging", "production", DeployOptions(selection=StackSelection(("network",))))


@pytest.mark.parametrize("begin", [breaks_in, breaks_in_and_fixes_drift, deploys_a_part])
def test_deployment_without_recorded_rules_keeps_account_rules(owned: World, begin: Callable[[World], None]) -> None:
    rename(owned)
    begin(owned)
    assert journal.load(owned.ports).find_environment("production").rules is None
    releases(owned, 2)
    becomes(owned, "bob")
    assert OWNER in refused(lambda: promote(owned.ports, "staging", "production"))["G106"]


def test_older_ledger_without_rules_keeps_environment_known(owned: World) -> None:
    """What was deployed there before rules were recorded is no newcomer."""
    rename(owned)
    breaks_in(owned)
    strip_rules(owned)
    releases(owned, 2)
    becomes(owned, "bob")
    assert promote(owned.ports, "staging", "production").deployment


@pytest.mark.parametrize("environment", ["dev", "staging"])
def test_older_ledger_without_rules_survives_partial_deployment(owned: World, environment: str) -> None:
    """It shares an account with prod, and the first deployment that names its rules is one of a stack."""
    share_account(owned, environment)
    strip_rules(owned)
    owned.edit(f"environments/{environment}/terraform.tfvars", settings_of(owned, environment).replace("0/16", "0/20"))
    done = apply(owned.ports, environment, DeployOptions(selection=StackSelection(("network",))))
    assert done.deployment
    assert journal.load(owned.ports).find_environment(environment).rules is None
    assert apply(owned.ports, environment).deployment


def share_account(world: World, environment: str) -> None:
    last = journal.load(world.ports).find_environment(environment).last
    assert last is not None
    moved = f'"{ACCOUNTS["prod"]}"\nmoved_after = {last.seq}'
    edit_project(world, (f'"{ACCOUNTS[environment]}"', moved))
    world.access.accounts[environment] = ACCOUNTS["prod"]


def settings_of(world: World, environment: str) -> str:
    return world.tree.content[f"environments/{environment}/terraform.tfvars"].decode()


def test_new_entry_in_guarded_account_is_refused(owned: World) -> None:
    takes_code(owned)
    rename(owned, order='order = ["production", "dev", "staging"]')
    owned.edit("modules/network/main.tf", NETWORK.decode() + "# from a dirty tree\n")
    assert "it belongs to prod" in refused(lambda: apply(owned.ports, "production"))["G112"]


def test_known_entry_needs_no_approval(owned: World) -> None:
    """It shares an account with prod, was destroyed, and comes again: with rules, and as ledgers of before have it."""
    share_account(owned, "dev")
    destroy(owned.ports, "dev")
    strip_rules(owned)
    assert apply(owned.ports, "dev").deployment


GONE: dict[str, Callable[[World], object]] = {
    "diff": lambda world: diff_environments(world.ports, "staging", "prod"),
    "doctor": lambda world: diagnose_project(world.ports, ["prod"]),
    "drift": lambda world: check_drift(world.ports, ["prod"]),
    "plan": lambda world: plan_environment(world.ports, "prod"),
    "preview": lambda world: preview_environments(world.ports, ["prod"]),
    "promote to it": lambda world: promote(world.ports, "staging", "prod"),
    "promote from it": lambda world: promote(world.ports, "prod", "staging"),
    "rules": lambda world: approve_rules(world.ports, "prod", "peer"),
}


@pytest.mark.parametrize("command", GONE.values(), ids=GONE.keys())
def test_removed_environment_is_reported_as_removed(owned: World, command: Callable[[World], object]) -> None:
    rename(owned)
    with pytest.raises(UsageError, match=r"prod is no longer in envctl\.toml") as raised:
        command(owned)
    assert [problem.code for problem in raised.value.problems] == ["E139"]


def test_history_includes_removed_environments(owned: World) -> None:
    rename(owned)
    told = read_history(owned.ports, "prod").entries
    assert told
    assert {getattr(entry.event, "environment", "") for entry in told} == {"prod"}
    assert len(list(export_entries(owned.ports, "prod"))) == len(told)
    assert [each.environment for each in export_deployments(owned.ports, "prod").deployments] == ["prod"]
    assert catch(UsageError, read_history, owned.ports, "nowhere").problems[0].code == "E002"
