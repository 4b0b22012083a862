"""`eject` writes everything or nothing, and only what plain Terraform needs."""

import json

import pytest

from envctl.domain.errors import UsageError
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.deployment.request import DeployOptions
from envctl.usecases.inspect.eject import EjectOptions, eject_project
from tests.fakes.world import World, make_once
from tests.usecases.project.test_kubernetes_stacks import HEAD, write


@pytest.fixture
@make_once
def world() -> World:
    world = World()
    apply(world.ports, "dev", DeployOptions())
    promote(world.ports, "dev", "staging", DeployOptions())
    return world


def read(world: World) -> dict[str, str]:
    (files,) = world.project_folder.laid.values()
    return {path: file.data.decode() for path, file in files.items()}


def test_each_environment_has_a_root_module_for_each_stack(world: World) -> None:
    told = eject_project(world.ports, "plain", EjectOptions())
    assert [(each.name, [stack.folder for stack in each.stacks]) for each in told.environments] == [
        ("dev", ["dev/network", "dev/web"]),
        ("staging", ["staging/network", "staging/web"]),
    ]
    assert told.empty == ("prod",)
    files = read(world)
    assert tuple(sorted(files)) == told.files
    assert 'cidr        = "10.20.0.0/16"' in files["staging/network/main.tf"]
    assert 'source      = "../../code/modules/network"' in files["staging/network/main.tf"]
    assert "code/modules/network/main.tf" in files


def test_local_states_are_where_they_were(world: World) -> None:
    eject_project(world.ports, "plain", EjectOptions(project="../shop"))
    place = json.loads(read(world)["dev/web/place.tf.json"])
    assert place["terraform"]["backend"]["local"]["path"] == "../../../shop/.envctl/state/dev/web.tfstate"


def test_different_releases_have_code_of_their_own(world: World) -> None:
    world.tree.content["modules/web/main.tf"] += b"# later\n"
    apply(world.ports, "dev", DeployOptions())
    eject_project(world.ports, "plain", EjectOptions())
    sources = {
        path: text.split("source")[1].split('"')[1]
        for path, text in read(world).items()
        if path.endswith("web/main.tf") and 'module "web"' in text
    }
    assert len(set(sources.values())) == 2


def test_release_or_working_tree_takes_the_place_of_what_runs(world: World) -> None:
    old = world.ports.store.list_keys("releases/")[0].rpartition("/")[2].partition(".")[0]
    world.tree.content["modules/web/main.tf"] += b"# later\n"
    told = eject_project(world.ports, "plain", EjectOptions(("prod",), release=old))
    assert [each.release for each in told.environments] == [old]
    assert "# later" not in read(world)["code/modules/web/main.tf"]
    world.project_folder.laid.clear()
    told = eject_project(world.ports, "plain", EjectOptions(("prod",), from_tree=True))
    assert [each.release for each in told.environments] == [""]
    assert "# later" in read(world)["code/modules/web/main.tf"]


def test_dry_run_writes_nothing(world: World) -> None:
    told = eject_project(world.ports, "plain", EjectOptions(), dry_run=True)
    assert told.mode == "planned"
    assert told.files
    assert not world.project_folder.laid


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (EjectOptions(("prod",)), "E194"),
        (EjectOptions(("prd",)), "E002"),
        (EjectOptions(release="ffffffff"), "E003"),
        (EjectOptions(release="ffffffff", from_tree=True), "E005"),
    ],
)
def test_impossible_wish_writes_nothing(world: World, options: EjectOptions, code: str) -> None:
    with pytest.raises(UsageError) as refused:
        eject_project(world.ports, "plain", options)
    assert refused.value.problems[0].code == code
    assert not world.project_folder.laid


def test_occupied_folder_is_refused(world: World) -> None:
    world.project_folder.taken = "the folder plain is not empty"
    with pytest.raises(UsageError, match="E193"):
        eject_project(world.ports, "plain", EjectOptions())


@pytest.mark.parametrize("folder", ["modules/web/plain", "environments/plain", ".envctl/plain", "modules/web"])
def test_folder_among_code_or_settings_is_refused(world: World, folder: str) -> None:
    way = "/".join([".."] * len(folder.split("/")))
    with pytest.raises(UsageError, match="E391"):
        eject_project(world.ports, f"/home/shop/{folder}", EjectOptions(project=way))
    assert not world.project_folder.laid


@pytest.mark.parametrize(("folder", "way"), [("/home/shop/plain", ".."), ("/home/modules/web/x", "../../../shop")])
def test_folder_without_code_is_taken(world: World, folder: str, way: str) -> None:
    assert eject_project(world.ports, folder, EjectOptions(project=way)).mode == "done"


def test_project_without_root_modules_is_refused() -> None:
    stack = '[stacks.web]\nkind = "kubernetes"\npath = "k"\nkubeconfig_context = "dev"\nnamespace = "shop"\n'
    world = write(HEAD + stack, {"k/web.yaml": "{apiVersion: v1, kind: Service, metadata: {name: web}}\n"})
    apply(world.ports, "dev", DeployOptions())
    with pytest.raises(UsageError) as caught:
        eject_project(world.ports, "plain", EjectOptions())
    assert [each.code for each in caught.value.problems] == ["E196"]
    assert not world.project_folder.laid
