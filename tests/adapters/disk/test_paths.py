"""Paths that lead nowhere: an error that callers expect, on every Python."""

import errno
from pathlib import Path

import pytest

from envctl.adapters.disk.paths import expand_home, resolve_path


def test_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to("there")
    assert resolve_path(tmp_path / "link" / "new") == tmp_path.resolve() / "there" / "new"
    (tmp_path / "dangling").symlink_to("gone")
    assert resolve_path(tmp_path / "dangling") == tmp_path.resolve() / "gone"


@pytest.mark.parametrize("below", ["loop", "loop/file"])
def test_a_circle_of_links_is_an_error(tmp_path: Path, below: str) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError) as raised:
        resolve_path(tmp_path / below)
    assert raised.value.errno == errno.ELOOP


def test_an_unknown_home_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    assert expand_home("~/x") == Path("/home/ann/x")
    assert expand_home("~no-such-user/x") == Path("~no-such-user/x")
