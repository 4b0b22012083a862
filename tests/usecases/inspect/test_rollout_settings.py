"""What does not fit between a rollout, the modules, the artifacts and the settings is told with its file and line."""

import pytest

from envctl.domain.errors import ConfigurationError, Problem
from envctl.usecases.inspect.settings import resolve_settings, validate_project
from tests.catching import catch
from tests.fakes.project_files import WEB
from tests.fakes.rollout_world import COLOURS, DEV_SETTINGS, ROLLOUT, RolloutWorld
from tests.usecases.steps import edit_project

ALARM = '"alarm:shop-{environment}-5xx"'


@pytest.fixture
def world() -> RolloutWorld:
    return RolloutWorld()


def wrong(world: RolloutWorld) -> Problem:
    (problem,) = dict.fromkeys(catch(ConfigurationError, validate_project, world.ports).problems)
    return problem


def test_consistent_rollout_is_valid(world: RolloutWorld) -> None:
    validate_project(world.ports)


TOML, MODULE, COMMON = "envctl.toml", "modules/web/main.tf", "environments/common.tfvars"
ROLE = 'assume_role = "arn:aws:iam::222222222222:role/envctl-deployer"'
OTHER = "[artifacts]\nother = { variable = "
# By what is edited: the code, where it is told, and what is said.
WRONG: dict[str, tuple[list[tuple[str, str, str]], str, tuple[str, str], str]] = {
    "a module without its variables": (
        [(MODULE, "stable_image", "other_image")],
        *("E120", (TOML, "[stacks.web.rollout]"), "modules/web declares no variable stable_image"),
    ),
    "the color as an input": (
        [(TOML, 'subnet = "network.subnet"', 'subnet = "network.subnet", color = "network.subnet"')],
        *("E120", (TOML, "inputs ="), ""),
    ),
    "an artifact of another stack": (
        [(TOML, "[artifacts]", f'{OTHER}"cidr", kind = "string" }}'), (TOML, '"5m"', '"5m"\nartifact = "other"')],
        *("E121", (TOML, "artifact ="), 'choose the artifact to roll out: artifact = "app"'),
    ),
    "one of two artifacts": (
        [
            (TOML, "[artifacts]", f'{OTHER}"subnet_name", kind = "string" }}'),
            (MODULE, 'variable "subnet"', 'variable "subnet_name" { type = string }\nvariable "subnet"'),
            (DEV_SETTINGS, "image =", 'subnet_name = "x"\nimage ='),
        ],
        *("E121", (TOML, "[stacks.web.rollout]"), 'choose the artifact to roll out: artifact = "other" or "app"'),
    ),
    "an alarm of an unknown output": (
        [(TOML, ALARM, '"alarm:output:network.subnot"')],
        *("E122", (TOML, "abort_on"), "did you mean subnet?"),
    ),
    "longer than a session": (
        [(TOML, "[environments.staging]\n", f"[environments.staging]\n{ROLE}\n"), (TOML, '"5m"', '"20m"')],
        *("E121", (TOML, "wait ="), "the steps of web are monitored for 1h, but a session in staging lasts 1h"),
    ),
    **{
        f"{line} as a setting": (
            [(COMMON, "size = 1\n", f"size = 1\n{line}\n")],
            *("E207", (COMMON, line), "remove the line, or remove [stacks.web.rollout]"),
        )
        for line in ('color = "green"', "traffic_percent = 50", 'stable_image = "x"')
    },
}


@pytest.mark.parametrize(("edits", "code", "place", "said"), WRONG.values(), ids=WRONG)
def test_rollout_is_refused_with_its_line(
    world: RolloutWorld, edits: list[tuple[str, str, str]], code: str, place: tuple[str, str], said: str
) -> None:
    for path, old, new in edits:
        text = world.tree.content[path].decode()
        assert old in text
        world.edit(path, text.replace(old, new))
    problem = wrong(world)
    text = world.tree.content[place[0]].decode()
    assert str(problem.location) == f"{place[0]}:{text[: text.index(place[1])].count(chr(10)) + 1}"
    assert (problem.code, said in f"{problem.message} {problem.hint}") == (code, True)


def test_rollout_of_stack_without_artifact_is_refused(world: RolloutWorld) -> None:
    edit_project(world, ('variable = "image"', 'variable = "cidr"'))
    world.edit(DEV_SETTINGS, f'cidr = "registry.example.com/shop@sha256:{"a" * 64}"\nimage = "x"\n')
    failed = catch(ConfigurationError, validate_project, world.ports)
    (problem,) = [each for each in failed.problems if each.code == "E121"]
    assert "takes no artifact" in problem.message


def test_rollout_of_worker_without_traffic_is_refused(world: RolloutWorld) -> None:
    world.edit("modules/web/main.tf", WEB.decode() + COLOURS + 'variable "worker" { default = false }\n')
    world.edit("environments/common.tfvars", "size = 1\nworker = true\n")
    failed = catch(ConfigurationError, validate_project, world.ports)
    assert {problem.code for problem in failed.problems} == {"E120"}
    assert {str(problem.location) for problem in failed.problems} == {"environments/common.tfvars:2"}


def test_rollout_variable_is_setting_without_a_rollout(world: RolloutWorld) -> None:
    edit_project(world, (ROLLOUT, ""))
    world.edit("environments/common.tfvars", 'size = 1\ncolor = "green"\n')
    (found,) = [each for each in resolve_settings(world.ports, "dev").settings if each.name == "color"]
    assert found.value == "green"


def test_settings_digest_excludes_rollout_variables(world: RolloutWorld) -> None:
    assert not {each.name for each in resolve_settings(world.ports, "dev").settings} & {"color", "stable_image"}
