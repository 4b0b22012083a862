"""The pin of Terraform: what is printed for it, what is installed, and what is refused."""

import tomllib

import pytest

from envctl.domain.errors import ConfigurationError, EnvctlError, UsageError
from envctl.domain.terraform.program_pin import PLATFORMS
from envctl.usecases.project import project_file
from envctl.usecases.project.terraform_program import PinnedProgram, install_program, pin_program
from tests.catching import catch
from tests.fakes.world import World

DIGEST = "a" * 64
MIRROR = "https://mirror.example.com/{program}/{version}"


def add_pin(world: World, *lines: str, program: str = "terraform", version: str = "1.15.5") -> None:
    table = [f'program = "{program}"', f'version = "{version}"', f'sha256.linux_amd64 = "{DIGEST}"', *lines]
    world.tree.content["envctl.toml"] += "\n".join(["", "[terraform.pin]", *table, ""]).encode()


def test_new_pin_has_all_platforms_of_envctl() -> None:
    world = World()
    found = pin_program(world.ports, "v1.15.5")
    assert (found.program, found.version, tuple(found.sha256)) == ("terraform", "1.15.5", PLATFORMS)
    assert (found.replaces, world.programs.asked) == ("", [""])


def test_pinned_program_and_mirror_stay() -> None:
    world = World()
    add_pin(world, f'mirror = "{MIRROR}"', program="tofu", version="1.10.2")
    found = pin_program(world.ports, "1.10.3", platforms=("darwin_arm64",))
    assert (found.program, found.replaces, [*found.sha256]) == ("tofu", "OpenTofu 1.10.2", ["darwin_arm64"])
    pin_program(world.ports, "1.15.5", program="terraform")
    pin_program(world.ports, "1.10.3", place="/mnt")
    # The mirror of the pinned program has another one perhaps at another place.
    assert world.programs.asked == [MIRROR, "", "/mnt"]


@pytest.mark.parametrize("words", [("latest",), ("1.15",), ("1.15.5/../1",)])
def test_version_must_be_exact(words: tuple[str]) -> None:
    assert catch(UsageError, pin_program, World().ports, *words).problems[0].code == "E347"


def test_unknown_platform_is_refused() -> None:
    error = catch(UsageError, pin_program, World().ports, "1.15.5", platforms=("windows_amd64",))
    assert "linux_amd64" in error.problems[0].hint


def test_pinned_program_is_installed_from_mirror() -> None:
    world = World()
    add_pin(world, f'mirror = "{MIRROR}"')
    first, second = install_program(world.ports), install_program(world.ports)
    assert (first.program, first.sha256, first.installed, second.installed) == ("Terraform 1.15.5", DIGEST, True, False)
    assert install_program(world.ports, place="/mnt", folder="/opt").path == "/opt/terraform"
    assert world.programs.asked == [MIRROR, MIRROR, "/mnt"]


@pytest.mark.parametrize("platform", ["", "darwin_arm64"])
def test_nothing_is_installed_without_pin(platform: str) -> None:
    world = World()
    if platform:
        add_pin(world)
        world.programs.platform = platform
    (problem,) = catch(ConfigurationError, install_program, world.ports).problems
    assert problem.code == "E358" and problem.hint == f"envctl terraform pin {'1.15.5' if platform else 'VERSION'}"
    assert not world.programs.installed


MISTAKES = {
    "no program": (f'version = "1.15.5"\nsha256.linux_amd64 = "{DIGEST}"', "E108"),
    "another program": (f'program = "terragrunt"\nversion = "1.15.5"\nsha256.linux_amd64 = "{DIGEST}"', "E103"),
    "a constraint": (f'program = "tofu"\nversion = ">= 1.10"\nsha256.linux_amd64 = "{DIGEST}"', "E103"),
    "no digest": ('program = "tofu"\nversion = "1.10.2"\nsha256 = {}', "E103"),
    "a short digest": ('program = "tofu"\nversion = "1.10.2"\nsha256.linux_amd64 = "abc"', "E103"),
    "an unknown platform": (f'program = "tofu"\nversion = "1.10.2"\nsha256.plan9_mips = "{DIGEST}"', "E103"),
    "an excluded version": (f'program = "terraform"\nversion = "1.9.0"\nsha256.linux_amd64 = "{DIGEST}"', "E103"),
}


@pytest.mark.parametrize(("table", "code"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistake_in_pin_has_its_line(table: str, code: str) -> None:
    world = World()
    world.tree.content["envctl.toml"] += f"\n[terraform.pin]\n{table}\n".encode()
    problem = catch(EnvctlError, project_file.load_project, world.ports).problems[0]
    assert problem.code == code and problem.location is not None and problem.location.line


def test_printed_pin_is_a_valid_one() -> None:
    world = World()
    found = pin_program(world.ports, "1.15.5")
    add_printed(world, found)
    pin = project_file.load_project(world.ports).terraform.pin
    assert pin is not None and pin.to_pin().sha256 == found.sha256


def add_printed(world: World, pinned: PinnedProgram) -> None:
    """Add what the command prints to the project file."""
    import io

    from rich.console import Console

    from envctl.cli.render.console.project.pins import show_pinned_program

    out = Console(file=io.StringIO(), width=40)
    show_pinned_program(pinned, out)
    table = out.file.getvalue().partition("\n\n")[0]  # type: ignore[attr-defined]
    assert tomllib.loads(table)["terraform"]["pin"]["program"] == pinned.program
    world.tree.content["envctl.toml"] += f"\n{table}\n".encode()
