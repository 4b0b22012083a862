"""Jobs of pull requests: they see the entry and what the project file names, and no state of another environment."""

from collections.abc import Callable

import pytest

from envctl.cli.render.words.plan.plans import describe_hidden, format_outcome
from envctl.domain.errors import ConfigurationError
from envctl.domain.exit_codes import ExitCode
from envctl.usecases.approval.explain_refusal import explain_refusal
from envctl.usecases.drift.drift import check_drift
from envctl.usecases.inspect.explain_plan import explain_plan
from envctl.usecases.inspect.outputs import read_output, read_outputs
from envctl.usecases.inspect.plan import plan_environment, plan_units
from envctl.usecases.inspect.preview import plan_stored_release, preview_environments
from envctl.usecases.ledger import journal
from tests.catching import catch
from tests.fakes.project_files import PROJECT
from tests.fakes.world import World, make_once
from tests.usecases.steps import deploy_everywhere

OPEN = PROJECT.decode().replace("approvals = { peer = 1, business = 2 }", "approvals = {}")
STAGING = "environments/staging/terraform.tfvars"


@pytest.fixture
@make_once
def world() -> World:
    """One release everywhere, and a job of a pull request."""
    world = World()
    world.edit("envctl.toml", OPEN)
    deploy_everywhere(world)
    world.job_requests.for_request = True
    world.terraform.calls.clear()
    return world


def allow(world: World, *environments: str) -> None:
    listed = ", ".join(f'"{name}"' for name in environments)
    world.edit("envctl.toml", f"{OPEN}\n[ci]\npull_request_environments = [{listed}]\n")


def touched(world: World) -> set[str]:
    return {environment for _, environment, _ in world.terraform.calls}


def test_preview_plans_the_entry_alone(world: World) -> None:
    found = preview_environments(world.ports)
    assert [(each.environment, bool(each.plan), each.hidden) for each in found.environments] == [
        ("dev", True, False),
        ("staging", False, True),
        ("prod", False, True),
    ]
    assert (found.exit_code(), touched(world)) == (ExitCode.DONE, {"dev"})


def test_preview_plans_what_is_named(world: World) -> None:
    allow(world, "staging")
    found = preview_environments(world.ports)
    assert [bool(each.plan) for each in found.environments] == [True, True, False]
    assert touched(world) == {"dev", "staging"}


def test_hidden_environment_tells_changed_settings(world: World) -> None:
    world.edit(STAGING, 'cidr = "10.99.0.0/16"\n')
    staging = preview_environments(world.ports).environments[1]
    assert (staging.hidden, staging.settings_changed) == (True, ("cidr",))
    assert format_outcome(staging) == "not planned in this job; 1 setting changed"
    assert "pull_request_environments" in describe_hidden(staging)
    assert describe_hidden(staging).endswith("Changed settings: cidr.")


def test_hidden_environment_tells_unfit_settings(world: World) -> None:
    world.edit(STAGING, 'cidr = "10.99.0.0/16"\nnonsense = 1\n')
    found = preview_environments(world.ports)
    assert [problem.code for problem in found.environments[1].problems] == ["E203"]
    assert found.exit_code() == ExitCode.CONFIGURATION


def release(world: World) -> str:
    return next(iter(journal.load(world.ports).releases))


LOOKS: dict[str, Callable[[World], object]] = {
    "plan": lambda world: plan_environment(world.ports, "staging"),
    "plan of a unit": lambda world: plan_units(world.ports, {"staging": frozenset({"web"})}),
    "plan of a release": lambda world: plan_stored_release(world.ports, "staging", release(world)),
    "plan with causes": lambda world: explain_plan(world.ports, "staging"),
    "why with a plan": lambda world: explain_refusal(world.ports, "staging", planned=True),
    "all outputs": lambda world: read_outputs(world.ports, "staging"),
    "one output": lambda world: read_output(world.ports, "staging", "subnet"),
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_hidden_environment_is_refused(world: World, look: Callable[[World], object]) -> None:
    (problem,) = catch(ConfigurationError, look, world).problems
    assert problem.code == "E127"
    assert "add staging to [ci] pull_request_environments" in problem.hint
    assert touched(world) == set()


def test_drift_of_hidden_environment_is_unknown(world: World) -> None:
    found = check_drift(world.ports)
    assert [each.condition for each in found.environments] == ["clean", "unknown", "unknown"]
    assert {problem.code for problem in found.problems} == {"E127"}
    assert touched(world) == {"dev"}


def test_other_jobs_see_everything(world: World) -> None:
    world.job_requests.for_request = False
    assert all(each.plan for each in preview_environments(world.ports).environments)


def test_sandbox_hides_nothing(world: World) -> None:
    world.sandbox = True
    assert all(each.plan for each in preview_environments(world.ports).environments)
