"""Processes that are split off run each test once, a file each at a time, and lose none of what one of them reports."""

from pathlib import Path

import pytest

from tests.test_limits import run_pytest

FIRST = """
import os, random
from pathlib import Path

import pytest

MADE = []


@pytest.fixture(scope="session", autouse=True)
def ended():
    yield
    Path("ended").open("a").write("x")


@pytest.fixture(autouse=True)
def named(request, tmp_path):
    assert tmp_path.parent.name == os.environ["PYTEST_XDIST_WORKER"]
    with Path("ran").open("a") as ran:
        ran.write(f"{os.getpid()} {request.node.nodeid}\\n")


def test_makes():
    MADE.append(os.getpid())


def test_finds_it():
    assert MADE == [os.getpid()]
"""
SECOND = """
from test_it import ended, named

def test_prints():
    print("told by a fork")
    assert False

def test_passes():
    pass
"""
CRASHES = """
import os, signal

def test_before():
    pass

def test_kills():
    os.kill(os.getpid(), signal.SIGKILL)

def test_after():
    pass
"""


@pytest.mark.slow
def test_each_test_runs_once_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "test_second.py").write_text(SECOND)
    done = run_pytest(tmp_path, FIRST, "--forks", "2")
    assert (done.returncode, "1 failed, 3 passed" in done.stdout) == (1, True), done.stdout
    assert "told by a fork" in done.stdout
    ran = [line.split() for line in (tmp_path / "ran").read_text().splitlines()]
    assert sorted(name for _, name in ran) == [
        "test_it.py::test_finds_it",
        "test_it.py::test_makes",
        "test_second.py::test_passes",
        "test_second.py::test_prints",
    ]
    assert len({pid for pid, name in ran if name.startswith("test_it.py")}) == 1
    # Each file has the fixture of its own, also where one process runs both.
    used = {(pid, name.partition("::")[0]) for pid, name in ran}
    assert (tmp_path / "ended").read_text() == "x" * len(used), "fixtures end in each process"


@pytest.mark.slow
def test_crash_fails_one_test_alone(tmp_path: Path) -> None:
    (tmp_path / "test_second.py").write_text(SECOND.replace("assert False", "").replace("from test_it", "# "))
    done = run_pytest(tmp_path, CRASHES, "--forks", "1")
    assert (done.returncode, "1 failed, 4 passed" in done.stdout) == (1, True), done.stdout
    assert "crashed while running 'test_it.py::test_kills'" in done.stdout


@pytest.mark.slow
def test_first_failure_can_stop_all(tmp_path: Path) -> None:
    (tmp_path / "test_second.py").write_text(SECOND.replace("from test_it", "# "))
    slow = "import time\n\ndef test_waits():\n    time.sleep(60)\n"
    done = run_pytest(tmp_path, slow, "--forks", "2", "-x")
    assert "stopping after 1 failures" in done.stdout
    assert "1 failed in" in done.stdout, done.stdout


@pytest.mark.slow
def test_threads_before_tests_are_refused(tmp_path: Path) -> None:
    threads = "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n"
    done = run_pytest(tmp_path, f"{threads}\n\ndef test_passes():\n    pass\n", "--forks", "1")
    assert (done.returncode, "2 threads before the first test" in done.stdout + done.stderr) == (4, True), done.stdout


@pytest.mark.slow
def test_unused_snapshots_fail_the_run(tmp_path: Path) -> None:
    test = "def test_it(snapshot):\n    assert 'text' == snapshot\n"
    assert run_pytest(tmp_path, test, "--forks", "1", "--snapshot-update").returncode == 0
    assert run_pytest(tmp_path, test, "--forks", "1").returncode == 0
    done = run_pytest(tmp_path, "def test_it(snapshot):\n    pass\n", "--forks", "1")
    assert (done.returncode, "1 snapshot unused" in done.stdout) == (1, True), done.stdout
