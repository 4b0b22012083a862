"""What does not fit between a rollout, the modules, the artifacts and the settings is told with its file and line."""

import pytest

from envctl.domain.errors import ConfigurationError, Problem
from envctl.usecases.inspect.settings import resolve_settings, validate_project
from tests.catching import catch
from tests.fakes.rollout_world import COLOURS, DEV_SETTINGS, ROLLOUT, RolloutWorld
from tests.fakes.world import WEB
from tests.usecases.steps import edit_project

ALARM = '"alarm:shop-{environment}-5xx"'


@pytest.fixture
def world() -> RolloutWorld:
    return RolloutWorld()


def wrong(world: RolloutWorld) -> Problem:
    (problem,) = dict.fromkeys(catch(ConfigurationError, validate_project, world.ports).problems)
    return problem


def at(world: RolloutWorld, path: str, part: str) -> str:
    text = world.tree.content[path].decode()
    return f"{path}:{text[: text.index(part)].count(chr(10)) + 1}"


def test_consistent_rollout_is_valid(world: RolloutWorld) -> None:
    validate_project(world.ports)


def test_module_without_rollout_variables_is_refused(world: RolloutWorld) -> None:
    world.edit("modules/web/main.tf", WEB.decode() + COLOURS.replace("stable_image", "other_image"))
    problem = wrong(world)
    assert (problem.code, str(problem.location)) == ("E120", at(world, "envctl.toml", "[stacks.web.rollout]"))
    assert "modules/web declares no variable stable_image" in problem.message


def test_color_as_input_is_refused(world: RolloutWorld) -> None:
    edit_project(world, ('subnet = "network.subnet"', 'subnet = "network.subnet", color = "network.subnet"'))
    problem = wrong(world)
    assert (problem.code, str(problem.location)) == ("E120", at(world, "envctl.toml", "inputs ="))


def test_rollout_of_stack_without_artifact_is_refused(world: RolloutWorld) -> None:
    edit_project(world, ('variable = "image"', 'variable = "cidr"'))
    world.edit(DEV_SETTINGS, f'cidr = "registry.example.com/shop@sha256:{"a" * 64}"\nimage = "x"\n')
    failed = catch(ConfigurationError, validate_project, world.ports)
    (problem,) = [each for each in failed.problems if each.code == "E121"]
    assert "takes no artifact" in problem.message


def test_artifact_not_taken_by_the_stack_is_refused(world: RolloutWorld) -> None:
    edit_project(world, ("[artifacts]", '[artifacts]\nother = { variable = "cidr", kind = "string" }'))
    edit_project(world, ('wait = "5m"', 'wait = "5m"\nartifact = "other"'))
    problem = wrong(world)
    assert (problem.code, str(problem.location)) == ("E121", at(world, "envctl.toml", "artifact ="))
    assert problem.hint == 'say which one is rolled out: artifact = "app"'


def test_ambiguous_artifact_is_refused(world: RolloutWorld) -> None:
    edit_project(world, ("[artifacts]", '[artifacts]\nother = { variable = "subnet_name", kind = "string" }'))
    world.edit("modules/web/main.tf", WEB.decode() + COLOURS + 'variable "subnet_name" { type = string }\n')
    world.edit(DEV_SETTINGS, world.tree.content[DEV_SETTINGS].decode() + 'subnet_name = "x"\n')
    problem = wrong(world)
    assert (problem.code, problem.hint) == ("E121", 'say which one is rolled out: artifact = "other" or "app"')


def test_alarm_of_unknown_output_is_refused(world: RolloutWorld) -> None:
    edit_project(world, (ALARM, '"alarm:output:network.subnot"'))
    problem = wrong(world)
    assert (problem.code, str(problem.location)) == ("E122", at(world, "envctl.toml", "abort_on"))
    assert problem.hint == "did you mean subnet?"


def test_rollout_longer_than_session_is_refused(world: RolloutWorld) -> None:
    role = 'assume_role = "arn:aws:iam::222222222222:role/envctl-deployer"\n'
    edit_project(world, ("[environments.staging]\n", f"[environments.staging]\n{role}"))
    validate_project(world.ports)
    edit_project(world, ('"5m"', '"20m"'))
    problem = wrong(world)
    assert (problem.code, str(problem.location)) == ("E121", at(world, "envctl.toml", "wait ="))
    assert problem.message == "the steps of web are watched for 1h, and a session in staging lasts 1h"


def test_rollout_of_worker_without_traffic_is_refused(world: RolloutWorld) -> None:
    world.edit("modules/web/main.tf", WEB.decode() + COLOURS + 'variable "worker" { default = false }\n')
    world.edit("environments/common.tfvars", "size = 1\nworker = true\n")
    failed = catch(ConfigurationError, validate_project, world.ports)
    assert {problem.code for problem in failed.problems} == {"E120"}
    assert {str(problem.location) for problem in failed.problems} == {"environments/common.tfvars:2"}


@pytest.mark.parametrize("line", ['color = "green"', "traffic_percent = 50", 'stable_image = "x"'])
def test_rollout_variable_may_not_be_a_setting(world: RolloutWorld, line: str) -> None:
    world.edit("environments/common.tfvars", f"size = 1\n{line}\n")
    problem = wrong(world)
    assert (problem.code, str(problem.location)) == ("E207", "environments/common.tfvars:2")
    assert problem.hint == "remove the line, or take out [stacks.web.rollout]"


def test_rollout_variable_is_setting_without_a_rollout(world: RolloutWorld) -> None:
    edit_project(world, (ROLLOUT, ""))
    world.edit("environments/common.tfvars", 'size = 1\ncolor = "green"\n')
    (found,) = [each for each in resolve_settings(world.ports, "dev").settings if each.name == "color"]
    assert found.value == "green"


def test_settings_digest_excludes_rollout_variables(world: RolloutWorld) -> None:
    assert not {each.name for each in resolve_settings(world.ports, "dev").settings} & {"color", "stable_image"}
