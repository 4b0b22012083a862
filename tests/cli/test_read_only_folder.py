"""A project in a folder that can't be written to: commands that only look need nothing else."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import warm
from tests.skipping import NO_SKIPS

LOOKING = (
    "status", "why prod", "history", "diff dev prod", "settings dev", "validate", "rules prod",
    "ledger verify", "schema",
)  # fmt: skip


def run(folder: Path, words: str, *before: str) -> "subprocess.CompletedProcess[str]":
    if not before:
        variables = {"PATH": os.environ["PATH"], "HOME": os.fspath(folder.parent), "LANG": "C.UTF-8"}
        return warm.run_envctl(words.split(), folder, variables, 60)
    return subprocess.run(
        [*before, sys.executable, "-m", "envctl", *words.split()],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": os.fspath(folder.parent)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def list_files(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def make_read_only(folder: Path) -> tuple[str, ...]:
    """Return the words in front of a command that sees the folder read-only: root may write where a mode forbids it."""
    mount = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && cd "$0" && exec "$@"'
    before = ("unshare", "--map-root-user", "--mount", "sh", "-c", mount, os.fspath(folder))
    can_mount = shutil.which("unshare") and subprocess.run([*before, "true"], check=False, timeout=20).returncode == 0
    if not can_mount and not os.environ.get(NO_SKIPS):
        pytest.skip("this machine allows no mounts of its own")
    return before


@pytest.mark.parametrize("words", LOOKING)
def test_looking_writes_nothing_to_new_project(project: Path, words: str) -> None:
    before = list_files(project)
    assert run(project, words).returncode in (0, 4), words
    assert list_files(project) == before


@pytest.mark.slow
def test_read_only_folder_stops_no_looking_command(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    before = make_read_only(project)
    report = tmp_path_factory.mktemp("elsewhere") / "report.html"
    for words in (*LOOKING, f"report --output {report}"):
        done = run(project, words, *before)
        assert done.returncode in (0, 4), (words, done.stderr)
    assert report.exists()


@pytest.mark.slow
def test_read_only_folder_is_named_where_something_is_written(project: Path) -> None:
    done = run(project, "apply dev --yes", *make_read_only(project))
    # Without line ends: the path of the folder may be longer than a line.
    told = "".join(done.stderr.split())
    assert done.returncode == 1
    assert f"{project}/.envctl" in told
    assert "this disk is read-only: mount it for writing, or work in another folder".replace(" ", "") in told
