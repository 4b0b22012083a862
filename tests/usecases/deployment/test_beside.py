"""Environments beside the pipeline: they take code from the working tree, and nothing of theirs goes elsewhere."""

from collections.abc import Callable

import pytest

from envctl.domain.errors import ConfigurationError
from envctl.domain.guards import RefusedError
from envctl.domain.release.bundle import unpack
from envctl.usecases.approval.approve import approve_plan
from envctl.usecases.approval.explain_refusal import explain_refusal
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.destroy import destroy
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.rollback import rollback
from envctl.usecases.drift.drift import check_drift
from envctl.usecases.inspect.diff import diff_environments
from envctl.usecases.inspect.plan import plan_environment
from envctl.usecases.inspect.preview import preview_environments
from envctl.usecases.inspect.render import render_environment
from envctl.usecases.inspect.report import build_report
from envctl.usecases.inspect.settings import resolve_settings, validate_project
from envctl.usecases.inspect.status import load_status
from tests.catching import catch
from tests.fakes.project_files import PROJECT
from tests.fakes.world import World, list_entries
from tests.usecases.steps import acting_as

BESIDE = """
[environments.management]
pipeline = false

[environments.dev-account]
pipeline = false

[environments.prod-account]
pipeline = false

[environments.prod-account.gates]
approvals = { peer = 1 }

[stacks.organization]
module = "modules/organization"
environments = ["management"]

[stacks.baseline]
module = "modules/baseline"
environments = ["dev-account", "prod-account"]
"""


@pytest.fixture
def world() -> World:
    world = World()
    world.edit("envctl.toml", PROJECT.decode() + BESIDE)
    world.edit("modules/organization/main.tf", 'variable "units" { type = list(string) }\noutput "id" { value = 1 }\n')
    world.edit("modules/baseline/main.tf", 'variable "environment" { type = string }\n')
    world.edit("environments/management/terraform.tfvars", 'units = ["dev", "prod"]\n')
    return world


def refused(call: Callable[[], object]) -> list[str]:
    return [f"{problem.code} {problem.message}" for problem in catch(RefusedError, call).problems]


def stacks(world: World, release: str) -> list[str]:
    return list(unpack(world.store.content[f"releases/{release}.tar"], release).wiring.stacks)


def test_each_standalone_environment_has_its_own_stacks(world: World) -> None:
    of = {name: apply(world.ports, name).release for name in ("dev", "management", "dev-account")}
    assert {name: stacks(world, release) for name, release in of.items()} == {
        "dev": ["network", "web"],
        "management": ["organization"],
        "dev-account": ["baseline"],
    }


def test_common_settings_apply_to_standalone_environments(world: World) -> None:
    """`size`, which no stack of management declares, stands in the common file."""
    found = resolve_settings(world.ports, "management").settings
    assert [(each.name, each.value) for each in found] == [("units", ["dev", "prod"])]


def test_standalone_environment_takes_code_from_working_tree(world: World) -> None:
    first = apply(world.ports, "management").release
    world.edit("modules/organization/main.tf", 'variable "units" { type = list(string) }\n')
    assert apply(world.ports, "management").release != first
    assert load_status(world.ports).beside[0].lag is None


def test_change_of_standalone_stack_keeps_pipeline_release(world: World) -> None:
    before = apply(world.ports, "dev").release
    world.edit("modules/organization/main.tf", 'variable "units" { type = list(string) }\n')
    assert apply(world.ports, "dev").release == before


def test_standalone_release_is_promoted_nowhere(world: World) -> None:
    apply(world.ports, "management")
    told = refused(lambda: promote(world.ports, "management", "staging"))
    assert told[0].startswith("G101 order: management is outside the pipeline (dev → staging → prod)")


def test_standalone_release_is_not_promotable_from_dev(world: World) -> None:
    apply(world.ports, "dev")
    made = apply(world.ports, "management").release
    told = refused(lambda: promote(world.ports, "dev", "staging", release=made))
    assert [each for each in told if each.startswith("G102")]


def test_same_content_is_one_release_for_both(world: World) -> None:
    one = apply(world.ports, "dev-account").release
    with pytest.raises(RefusedError):
        apply(world.ports, "prod-account")
    with acting_as(world, "bob@example.com"):
        approve_plan(world.ports, "prod-account", "peer", release=one)
    assert apply(world.ports, "prod-account").release == one
    made = [entry.event for entry in list_entries(world) if entry.event.kind == "release created"]
    assert [event.beside for event in made] == ["dev-account", "prod-account"]  # type: ignore[union-attr]


def test_rollback_works_in_standalone_environment(world: World) -> None:
    first = apply(world.ports, "management").release
    world.edit("modules/organization/main.tf", 'variable "units" { type = list(string) }\n')
    second = apply(world.ports, "management").release
    assert rollback(world.ports, "management").release == first
    assert second in load_status(world.ports).beside[0].present.holds


def test_all_commands_know_standalone_environments(world: World) -> None:
    assert plan_environment(world.ports, "management")[0].changes
    assert render_environment(world.ports, "management").files
    apply(world.ports, "management")
    assert explain_refusal(world.ports, "management").target == "management"
    assert [each.condition for each in check_drift(world.ports, ("management",)).environments] == ["clean"]
    assert diff_environments(world.ports, "management", "dev").first.release
    assert destroy(world.ports, "management").deployment


def test_all_includes_standalone_environments(world: World) -> None:
    told = validate_project(world.ports).environments
    assert told == ("dev", "staging", "prod", "management", "dev-account", "prod-account")
    shown = load_status(world.ports)
    assert [each.environment for each in shown.environments] == ["dev", "staging", "prod"]
    assert [each.environment for each in shown.beside] == ["management", "dev-account", "prod-account"]
    assert [each.next for each in shown.beside] == [f"envctl apply {each.environment}" for each in shown.beside]


def test_drift_check_includes_deployed_standalone_environments(world: World) -> None:
    apply(world.ports, "dev")
    apply(world.ports, "management")
    seen = [each.environment for each in check_drift(world.ports).environments]
    assert seen == ["dev", "staging", "prod", "management"]


def test_preview_covers_the_pipeline_by_default(world: World) -> None:
    assert [each.environment for each in preview_environments(world.ports).environments] == ["dev", "staging", "prod"]
    both = preview_environments(world.ports, ("dev", "management")).environments
    assert [[stack.stack for stack in each.plan.stacks] for each in both if each.plan] == [
        ["network", "web"],
        ["organization"],
    ]


def test_report_shows_only_pipeline_releases(world: World) -> None:
    apply(world.ports, "management")
    of_dev = apply(world.ports, "dev").release
    told = build_report(world.ports)
    assert ([row.release.release for row in told.releases], told.more_releases) == ([of_dev], 0)


def test_an_error_in_its_settings_names_its_file(world: World) -> None:
    world.edit("environments/management/terraform.tfvars", 'unit = ["dev"]\n')
    caught = catch(ConfigurationError, validate_project, world.ports, "management")
    assert {problem.code for problem in caught.problems} == {"E203", "E205"}
