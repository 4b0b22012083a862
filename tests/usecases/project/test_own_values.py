"""Values of one environment in the code and the settings of others: new code is refused, and what runs goes on."""

import pytest

from envctl.domain.errors import ConfigurationError, Problem
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.destroy import destroy
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.rollback import rollback
from envctl.usecases.drift.drift import check_drift
from envctl.usecases.inspect.plan import plan_environment
from envctl.usecases.inspect.preview import preview_environments
from envctl.usecases.inspect.settings import validate_project
from envctl.usecases.inspect.status import load_status
from tests.catching import catch
from tests.fakes.world import World

PROJECT = """
[project]
name = "acme"
[pipeline]
order = ["dev", "prod"]
[environments.dev]
account_id = "111111111111"
[environments.prod]
account_id = "333333333333"
gates = { approvals = {} }
[state]
backend = "gcs"
bucket = "acme-states-{env}"
[stacks.live]
module = "modules/live"
"""
CODE = """
variable "bucket" {
  type    = string
  default = "none"
}
"""
FOREIGN = CODE + 'locals {\n  of = "acme-states-dev"\n}\n'
SETTINGS = "environments/prod/terraform.tfvars"


@pytest.fixture
def world() -> World:
    world = World()
    world.tree.content.clear()
    world.edit("envctl.toml", PROJECT)
    world.edit("modules/live/main.tf", CODE)
    world.access.accounts = {"dev": "111111111111", "prod": "333333333333"}
    return world


def refused(world: World) -> list[Problem]:
    return list(catch(ConfigurationError, validate_project, world.ports).problems)


def test_code_is_refused_before_terraform_starts(world: World) -> None:
    world.edit("modules/live/main.tf", FOREIGN)
    (problem,) = refused(world)
    assert (problem.code, str(problem.location)) == ("E164", "modules/live/main.tf:7")
    for use in (
        lambda: apply(world.ports, "dev"),
        lambda: plan_environment(world.ports, "dev"),
        lambda: preview_environments(world.ports),
    ):
        with pytest.raises(ConfigurationError, match="E164"):
            use()
    assert world.terraform.calls == []


def test_setting_is_refused_with_its_line(world: World) -> None:
    world.edit(SETTINGS, '\nbucket = "acme-states-dev"\n')
    (problem,) = refused(world)
    assert (problem.code, str(problem.location)) == ("E164", f"{SETTINGS}:2")
    assert problem.hint.startswith('write "acme-states-prod"; ')
    (of_dev, of_prod) = preview_environments(world.ports).environments
    assert (of_dev.problems, [each.code for each in of_prod.problems]) == ((), ["E164"])
    world.edit("envctl.toml", PROJECT.replace("approvals = {} }", 'approvals = {} }\nreads = ["dev"]'))
    assert validate_project(world.ports)


def test_default_counts_where_no_setting_replaces_it(world: World) -> None:
    world.edit("modules/live/main.tf", CODE.replace("none", "acme-states-dev"))
    (problem,) = refused(world)
    assert problem.message == "bucket of prod names acme-states-dev: the bucket of the states of dev"
    world.edit(SETTINGS, 'bucket = "acme-states-prod"\n')
    assert validate_project(world.ports)


def test_account_is_a_remark(world: World) -> None:
    world.edit("modules/live/main.tf", CODE + 'locals {\n  of = "arn:aws:iam::111111111111:root"\n}\n')
    world.edit(SETTINGS, 'bucket = "111111111111"\n')
    found = [each for each in validate_project(world.ports).remarks if "111111111111" in each]
    assert [each.partition(";")[0] for each in found] == [
        f"{SETTINGS}:1: bucket of prod names 111111111111: the account of dev",
        "modules/live/main.tf:7: the code of prod names 111111111111: the account of dev",
    ]
    assert plan_environment(world.ports, "dev")


def test_what_runs_is_not_blocked(world: World) -> None:
    shared = PROJECT.replace("approvals = {} }", 'approvals = {} }\nreads = ["dev"]')
    world.edit("envctl.toml", shared)
    world.edit("modules/live/main.tf", FOREIGN)
    world.edit(SETTINGS, 'bucket = "acme-states-dev"\n')
    first = apply(world.ports, "dev").release
    promote(world.ports, "dev", "prod")
    world.edit("modules/live/main.tf", FOREIGN + "# 2\n")
    apply(world.ports, "dev")
    # As a project of a time before this rule.
    world.edit("envctl.toml", PROJECT)
    assert load_status(world.ports)
    assert promote(world.ports, "dev", "prod")
    assert check_drift(world.ports)
    assert rollback(world.ports, "prod").release == first
    assert destroy(world.ports, "prod")
