"""Code beside the project: shown as the project writes it, and allowed within the repository only."""

import pytest

from envctl.domain.errors import ConfigurationError
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.request import DeployOptions
from envctl.usecases.inspect.diff import diff_environments
from envctl.usecases.inspect.status import load_status
from envctl.usecases.ports.context import Context
from envctl.usecases.project import project_file, working_tree
from envctl.usecases.project.ci.github_workflows import update_github_workflows
from envctl.usecases.project.fmt import format_project
from envctl.usecases.project.shared_code import list_shared_folders
from tests.fakes.world import World

SHARED = "../../modules/network/main.tf"
LABEL = 'output "label" { value = "shop" }\n'


@pytest.fixture
def world() -> World:
    """The module of `network` lies beside the projects, and calls another one there."""
    world = World()
    content = world.tree.content
    code = content.pop("modules/network/main.tf").decode()
    world.tree.folder = world.version_control.lies_in = "projects/shop"
    content[SHARED] = f'{code}module "label" {{ source = "../label" }}\n'.encode()
    content["../../modules/label/main.tf"] = LABEL.encode()
    content["../../modules/unused/main.tf"] = b'output "x" { value = 1 }\n'
    name_module(world, "../../modules/network")
    return world


def name_module(world: World, folder: str) -> None:
    text = world.tree.content["envctl.toml"].decode()
    before = next(line for line in text.splitlines() if line.startswith("module = ") and "network" in line)
    world.tree.content["envctl.toml"] = text.replace(before, f'module = "{folder}"').encode()


def refuse(world: World) -> tuple[str, str]:
    with pytest.raises(ConfigurationError) as refused:
        working_tree.build_release(Context(world.ports, project_file.load_project(world.ports)))
    problem = refused.value.problems[0]
    assert problem.location
    assert problem.location.line
    return problem.code, problem.message


def test_only_reached_code_travels(world: World) -> None:
    made = working_tree.build_release(Context(world.ports, project_file.load_project(world.ports)))
    assert made.wiring.base == "projects/shop"
    assert {path for path in made.files if path.endswith(".tf")} == {
        "../../modules/label/main.tf",
        SHARED,
        "modules/web/main.tf",
    }


def test_terraform_finds_the_same_relative_places(world: World) -> None:
    apply(world.ports, "dev", DeployOptions())
    assert {"modules/network/main.tf", "modules/label/main.tf", "projects/shop/modules/web/main.tf"} <= set(
        world.workspace.code["dev"]
    )
    assert b'"../.code/modules/network"' in world.workspace.stacks["dev", "network"]
    assert b'"../.code/projects/shop/modules/web"' in world.workspace.stacks["dev", "web"]


def test_promoted_code_is_that_of_the_release(world: World) -> None:
    apply(world.ports, "dev", DeployOptions())
    known = dict(world.workspace.code["dev"])
    world.tree.content[SHARED] += b"# later\n"
    promote(world.ports, "dev", "staging", DeployOptions())
    assert world.workspace.code["staging"] == known


def test_changed_shared_module_is_shown_as_written(world: World) -> None:
    apply(world.ports, "dev", DeployOptions())
    promote(world.ports, "dev", "staging", DeployOptions())
    world.tree.content[SHARED] += b"# later\n"
    assert "../../modules/network/main.tf" in str(load_status(world.ports))
    apply(world.ports, "dev", DeployOptions())
    distance = diff_environments(world.ports, "dev", "staging").distance
    assert distance
    assert distance.changes
    assert [(each.module, each.stacks, [file.path for file in each.files]) for each in distance.changes.modules] == [
        ("../../modules/network", ("network",), [SHARED])
    ]


def test_clean_check_looks_at_shared_folders(world: World) -> None:
    made = working_tree.build_release(Context(world.ports, project_file.load_project(world.ports)))
    paths = working_tree.list_code_paths(made, ".terraform.lock.hcl", ())
    assert {"../../modules/network", "../../modules/label"} <= set(paths)
    # Never the whole repository: other projects change there.
    assert not {"..", "../.."} & set(paths)


@pytest.mark.parametrize(
    ("folder", "module", "code", "message"),
    [
        ("projects/shop", "../../../modules/network", "E191", "outside the git repository"),
        (None, "../../modules/network", "E191", "the project is in no git repository"),
        ("", "../modules/network", "E191", "outside the git repository"),
        ("projects/shop", "../shop/modules/web", "E192", "a folder of the project"),
        ("projects/shop", "../../modules/gone", "E110", "no Terraform module"),
    ],
)
def test_misplaced_module_is_refused(world: World, folder: str | None, module: str, code: str, message: str) -> None:
    world.tree.folder = folder
    name_module(world, module)
    found = refuse(world)
    assert found[0] == code
    assert message in found[1]


def test_module_called_above_repository_is_refused(world: World) -> None:
    world.tree.content[SHARED] += b'module "far" { source = "../../../far" }\n'
    assert refuse(world)[0] == "E191"


def test_shared_module_may_call_back_into_project(world: World) -> None:
    world.tree.content[SHARED] += b'module "own" { source = "../../projects/shop/modules/own" }\n'
    world.tree.content["modules/own/main.tf"] = LABEL.encode()
    made = working_tree.build_release(Context(world.ports, project_file.load_project(world.ports)))
    assert "modules/own/main.tf" in made.files


def test_shared_folders_are_listed(world: World) -> None:
    assert list_shared_folders(world.ports, project_file.load_project(world.ports)) == (
        "../../modules/label",
        "../../modules/network",
    )


def test_workflows_run_for_changes_of_shared_folders(world: World) -> None:
    package = f'[ci]\npackage = "git+https://github.com/acme/envctl@{"1" * 40}"\n'
    world.tree.content["envctl.toml"] += f"\n{package}".encode()
    update_github_workflows(world.ports, check=False, branch=None, version="1.0")
    text = world.tree.content["../../.github/workflows/envctl-deploy.yml"].decode()
    assert "modules/network/**" in text
    assert "modules/label/**" in text
    assert "modules/unused" not in text
    assert "projects/shop/modules/**" in text


def test_shared_code_is_formatted(world: World) -> None:
    told, _ = format_project(world.ports, check=True)
    named, _ = format_project(world.ports, ["../../modules/network"], check=True)
    assert told.looked_at > named.looked_at == 1
