"""The search for a project above the current folder: what a person means, and nothing that another user put there."""

import os
from pathlib import Path

import pytest

from envctl.adapters.disk.project_search import find_project_above, find_repository_top


@pytest.fixture
def top(tmp_path: Path) -> Path:
    (tmp_path / "repo" / "shop" / "modules" / "net").mkdir(parents=True)
    (tmp_path / "repo" / ".git").mkdir()
    return tmp_path / "repo"


def test_nearest_project_above_counts(top: Path) -> None:
    (top / "envctl.toml").touch()
    (top / "shop" / "envctl.toml").touch()
    assert find_project_above(top / "shop" / "modules" / "net").folder == top / "shop"
    assert find_project_above(top / "shop").folder == top


@pytest.mark.parametrize("kind", ["folder", "file of a worktree"])
def test_search_ends_at_top_of_repository(top: Path, kind: str) -> None:
    if kind != "folder":
        (top / ".git").rmdir()
        (top / ".git").write_text("gitdir: elsewhere")
    (top.parent / "envctl.toml").touch()
    assert find_project_above(top / "shop").folder is None
    assert find_project_above(top).folder is None


def test_without_repository_search_goes_on(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "envctl.toml").touch()
    assert find_project_above(tmp_path / "a" / "b").folder == tmp_path


def test_folder_of_that_name_is_no_project(top: Path) -> None:
    (top / "shop" / "envctl.toml").mkdir()
    assert find_project_above(top / "shop" / "modules").folder is None


def test_project_in_shared_folder_is_refused(top: Path) -> None:
    (top / "envctl.toml").touch()
    top.chmod(0o1777)
    found = find_project_above(top / "shop")
    assert found.folder is None
    assert found.refused == top
    assert found.doubt == "every user can write to its folder"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.parametrize(
    ("given", "doubt"),
    [("shop", "its folder belongs to another user"), ("shop/envctl.toml", "it belongs to another user")],
)
def test_project_of_another_user_is_refused(top: Path, given: str, doubt: str) -> None:
    (top / "shop" / "envctl.toml").touch()
    os.chown(top / given, 12345, -1)
    found = find_project_above(top / "shop" / "modules")
    assert found.folder is None
    assert found.doubt == doubt


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_project_of_owner_of_current_folder_counts(top: Path) -> None:
    """A job may run as root in a checkout of another user."""
    (top / "shop" / "envctl.toml").touch()
    for each in (top / "shop", top / "shop" / "envctl.toml", top / "shop" / "modules"):
        os.chown(each, 12345, -1)
    assert find_project_above(top / "shop" / "modules").folder == top / "shop"


def test_top_of_repository_is_found(top: Path) -> None:
    assert find_repository_top(top / "shop" / "modules") == top
    assert find_repository_top(top.parent) is None
