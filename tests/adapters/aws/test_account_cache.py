"""Credentials that were found to be of the right account are asked about again when anything about them changes."""

from collections.abc import Callable
from pathlib import Path

import pytest

from envctl.adapters.aws.credentials.account_cache import AccountCache

MINE = {"AWS_ACCESS_KEY_ID": "AKIAMINE", "AWS_SECRET_ACCESS_KEY": "hunter2", "AWS_CONFIG_FILE": "/dev/null"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "envctl.toml").write_text("account 1")
    return tmp_path


def access(project: Path, environment: dict[str, str]) -> AccountCache:
    home = {"AWS_CONFIG_FILE": str(project / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(project / "credentials")}
    return AccountCache(project / ".envctl" / "access.json", project / "envctl.toml", lambda: home | environment)


def test_confirmed_account_is_remembered_per_environment(project: Path) -> None:
    assert not access(project, MINE).is_confirmed("dev")
    access(project, MINE).save_confirmed("dev")
    access(project, MINE).save_confirmed("staging")
    assert access(project, MINE).is_confirmed("dev")
    assert access(project, MINE).is_confirmed("staging")
    assert not access(project, MINE).is_confirmed("prod")


CHANGES: dict[str, Callable[[Path], dict[str, str]]] = {
    "another key": lambda _: {**MINE, "AWS_ACCESS_KEY_ID": "AKIAOTHER"},
    "a profile beside it": lambda _: {**MINE, "AWS_PROFILE": "prod"},
    "another endpoint": lambda _: {**MINE, "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1"},
    "another project file": lambda project: ((project / "envctl.toml").write_text("account 2") and MINE) or {},
    "another configuration of AWS": lambda project: ((project / "config").write_text("[default]") and MINE) or {},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_confirmation_is_void_after(project: Path, change: Callable[[Path], dict[str, str]]) -> None:
    mine = {name: value for name, value in MINE.items() if name != "AWS_CONFIG_FILE"}
    access(project, mine).save_confirmed("dev")
    assert access(project, mine).is_confirmed("dev")
    changed = {name: value for name, value in change(project).items() if name != "AWS_CONFIG_FILE"}
    assert not access(project, changed).is_confirmed("dev")


def test_credentials_without_a_name_are_checked_each_time(project: Path) -> None:
    access(project, {}).save_confirmed("dev")
    assert not access(project, {}).is_confirmed("dev")
    assert not (project / ".envctl" / "access.json").exists()


def test_cache_holds_no_part_of_a_key(project: Path) -> None:
    access(project, MINE).save_confirmed("dev")
    kept = (project / ".envctl" / "access.json").read_text()
    assert not any(value in kept for value in MINE.values())


def test_unreadable_account_cache_is_ignored(project: Path) -> None:
    access(project, MINE).save_confirmed("dev")
    for text in ("", "[]", '{"dev": 1}'):
        (project / ".envctl" / "access.json").write_text(text)
        assert not access(project, MINE).is_confirmed("dev")


def test_unwritable_account_cache_is_tolerated(project: Path) -> None:
    (project / ".envctl").write_text("a file where a folder should be")
    access(project, MINE).save_confirmed("dev")
    assert not access(project, MINE).is_confirmed("dev")
