"""The project's own files."""

import os
from pathlib import Path

import pytest

from envctl.adapters.workspace.tree import ProjectTree
from envctl.domain.errors import ConfigurationError, OperationFailedError
from envctl.domain.release import File


@pytest.fixture
def tree(tmp_path: Path) -> ProjectTree:
    for name in ("envctl.toml", "modules/web/main.tf", "modules/web/sub/x.tpl", "modules/web/.terraform/big"):
        file = tmp_path / "project" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(name.encode())
    (tmp_path / "project/modules/web/sub/x.tpl").chmod(0o755)
    return ProjectTree(tmp_path / "project")


def test_files_are_read_by_their_path(tree: ProjectTree) -> None:
    assert tree.read("modules/web/main.tf") == b"modules/web/main.tf"
    assert tree.read("modules/gone.tf") is None
    assert tree.read("envctl.toml/below-a-file") is None


def test_a_folder_where_a_file_should_be_is_told(tree: ProjectTree) -> None:
    with pytest.raises(OperationFailedError, match="E407 modules can't be read"):
        tree.read("modules")


def test_a_folder_is_all_of_its_files_without_what_tools_left(tree: ProjectTree) -> None:
    assert tree.folder("modules/web") == {
        "modules/web/main.tf": File(b"modules/web/main.tf"),
        "modules/web/sub/x.tpl": File(b"modules/web/sub/x.tpl", executable=True),
    }
    assert tree.folder("modules/gone") is None
    assert tree.folder("envctl.toml") is None


def test_a_link_inside_the_project_is_read_and_one_out_of_it_is_told(tree: ProjectTree, tmp_path: Path) -> None:
    web = tmp_path / "project/modules/web"
    (web / "inside.tf").symlink_to("main.tf")
    assert (tree.folder("modules/web") or {})["modules/web/inside.tf"] == File(b"modules/web/main.tf")
    (tmp_path / "secret").write_text("hunter2")
    (web / "outside.tf").symlink_to(os.fspath(tmp_path / "secret"))
    with pytest.raises(ConfigurationError, match=r"E116 modules/web/outside\.tf is a link to a file outside"):
        tree.folder("modules/web")


def test_a_link_to_nothing_is_told(tree: ProjectTree, tmp_path: Path) -> None:
    (tmp_path / "project/modules/web/dangling.tf").symlink_to("gone.tf")
    with pytest.raises(OperationFailedError, match=r"E407 modules/web/dangling\.tf can't be read"):
        tree.folder("modules/web")


def test_what_is_written_is_read(tree: ProjectTree) -> None:
    tree.write("new/file", b"\x00\xff")
    assert tree.read("new/file") == b"\x00\xff"


def test_of_a_folder_only_what_ends_so(tree: ProjectTree) -> None:
    assert list(tree.folder("modules", (".tpl", ".txt")) or {}) == ["modules/web/sub/x.tpl"]
    assert tree.folder("modules", (".txt",)) == {}


def test_one_file_is_read_unless_it_leads_out_of_the_project(tree: ProjectTree, tmp_path: Path) -> None:
    assert tree.file("modules/web/main.tf") == File(b"modules/web/main.tf")
    assert tree.file("modules/web") is None
    (tmp_path / "other").mkdir()
    (tmp_path / "other/main.tf").write_text("hunter2")
    (tmp_path / "project/linked").symlink_to(tmp_path / "other")
    with pytest.raises(ConfigurationError, match=r"E116 linked/main\.tf is a link to a file outside"):
        tree.file("linked/main.tf")


def test_what_is_written_anew_keeps_its_mode_and_stays_a_link(tree: ProjectTree, tmp_path: Path) -> None:
    private, link = tmp_path / "project/private", tmp_path / "project/link"
    private.write_bytes(b"before")
    private.chmod(0o600)
    link.symlink_to("private")
    tree.write("link", b"after")
    assert (private.read_bytes(), private.stat().st_mode & 0o777, link.is_symlink()) == (b"after", 0o600, True)
