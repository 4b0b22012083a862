"""The tree of a root module that runs as it is: what is written, what stays, and what is removed."""

import json
import os
from pathlib import Path

import pytest

from envctl.adapters.workspace import stack_tree
from envctl.adapters.workspace.workspace import DirectoryWorkspace
from envctl.domain.errors import OperationFailedError
from envctl.domain.release.bundle import File
from envctl.domain.terraform.generated_files import GeneratedFiles
from envctl.domain.terraform.tree_record import TreeRecord, parse_tree_record
from envctl.domain.terraform.workdir_names import (
    MADE_NAMES,
    MOVING_STATE,
    OLD_TREE_RECORD,
    OVERRIDE_FILE,
    PLAN_FILES,
    RUNNING_FILE,
    SETTINGS_FILE,
    TREE_RECORD,
    UNSAVED_STATE,
)
from envctl.usecases.ports.terraform import PreparedEnvironment, PreparedStack

ROOT = "stacks/web"
FILES = {"stacks/web/main.tf": b"main", "modules/in/main.tf": b"in", "shared/run.sh": b"run"}
OVERRIDE = {"terraform": {"backend": {"local": {"path": "x"}}}}
GENERATED = GeneratedFiles(OVERRIDE, settings={"a": 1})
PREPARED = PreparedEnvironment(
    environment="dev", release="", settings="s" * 64, stacks=(PreparedStack("web", root=ROOT),)
)


class Tree:
    def __init__(self, folder: Path) -> None:
        self.work = folder / ".envctl" / "work"
        self.workspace = DirectoryWorkspace(folder, self.work, "1.0")
        self.home = self.work / "dev" / "web"

    def write(self, files: dict[str, bytes] = FILES, root: str = ROOT, generated: GeneratedFiles = GENERATED) -> None:
        tree = {path: File(data, executable=path.endswith(".sh")) for path, data in files.items()}
        self.workspace.write_tree("dev", "web", root, tree, generated)

    def leave(self, *names: str) -> None:
        for name in names:
            (self.home / name).parent.mkdir(parents=True, exist_ok=True)
            (self.home / name).write_text("left")

    def list_files(self) -> set[str]:
        found = (path for path in self.home.rglob("*") if path.is_symlink() or path.is_file())
        return {path.relative_to(self.home).as_posix() for path in found}


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    made = Tree(tmp_path)
    made.write()
    return made


WRITTEN = {*FILES, f"{ROOT}/{OVERRIDE_FILE}", f"{ROOT}/{SETTINGS_FILE}", TREE_RECORD}


def test_tree_has_layout_of_release(tree: Tree) -> None:
    assert tree.list_files() == WRITTEN
    assert os.access(tree.home / "shared/run.sh", os.X_OK)
    assert not os.access(tree.home / "modules/in/main.tf", os.X_OK)


def test_unchanged_files_are_not_touched(tree: Tree) -> None:
    before = {name: (tree.home / name).stat().st_mtime_ns for name in WRITTEN}
    tree.write(FILES | {"shared/run.sh": b"changed"})
    after = {name: (tree.home / name).stat().st_mtime_ns for name in WRITTEN}
    assert [name for name in WRITTEN if before[name] != after[name]] == ["shared/run.sh"]


def test_own_files_of_terraform_stay(tree: Tree) -> None:
    made = {f"{ROOT}/{name}" for name in MADE_NAMES if name not in (".terraform", ".plugins")}
    inside = {f"{ROOT}/.terraform/modules/modules.json", f"{ROOT}/.plugins/x/y", RUNNING_FILE}
    tree.leave(*made, *inside)
    tree.write()
    assert tree.list_files() == WRITTEN | made | inside


@pytest.mark.parametrize(
    "stray", ["stacks/web/more.tf", "stacks/other/main.tf", "modules/in/.terraform/x", "main.tf.json", ".terraform/y"]
)
def test_stray_file_leaves_tree(tree: Tree, stray: str) -> None:
    tree.leave(stray)
    tree.write()
    assert tree.list_files() == WRITTEN
    assert not (tree.home / stray).parent.exists() or (tree.home / stray).parent in (tree.home, tree.home / ROOT)


def test_links_in_tree_are_replaced(tree: Tree, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "main.tf").write_text("theirs")
    (tree.home / "modules/in/main.tf").unlink()
    (tree.home / "modules/in").rmdir()
    (tree.home / "modules/in").symlink_to(outside)
    (tree.home / "stacks/web/link.tf").symlink_to(outside / "main.tf")
    tree.write()
    assert tree.list_files() == WRITTEN
    assert not (tree.home / "modules/in").is_symlink()
    assert (outside / "main.tf").read_text() == "theirs"


def test_file_and_folder_may_change_places(tree: Tree) -> None:
    tree.write({"stacks/web/main.tf": b"1", "modules/in": b"a file now", "shared/run.sh/x": b"a folder now"})
    assert (tree.home / "modules/in").read_bytes() == b"a file now"
    assert (tree.home / "shared/run.sh/x").read_bytes() == b"a folder now"


@pytest.mark.parametrize("name", [*PLAN_FILES, UNSAVED_STATE, ".terraform.lock.hcl", "terraform.tfstate", RUNNING_FILE])
def test_files_of_release_never_stand_for_own_ones(tree: Tree, name: str) -> None:
    """A state that somebody committed must not be saved as the state of the stack."""
    path = name if name == RUNNING_FILE else f"{ROOT}/{name}"
    tree.write(FILES | {path: b"committed"})
    assert tree.list_files() == WRITTEN


@pytest.mark.parametrize(("before", "after"), [(ROOT, "live/web"), (ROOT, ""), ("", ROOT), (ROOT, "."), (".", ROOT)])
def test_unsaved_state_in_other_folder_stops(tmp_path: Path, before: str, after: str) -> None:
    tree = Tree(tmp_path)

    def write(root: str) -> None:
        if root:
            tree.write({f"{root}/main.tf".removeprefix("./"): b""}, root)
        else:
            tree.workspace.write_stack("dev", "web", b"{}")

    write(before)
    tree.leave(f"{before or '.'}/{UNSAVED_STATE}")
    assert tree.workspace.has_unsaved_state("dev")
    if (before or ".") != (after or "."):
        with pytest.raises(OperationFailedError, match="E373"):
            write(after)
    assert (tree.home / before / UNSAVED_STATE).read_text() == "left"


def test_plan_of_killed_command_is_deleted(tree: Tree) -> None:
    tree.leave(f"{ROOT}/{PLAN_FILES[0]}", f"{ROOT}/{MOVING_STATE}")
    with tree.workspace.lock_environment("dev", "me"):
        assert tree.list_files() == WRITTEN


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("stacks/web/more.auto.tfvars", "x", id="a file that Terraform would read"),
        pytest.param("modules/in/main.tf", "x", id="a module that changed"),
        pytest.param(f"{ROOT}/{SETTINGS_FILE}", "{}", id="other settings"),
        pytest.param(TREE_RECORD, "{}", id="another record"),
    ],
)
def test_changed_tree_is_prepared_again(tree: Tree, name: str, text: str) -> None:
    tree.workspace.save_prepared(PREPARED, (), tree.workspace.hash_inputs(()))
    assert tree.workspace.load_prepared("dev") == PREPARED
    tree.leave(f"{ROOT}/.terraform/providers/x", f"{ROOT}/{PLAN_FILES[0]}", RUNNING_FILE)
    assert tree.workspace.load_prepared("dev") == PREPARED, "what Terraform makes does not count"
    (tree.home / name).write_text(text)
    assert tree.workspace.load_prepared("dev") is None


INSTALLED = f"{ROOT}/.terraform/modules/vpc/main.tf"


@pytest.mark.parametrize("name", [INSTALLED, f"{ROOT}/.terraform/modules/vpc/more.tf", f"{ROOT}/.terraform/modules/x"])
def test_changed_remote_module_is_prepared_again(tree: Tree, name: str) -> None:
    tree.write({**FILES, INSTALLED: b"code"})
    tree.workspace.write_module_record("dev", "web", b'{"Modules":[]}', ROOT)
    tree.workspace.save_prepared(PREPARED, (), tree.workspace.hash_inputs(()))
    assert tree.workspace.load_prepared("dev") == PREPARED
    tree.leave(name)
    assert tree.workspace.load_prepared("dev") is None
    tree.write({**FILES, INSTALLED: b"code"})
    record = f"{ROOT}/.terraform/modules/modules.json"
    assert tree.list_files() == WRITTEN | {INSTALLED, record}
    assert (tree.home / INSTALLED).read_bytes() == b"code"


def test_module_that_is_gone_leaves_no_file(tree: Tree) -> None:
    tree.write({**FILES, INSTALLED: b"code"})
    tree.leave(f"{ROOT}/.terraform/providers/x")
    tree.write()
    assert tree.list_files() == WRITTEN | {f"{ROOT}/.terraform/providers/x"}
    assert not (tree.home / ROOT / ".terraform/modules/vpc").exists()


def test_link_in_place_of_the_remote_modules_is_not_followed(tree: Tree, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "kept").write_text("kept")
    (tree.home / ROOT / ".terraform").mkdir()
    (tree.home / ROOT / ".terraform/modules").symlink_to(tmp_path / "other")
    tree.write({**FILES, INSTALLED: b"code"})
    assert (tmp_path / "other" / "kept").read_text() == "kept"
    assert (tree.home / INSTALLED).read_bytes() == b"code"


def test_generated_files_are_replaced_alone(tree: Tree) -> None:
    tree.leave(f"{ROOT}/archive.zip")
    tree.workspace.write_generated("dev", "web", ROOT, GeneratedFiles(OVERRIDE))
    assert tree.list_files() == WRITTEN - {f"{ROOT}/{SETTINGS_FILE}"} | {f"{ROOT}/archive.zip"}
    record = parse_tree_record((tree.home / TREE_RECORD).read_bytes())
    assert record == TreeRecord(ROOT, frozenset({"main.tf", OVERRIDE_FILE}), OVERRIDE)


def test_record_of_an_earlier_envctl_still_leads_to_its_root(tree: Tree) -> None:
    (tree.home / TREE_RECORD).rename(tree.home / OLD_TREE_RECORD)
    assert tree.home / ROOT in list(stack_tree.list_workdirs(tree.home.parent))
    tree.write()
    assert tree.list_files() == WRITTEN


def test_record_names_files_beside_root_and_its_tests() -> None:
    paths = ["a/main.tf", "a/b/c.tf", "a/tests/x.tftest.hcl", "a/tests/deep/y", "b/main.tf"]
    assert TreeRecord.from_paths("a", paths).files == {"main.tf", "tests/x.tftest.hcl"}
    assert TreeRecord.from_paths(".", paths).files == frozenset()
    record = TreeRecord.from_paths("a", paths)
    assert parse_tree_record(record.encode()) == record


@pytest.mark.parametrize("data", [b"", b"[]", b'{"root": "../x", "files": []}', b'{"root": "/x", "files": []}', b"{}"])
def test_unreadable_record_is_refused(data: bytes) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        parse_tree_record(data)


def test_damaged_record_leads_nowhere(tree: Tree) -> None:
    (tree.home / TREE_RECORD).write_text(json.dumps({"root": "../../../..", "files": []}))
    with tree.workspace.lock_environment("dev", "me"):
        assert not tree.workspace.has_unsaved_state("dev")
    tree.write()
    assert tree.list_files() == WRITTEN
