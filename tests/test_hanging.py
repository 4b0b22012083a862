"""A command that hangs is killed after its limit, with all that it has started, and shows where it stood."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests import hanging
from tests.by_day import keep_by_day
from tests.e2e.conftest import BASE, Project, home, small
from tests.programs import SYSTEM_PATH

__all__ = ["home", "small"]

# No other worker of these tests sleeps so long.
SLEEP = f"sleep 43{os.getpid()}"
SLEEPS = f'\nresource "terraform_data" "slow" {{\n  provisioner "local-exec" {{\n    command = "{SLEEP}"\n  }}\n}}\n'
STARTS_ANOTHER = """
import subprocess, sys
def stands_here():
    print("began", flush=True)
    subprocess.run(["sleep", "4322"])
stands_here()
"""


def is_gone(command: str) -> bool:
    """Whether no such process is there, once what was killed has had time to end."""
    for _ in range(100):
        if not any(each.command == command for each in hanging.read_processes().values()):
            return True
        time.sleep(0.1)
    return False


@pytest.mark.terraform
@pytest.mark.slow
@pytest.mark.parametrize("cold", keep_by_day({"split off": "", "of its own": "1"}, "split off"))
def test_hung_apply_shows_where_it_stood(small: Project, monkeypatch: pytest.MonkeyPatch, cold: str) -> None:
    small.write("modules/base/main.tf", BASE + SLEEPS)
    if cold:
        monkeypatch.setenv("COLD_STARTS", cold)
    started = small.root / ".envctl" / "state" / "dev"
    with pytest.raises(hanging.HungError) as hung:
        small.run("apply", "dev", "--yes", timeout=15)
    text = str(hung.value)
    assert started.exists(), text
    assert "embedded.py" in hung.value.report
    assert f": {SLEEP}" in hung.value.report
    # Terraform tells its goroutines where a thread of Go takes the signal; envctl always tells where it waits for it.
    assert "usecases/deployment/stages/apply.py" in text or (cold and "goroutine " in text), text
    assert is_gone(SLEEP)


def test_hung_python_shows_its_stack_and_outputs(tmp_path: Path) -> None:
    command = [*hanging.DUMPABLE_PYTHON, "-c", STARTS_ANOTHER]
    began = time.monotonic()
    with pytest.raises(hanging.HungError) as hung:
        hanging.run_command(command, tmp_path, {"PATH": SYSTEM_PATH}, 8)
    assert time.monotonic() - began < 60
    assert "in stands_here" in str(hung.value)
    assert hung.value.output == "began\n"
    assert ": sleep 4322" in hung.value.report
    assert is_gone("sleep 4322")


def test_command_beside_a_test_shows_its_stack_too(tmp_path: Path) -> None:
    command = [*hanging.DUMPABLE_PYTHON, "-c", STARTS_ANOTHER]
    with (
        hanging.StartedCommand(
            command, cwd=tmp_path, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as started,
        pytest.raises(hanging.HungError, match="in stands_here"),
    ):
        assert started.stdout
        assert started.stdout.readline() == "began\n"
        started.communicate(timeout=0.5)
    assert started.returncode != 0
    assert is_gone("sleep 4322")


def test_command_in_time_is_as_usual(tmp_path: Path) -> None:
    script = "import os, sys; print(os.getcwd()); sys.stderr.write(os.environ['A']); sys.exit(3)"
    done = hanging.run_command([sys.executable, "-c", script], tmp_path, {"A": "b"}, 60)
    assert (done.returncode, done.stdout, done.stderr) == (3, f"{tmp_path}\n", "b")


def test_session_of_its_own_is_left_alone(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "4323"], start_new_session=True) as apart:
        try:
            assert apart.pid not in {each.pid for each in hanging.find_family(os.getpid())}
            assert [each.pid for each in hanging.find_family(apart.pid)] == [apart.pid]
        finally:
            apart.kill()
