"""The project's own files."""

import errno
import os
import shutil
from pathlib import Path

import pytest

from envctl.adapters.workspace.tree import ProjectTree
from envctl.domain.errors import ConfigurationError, Location, OperationFailedError
from envctl.domain.release.bundle import File


@pytest.fixture
def tree(tmp_path: Path) -> ProjectTree:
    for name in ("envctl.toml", "modules/web/main.tf", "modules/web/sub/x.tpl", "modules/web/.terraform/big"):
        file = tmp_path / "project" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(name.encode())
    (tmp_path / "project/modules/web/sub/x.tpl").chmod(0o755)
    return ProjectTree(tmp_path / "project")


def test_files_are_read_by_their_path(tree: ProjectTree) -> None:
    assert tree.read_contents("modules/web/main.tf") == b"modules/web/main.tf"
    assert tree.read_contents("modules/gone.tf") is None
    assert tree.read_contents("envctl.toml/below-a-file") is None


def test_folder_in_place_of_file_is_reported(tree: ProjectTree) -> None:
    with pytest.raises(OperationFailedError, match="E407 modules can't be read"):
        tree.read_contents("modules")


def test_folder_is_read_without_tool_files(tree: ProjectTree) -> None:
    assert tree.read_folder("modules/web") == {
        "modules/web/main.tf": File(b"modules/web/main.tf"),
        "modules/web/sub/x.tpl": File(b"modules/web/sub/x.tpl", executable=True),
    }
    assert tree.read_folder("modules/gone") is None
    assert tree.read_folder("envctl.toml") is None


def test_inner_link_is_read_and_outer_link_refused(tree: ProjectTree, tmp_path: Path) -> None:
    web = tmp_path / "project/modules/web"
    (web / "inside.tf").symlink_to("main.tf")
    assert (tree.read_folder("modules/web") or {})["modules/web/inside.tf"] == File(b"modules/web/main.tf")
    (tmp_path / "secret").write_text("hunter2")
    (web / "outside.tf").symlink_to(os.fspath(tmp_path / "secret"))
    with pytest.raises(ConfigurationError, match=r"E116 modules/web/outside\.tf is a link to a file outside"):
        tree.read_folder("modules/web")


def lay(tree: ProjectTree, root: Path, *names: str) -> None:
    for name in names:
        tree.write_contents(name, name.rpartition("/")[2].encode())
        assert (root / name).exists()


def test_linked_folder_is_read_like_a_copy(tree: ProjectTree, tmp_path: Path) -> None:
    root = tmp_path / "project"
    lay(tree, root, "shared/policies/a.json", "shared/policies/sub/b.json")
    (root / "modules/web/policies").symlink_to("../../shared/policies")
    linked = tree.read_folder("modules/web") or {}
    assert {"modules/web/policies/a.json", "modules/web/policies/sub/b.json"} <= set(linked)
    (root / "modules/web/policies").unlink()
    shutil.copytree(root / "shared/policies", root / "modules/web/policies")
    assert tree.read_folder("modules/web") == linked


def test_linked_module_is_read_like_a_copy(tree: ProjectTree, tmp_path: Path) -> None:
    (tmp_path / "project/modules/same").symlink_to("web")
    assert [*(tree.read_folder("modules/same") or {})] == ["modules/same/main.tf", "modules/same/sub/x.tpl"]


@pytest.mark.parametrize("target", ["/etc", "../../../outside", "../../.."])
def test_linked_folder_outside_of_the_project_is_refused(tree: ProjectTree, tmp_path: Path, target: str) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "project/modules/web/linked").symlink_to(target)
    with pytest.raises(ConfigurationError, match=r"E116 modules/web/linked is a link to a folder outside") as raised:
        tree.read_folder("modules/web")
    assert raised.value.problems[0].location == Location("modules/web/linked")


@pytest.mark.parametrize("target", [".", "..", "sub", "../../modules"])
def test_linked_folder_that_forms_a_loop_is_refused(tree: ProjectTree, tmp_path: Path, target: str) -> None:
    at = "modules/web/sub/again" if target == "sub" else "modules/web/again"
    (tmp_path / "project" / at).symlink_to("../sub" if target == "sub" else target)
    with pytest.raises(ConfigurationError, match=r"E128 .* is a link to itself"):
        tree.read_folder("modules/web")


def test_two_links_to_one_folder_are_allowed(tree: ProjectTree, tmp_path: Path) -> None:
    lay(tree, tmp_path / "project", "shared/a.json")
    for name in ("one", "two"):
        (tmp_path / "project/modules/web" / name).symlink_to("../../shared")
    assert {"modules/web/one/a.json", "modules/web/two/a.json"} <= set(tree.read_folder("modules/web") or {})


def test_excluded_folder_is_not_read(tree: ProjectTree, tmp_path: Path) -> None:
    (tmp_path / "project/modules/web/tests").symlink_to("/etc")
    os.mkfifo(tmp_path / "project/modules/web/.terraform/pipe")
    assert len(tree.read_folder("modules/web", without={"tests"}) or {}) == 2
    with pytest.raises(ConfigurationError, match="E116"):
        tree.read_folder("modules/web")


def test_unreadable_folder_is_never_omitted(tree: ProjectTree, monkeypatch: pytest.MonkeyPatch) -> None:
    listed = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("sub"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return listed(path)

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(OperationFailedError, match=r"E407 modules/web/sub can't be read: Permission denied"):
        tree.read_folder("modules/web")


@pytest.mark.parametrize("name", ["new\nline.tpl", "Main.tf", "ünï.tpl", "-rf.tpl", "a b.tpl"])
def test_unusual_name_is_read(tree: ProjectTree, tmp_path: Path, name: str) -> None:
    (tmp_path / "project/modules/web" / name).write_text("")
    assert f"modules/web/{name}" in (tree.read_folder("modules/web") or {})


def test_dangling_link_is_reported(tree: ProjectTree, tmp_path: Path) -> None:
    (tmp_path / "project/modules/web/dangling.tf").symlink_to("gone.tf")
    with pytest.raises(OperationFailedError, match=r"E407 modules/web/dangling\.tf can't be read"):
        tree.read_folder("modules/web")


def test_dangling_link_beside_the_code_is_left_out(tree: ProjectTree, tmp_path: Path) -> None:
    (tmp_path / "project/modules/web/notes.txt").symlink_to("gone.txt")
    assert "modules/web/notes.txt" not in (tree.read_folder("modules/web") or {})


def test_written_file_is_read_back(tree: ProjectTree) -> None:
    tree.write_contents("new/file", b"\x00\xff")
    assert tree.read_contents("new/file") == b"\x00\xff"


def test_folder_is_filtered_by_file_ending(tree: ProjectTree) -> None:
    assert list(tree.read_folder("modules", (".tpl", ".txt")) or {}) == ["modules/web/sub/x.tpl"]
    assert tree.read_folder("modules", (".txt",)) == {}


def test_file_is_read_unless_outside_of_project(tree: ProjectTree, tmp_path: Path) -> None:
    assert tree.read_file("modules/web/main.tf") == File(b"modules/web/main.tf")
    assert tree.read_file("modules/web") is None
    (tmp_path / "other").mkdir()
    (tmp_path / "other/main.tf").write_text("hunter2")
    (tmp_path / "project/linked").symlink_to(tmp_path / "other")
    with pytest.raises(ConfigurationError, match=r"E116 linked/main\.tf is a link to a file outside"):
        tree.read_file("linked/main.tf")


def test_rewritten_file_keeps_its_mode_and_link(tree: ProjectTree, tmp_path: Path) -> None:
    private, link = tmp_path / "project/private", tmp_path / "project/link"
    private.write_bytes(b"before")
    private.chmod(0o600)
    link.symlink_to("private")
    tree.write_contents("link", b"after")
    assert (private.read_bytes(), private.stat().st_mode & 0o777, link.is_symlink()) == (b"after", 0o600, True)


@pytest.fixture
def shared(tree: ProjectTree, tmp_path: Path) -> ProjectTree:
    """The project in a repository, with a module beside it."""
    (tmp_path / ".git").mkdir()
    (tmp_path / "modules/net").mkdir(parents=True)
    (tmp_path / "modules/net/main.tf").write_bytes(b"net")
    return tree


def test_project_knows_its_folder_in_repository(shared: ProjectTree, tmp_path: Path) -> None:
    assert shared.locate_project() == "project"
    assert ProjectTree(tmp_path).locate_project() == ""


def test_project_outside_of_repository_has_no_place(tree: ProjectTree) -> None:
    assert tree.locate_project() is None


def test_folder_beside_project_is_read(shared: ProjectTree) -> None:
    assert shared.read_folder("../modules/net") == {"../modules/net/main.tf": File(b"net")}


def test_link_within_repository_is_followed(shared: ProjectTree, tmp_path: Path) -> None:
    (tmp_path / "project/modules/net").symlink_to("../../modules/net")
    assert shared.read_folder("modules/net") == {"modules/net/main.tf": File(b"net")}


def test_link_out_of_repository_is_refused(shared: ProjectTree, tmp_path: Path) -> None:
    elsewhere = tmp_path.parent / f"{tmp_path.name}-elsewhere"
    elsewhere.mkdir()
    (elsewhere / "main.tf").write_bytes(b"x")
    (tmp_path / "modules/far").symlink_to(elsewhere)
    with pytest.raises(ConfigurationError, match=r"E116 \.\./modules/far is a link to a folder outside the git repo"):
        shared.read_folder("../modules/far")


def test_folder_above_repository_is_refused(tree: ProjectTree, tmp_path: Path) -> None:
    (tmp_path / "project/.git").mkdir()
    (tmp_path / "modules").mkdir()
    with pytest.raises(ConfigurationError, match="E116"):
        tree.read_folder("../modules")
