"""A command that is split off a process which has loaded envctl is the same to whoever runs it."""

import os
import subprocess
from pathlib import Path

import pytest

from tests import warm

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
COMMANDS = {
    "it answers": (["--version"], 0),
    "it fails": (["status"], 78),
    "it fails for a machine": (["status", "--json"], 78),
    "it is asked for what there is not": (["nonsense"], 64),
}


@pytest.mark.parametrize(("words", "code"), COMMANDS.values(), ids=COMMANDS)
def test_what_it_says_and_how_it_ends(
    words: list[str], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ran() -> tuple[int, str, str]:
        done = warm.run(words, tmp_path, {**ENVIRONMENT, "HOME": os.fspath(tmp_path)}, 60)
        return done.returncode, done.stdout, done.stderr

    forked = ran()
    assert forked[0] == code
    monkeypatch.setenv("COLD_STARTS", "1")
    assert forked == ran()


def test_it_is_killed_when_its_time_is_over(tmp_path: Path) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        warm.run(["status"], tmp_path, ENVIRONMENT, 0.0001)
    assert warm.run(["--version"], tmp_path, ENVIRONMENT, 60).returncode == 0
