"""What builds of CodeBuild install: written once, kept current, never written over somebody else's."""

import pytest

from envctl.domain.errors import ConfigurationError
from envctl.usecases.project.ci.codebuild_files import update_codebuild_files
from tests.fakes.world import World

FOLDER = ".codebuild/envctl"
ALL = [f"{FOLDER}/{name}" for name in ("install.sh", "build.txt", "requirements.txt", "envctl.txt")]
PACKAGE = f'\n[ci]\npackage = "envctl-promotion==1.0#sha256={"a" * 64}"\n'


def write(world: World, *, check: bool = False) -> tuple[dict[str, str], list[str]]:
    told, error = update_codebuild_files(world.ports, check=check, version="1.0")
    codes = [problem.code for problem in error.problems] if error else []
    return {each.path: each.state for each in told.files}, codes


@pytest.fixture(autouse=True)
def package(world: World) -> None:
    world.tree.content["envctl.toml"] += PACKAGE.encode()


def test_script_and_locks_are_written_once(world: World) -> None:
    assert write(world, check=True) == (dict.fromkeys(ALL, "missing"), ["E039"])
    assert write(world) == (dict.fromkeys(ALL, "written"), [])
    assert write(world, check=True) == (dict.fromkeys(ALL, "current"), [])
    assert b"--require-hashes" in world.tree.content[ALL[0]]


def test_files_of_subfolder_project_stay_in_its_folder(world: World) -> None:
    world.version_control.lies_in = "infra/shop"
    assert list(write(world)[0]) == ALL
    assert ALL[0] in world.tree.content


@pytest.mark.parametrize(("path", "old", "new"), [(ALL[0], "--no-deps", ""), (ALL[3], "a" * 64, "b" * 64)])
def test_edit_by_hand_fails_the_check(world: World, path: str, old: str, new: str) -> None:
    write(world)
    text = world.tree.content[path].decode()
    assert old in text
    world.tree.content[path] = text.replace(old, new).encode()
    found, codes = write(world, check=True)
    assert (found[path], codes) == ("edited", ["E039"])
    assert write(world)[0][path] == "written"


def test_other_package_changes_the_files(world: World) -> None:
    write(world)
    text = world.tree.content["envctl.toml"].decode()
    world.tree.content["envctl.toml"] = text.replace("a" * 64, "c" * 64).encode()
    found, codes = write(world, check=True)
    assert (found[ALL[3]], found[ALL[2]], codes) == ("differs", "current", ["E039"])


def test_foreign_script_is_kept(world: World) -> None:
    world.tree.content[ALL[0]] = b"echo mine\n"
    found, codes = write(world)
    assert (found[ALL[0]], codes) == ("foreign", ["E038"])
    assert world.tree.content[ALL[0]] == b"echo mine\n"


def test_missing_package_is_refused(world: World) -> None:
    world.tree.content["envctl.toml"] = world.tree.content["envctl.toml"].replace(PACKAGE.encode(), b"")
    with pytest.raises(ConfigurationError) as caught:
        write(world)
    assert [problem.code for problem in caught.value.problems] == ["E144"]
