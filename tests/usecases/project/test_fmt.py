"""`envctl fmt` on in-memory ports: which files it is about, what is written, and what is told of it."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from envctl.domain.errors import ConfigurationError, EnvctlError, Location, OperationFailedError, Problem, UsageError
from envctl.usecases.project.fmt import FormatResult, FormattedFile, format_project
from tests.catching import catch
from tests.fakes.folders import MemoryTree
from tests.fakes.project_files import project_files
from tests.fakes.world import World

WEB, DEV, PROD = "modules/web/main.tf", "environments/dev/terraform.tfvars", "environments/prod/terraform.tfvars"
CALLS = 'module "log" {\n  source = "../log"\n}\n'


@pytest.fixture
def world() -> World:
    world = World()
    world.edit(PROD, 'cidr = "10.30.0.0/16"\nsize=3\n')
    return world


def locations(error: EnvctlError | None) -> list[str]:
    assert error is not None
    return [f"{problem.code} {problem.location}" for problem in error.problems]


def test_formatted_file_is_reported_with_first_difference(world: World) -> None:
    told, error = format_project(world.ports)
    assert error is None
    assert told == FormatResult((FormattedFile(PROD, 2),), 6)
    assert world.tree.content[PROD] == b'cidr = "10.30.0.0/16"\nsize = 3\n'
    assert format_project(world.ports) == (FormatResult((), 6), None)


@pytest.mark.parametrize("check", [True, False], ids=["check", "dry run"])
def test_check_and_dry_run_write_nothing(world: World, *, check: bool) -> None:
    before = dict(world.tree.content)
    told, error = format_project(world.ports, check=check, dry_run=not check)
    assert [each.path for each in told.files] == [PROD]
    assert world.tree.content == before
    if check:
        assert (locations(error), error and error.exit_code) == ([f"E032 {PROD}:2"], 1)
    else:
        assert error is None


def test_settings_in_other_places_are_formatted(world: World) -> None:
    text = world.tree.content["envctl.toml"].decode()
    world.edit("envctl.toml", f'{text}[settings]\nfiles = ["config/{{env}}.tfvars", "{{stack}}.tfvars.json"]\n')
    world.edit("config/prod.tfvars", "size=3\n")
    world.edit("web.tfvars.json", '{"size":3}')
    told, _ = format_project(world.ports)
    assert [each.path for each in told.files] == ["config/prod.tfvars", PROD]


def test_unparsable_file_stops_all_writing(world: World) -> None:
    world.edit(DEV, "what?")
    before = dict(world.tree.content)
    assert locations(catch(ConfigurationError, format_project, world.ports)) == [f"E201 {DEV}"]
    assert world.tree.content == before


def test_settings_and_reachable_modules_are_formatted(world: World) -> None:
    more = {
        WEB: CALLS,
        "modules/log/main.tf": 'module "far" {\n  source = "acme/far/aws"\n}\nmodule "web" {\n  source = "../web"\n}\n',
        "modules/log/tests/log.tftest.hcl": "",
        "modules/log/.external/copy.tf": "a=1",
        "modules/log/page.html": "a=1",
        "modules/unused/main.tf": "a=1",
        "environments/beside/notes.txt": "a=1",
    }
    for path, text in more.items():
        world.edit(path, text)
    format_project(world.ports)
    ((_, files),) = world.formatter.asked
    settings = [path for path in project_files() if path.endswith(".tfvars")]
    code = ["modules/log/main.tf", "modules/log/tests/log.tftest.hcl", "modules/network/main.tf", WEB]
    assert files == tuple(sorted([*settings, *code]))


def test_configured_terraform_program_formats(world: World) -> None:
    world.edit("envctl.toml", world.tree.content["envctl.toml"].decode() + '[terraform]\nbinary = "tofu"\n')
    format_project(world.ports)
    assert [binary for binary, _ in world.formatter.asked] == ["tofu"]


def test_unparsable_module_does_not_hide_its_calls(world: World) -> None:
    world.edit(WEB, 'module "log" {\n  source = "../log"\n')
    assert locations(catch(ConfigurationError, format_project, world.ports)) == [f"E201 {WEB}:1"]
    assert b"size=3" in world.tree.content[PROD]


NAMED: dict[str, tuple[list[str], list[str]]] = {
    "a file": ([PROD], [PROD]),
    "a file twice": ([PROD, f"./{PROD}"], [PROD]),
    "a folder": (["environments/prod"], [PROD]),
    "a folder and a file in it": (["environments", DEV], sorted(p for p in project_files() if p.endswith(".tfvars"))),
    "the whole project": (["."], sorted(p for p in project_files() if not p.endswith(".toml"))),
    "a folder with nothing to format": (["docs"], []),
}


@pytest.mark.parametrize(("paths", "files"), NAMED.values(), ids=NAMED)
def test_only_named_paths_are_formatted(world: World, paths: list[str], files: list[str]) -> None:
    world.edit("docs/README.md", "")
    told, _ = format_project(world.ports, paths)
    assert [list(asked) for _, asked in world.formatter.asked] == ([files] if files else [])
    assert told.looked_at == len(files)


WRONG = {
    "outside": "../other/main.tf",
    "outside by a detour": "modules/../../main.tf",
    "elsewhere on the disk": "/etc/main.tf",
    "gone": "modules/gone.tf",
    "of another kind": "envctl.toml",
}


@pytest.mark.parametrize("path", WRONG.values(), ids=WRONG)
def test_path_is_refused_when(world: World, path: str) -> None:
    before = dict(world.tree.content)
    assert locations(catch(UsageError, format_project, world.ports, [PROD, path])) == ["E031 None"]
    assert world.tree.content == before


@dataclass
class Meddling(MemoryTree):
    """Something happens to a file before it is read again."""

    meddle: Callable[[dict[str, bytes]], None] = lambda _: None

    def read_contents(self, path: str) -> bytes | None:
        if path == DEV:
            self.meddle(self.content)
        return super().read_contents(path)


def test_file_changed_meanwhile_is_left_alone(world: World) -> None:
    world.edit(DEV, "size=1\n")
    world.tree = Meddling(world.tree.content, lambda content: content.update({DEV: b"size=2\n"}))
    told, error = format_project(world.ports)
    assert [each.path for each in told.files] == [PROD]
    assert locations(error) == [f"E032 {DEV}"]
    assert world.tree.content[DEV] == b"size=2\n"


def test_unwritable_file_does_not_hide_others(world: World) -> None:
    def refuse(_: dict[str, bytes]) -> None:
        raise OperationFailedError(Problem("E406", "the disk is full", location=Location(DEV)))

    world.edit(DEV, "size=1\n")
    world.tree = Meddling(world.tree.content, refuse)
    told, error = format_project(world.ports)
    assert [each.path for each in told.files] == [PROD]
    assert locations(error) == [f"E406 {DEV}"]
