"""Work folders: outside of the project, for one user, one for each clone. What an old one held is kept."""

import fcntl
import json
import os
import shutil
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from envctl.adapters.workspace.work_folder import WorkFolder
from envctl.adapters.workspace.workspace import DirectoryWorkspace, require_idle
from envctl.domain.errors import EnvctlError, LockHeldError, OperationFailedError
from envctl.domain.terraform.generated_files import GeneratedFiles
from tests.catching import catch


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", os.fspath(tmp_path / "cache"))
    return tmp_path / "cache" / "envctl"


@pytest.fixture
def home(tmp_path: Path, cache: Path) -> Path:
    return make_home(tmp_path / "shop")


def make_home(project: Path) -> Path:
    (project / ".envctl").mkdir(parents=True)
    return project / ".envctl"


def find(home: Path) -> WorkFolder:
    return WorkFolder(home, require_idle)


def save_state(folder: Path, text: str = "1") -> Path:
    file = folder / "dev" / "web" / "errored.tfstate"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


def test_folder_is_private_and_outside(home: Path, cache: Path) -> None:
    work = find(home).create_folder()
    assert work.parent.parent == cache
    assert work.parent.name.startswith("shop-")
    assert [stat.S_IMODE(each.stat().st_mode) for each in (cache, work.parent)] == [0o700, 0o700]
    assert not work.is_relative_to(home.parent)
    assert (home / "work").readlink() == work
    assert find(home).create_folder() == find(home).path == work


def test_nothing_is_made_before_it_is_needed(home: Path, cache: Path) -> None:
    assert find(home).path.is_relative_to(cache.parent)
    assert not cache.exists()
    assert list(home.iterdir()) == []


def test_each_clone_and_sandbox_has_its_own(tmp_path: Path, home: Path) -> None:
    first = find(home).create_folder()
    shutil.copytree(home.parent, tmp_path / "copy" / "shop", symlinks=True)
    (home / "sandbox").mkdir()
    others = [find(tmp_path / "copy" / "shop" / ".envctl").create_folder(), find(home / "sandbox").create_folder()]
    assert len({first, *others}) == 3
    assert (tmp_path / "copy" / "shop" / ".envctl" / "work").readlink() == others[0]


def test_projects_at_one_path_have_their_own(tmp_path: Path, home: Path) -> None:
    """As in containers, where each project is mounted at the same path."""
    first = find(home).create_folder()
    home.parent.rename(tmp_path / "away")
    assert find(make_home(tmp_path / "shop")).create_folder() != first


def test_moved_clone_takes_its_folder_along(tmp_path: Path, home: Path) -> None:
    save_state(find(home).create_folder())
    home.parent.rename(tmp_path / "moved")
    work = find(tmp_path / "moved" / ".envctl").create_folder()
    assert (work / "dev" / "web" / "errored.tfstate").read_text() == "1"


def test_folder_of_an_earlier_envctl_is_taken_over(home: Path) -> None:
    old = save_state(home / "work")
    assert find(home).path == home / "work"
    work = find(home).create_folder()
    assert (work / old.relative_to(home / "work")).read_text() == "1"
    assert (home / "work").is_symlink()
    assert DirectoryWorkspace(home.parent, find(home), "").has_unsaved_state("dev")


def refuse_rename(_: Path, __: object) -> Path:
    raise OSError(18, "Invalid cross-device link")


def test_unsaved_state_is_kept_from_another_disk(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_state(home / "work")
    (home / "work" / "dev" / "web" / ".tree").write_text("{}")
    (home / "work" / "dev" / "web" / "main.tf.json").write_text("{}")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", refuse_rename)
        work = find(home).create_folder()
    assert {each.name for each in (work / "dev" / "web").iterdir()} == {"errored.tfstate", ".tree"}
    assert (home / "work").is_symlink()


def test_earlier_envctl_that_was_used_again_loses_nothing(home: Path) -> None:
    work = find(home).create_folder()
    (home / "work").unlink()
    save_state(home / "work")
    assert find(home).create_folder() == work
    assert (work / "dev" / "web" / "errored.tfstate").read_text() == "1"


def test_two_unsaved_states_are_not_mixed(home: Path) -> None:
    save_state(find(home).create_folder())
    (home / "work").unlink()
    old = save_state(home / "work", "2")
    (problem,) = catch(OperationFailedError, find(home).create_folder).problems
    assert problem.code == "E373"
    assert old.read_text() == "2"


def test_folder_in_use_is_not_taken(home: Path) -> None:
    with DirectoryWorkspace(home.parent, home / "work", "").lock_environment("dev", "envctl apply dev by ann"):
        (problem,) = catch(LockHeldError, find(home).create_folder).problems
        assert problem.code == "E308"
    assert not (home / "work").is_symlink()


def test_terraform_that_still_runs_keeps_its_folder(home: Path) -> None:
    find(home).create_folder()
    (home / "work").unlink()
    save_state(home / "work")
    with (home / "work" / "dev" / "web" / ".running").open("w") as running:
        fcntl.flock(running, fcntl.LOCK_EX)
        (problem,) = catch(LockHeldError, find(home).create_folder).problems
        assert problem.code == "E308"


def kill_at(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(*{"the link": (WorkFolder, "_link"), "the rest": (shutil, "rmtree")}[step], fail)


@pytest.mark.parametrize("step", ["the link", "the rest"])
def test_kill_loses_no_unsaved_state(home: Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    if step == "the rest":
        find(home).create_folder()
        (home / "work").unlink()
    save_state(home / "work")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        kill_at(step, patch)
        find(home).create_folder()
    work = find(home).create_folder()
    assert (work / "dev" / "web" / "errored.tfstate").read_text() == "1"
    assert (home / "work").readlink() == work


def test_two_commands_at_once_make_one_folder(home: Path) -> None:
    made: list[Path] = []
    threads = [threading.Thread(target=lambda: made.append(find(home).create_folder())) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(made) == 8
    assert len(set(made)) == 1


def link_elsewhere(home: Path) -> None:
    (home.parent / "planted").mkdir()
    (home / "work").symlink_to(home.parent / "planted")


def write_strange_clone(home: Path) -> None:
    (home / "clone").write_text("../../x\n")


def make_clone_a_folder(home: Path) -> None:
    (home / "clone").mkdir()


@pytest.mark.parametrize("plant", [link_elsewhere, write_strange_clone])
def test_planted_files_lead_nowhere(home: Path, cache: Path, plant: Callable[[Path], None]) -> None:
    plant(home)
    assert find(home).path.parent.parent == cache
    assert find(home).create_folder().parent.parent == cache


def test_what_is_in_the_way_is_named(home: Path) -> None:
    make_clone_a_folder(home)
    (problem,) = catch(OperationFailedError, find(home).create_folder).problems
    assert os.fspath(home / "clone") in problem.message


def test_cache_in_the_project_is_not_used(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", os.fspath(tmp_path))
    mine = tmp_path / f"envctl-{os.geteuid()}"
    monkeypatch.setenv("XDG_CACHE_HOME", os.fspath(home.parent / "cache"))
    assert find(home).create_folder().parent.parent == mine
    # The repository begins above the project.
    (tmp_path / ".git").mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", os.fspath(tmp_path / "cache"))
    assert find(home).create_folder().parent.parent == mine
    # Its home folder is a repository of somebody.
    monkeypatch.setenv("HOME", os.fspath(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert find(home).create_folder().parent.parent == tmp_path / ".cache" / "envctl"


def test_open_folder_is_closed(cache: Path, home: Path) -> None:
    cache.mkdir(parents=True, mode=0o755)
    find(home).create_folder()
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700


def test_folder_of_somebody_else_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    cache.parent.mkdir()
    (cache.parent / "planted").mkdir()
    cache.symlink_to(cache.parent / "planted")
    (problem,) = catch(OperationFailedError, find(home).create_folder).problems
    assert problem.code == "E338"
    cache.unlink()
    cache.mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    (problem,) = catch(OperationFailedError, find(home).create_folder).problems
    assert problem.code == "E338"


def test_folders_of_lost_clones_are_removed(tmp_path: Path, home: Path) -> None:
    gone, held, young, dead = (make_home(tmp_path / name) for name in ("gone", "held", "young", "dead"))
    (dead / "sandbox").mkdir()
    works = [find(each).create_folder() for each in (gone, held, young, dead / "sandbox")]
    save_state(works[1])
    for each in (gone, held, young, dead):
        shutil.rmtree(each.parent)
    for work in works[:2]:
        os.utime(work.parent / "clone.json", (0, 0))
    find(home).create_folder()
    assert [work.exists() for work in works] == [False, True, True, False]


def test_local_states_stay_in_the_project(home: Path) -> None:
    workspace = DirectoryWorkspace(home.parent, find(home), "")
    here = "../../../state/dev/network.tfstate"
    document = {
        "terraform": {"backend": {"local": {"path": "../../../state/dev/web.tfstate"}}},
        "data": {"terraform_remote_state": {"network": {"backend": "local", "config": {"path": here}}}},
    }
    with workspace.lock_environment("dev", "me"):
        workspace.write_stack("dev", "web", json.dumps(document).encode())
        written = json.loads((workspace.root / "dev" / "web" / "main.tf.json").read_bytes())
        override = {"terraform": {"backend": {"local": {"path": "../../../../../states/web.tfstate"}}}}
        workspace.write_tree("dev", "site", "live", {}, GeneratedFiles(override=override))
        tree = (workspace.root / "dev" / "site" / "live" / "zzz_envctl_override.tf").read_text()
    assert written["terraform"]["backend"]["local"]["path"] == f"{home}/state/dev/web.tfstate"
    read = written["data"]["terraform_remote_state"]["network"]["config"]["path"]
    assert read == f"{home}/state/dev/network.tfstate"
    assert f'"{home.parent}/states/web.tfstate"' in tree


def test_unwritable_cache_is_left_for_another(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", os.fspath(tmp_path))
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert find(home).create_folder().parent.parent == tmp_path / f"envctl-{os.geteuid()}"


def test_missing_home_is_no_error(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("tempfile.tempdir", os.fspath(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "expanduser", lambda path: path)
    assert find(home).create_folder().parent.parent == tmp_path / f"envctl-{os.geteuid()}"


def test_project_that_can_not_be_written_is_told(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / ".envctl").write_text("a file")
    (problem,) = catch(EnvctlError, find(tmp_path / "shop" / ".envctl").create_folder).problems
    assert os.fspath(tmp_path / "shop" / ".envctl") in problem.message
