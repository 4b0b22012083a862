"""Each test has a limit, whatever it does and however it is run, and at the limit it tells where it stands."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import limits
from tests.by_day import keep_by_day

ROOT = Path(__file__).parents[1]
CONFTEST = """
import pytest
from tests import forks, limits, skipping

limits.GRACE = 2
limits.TEARDOWN = 1


def pytest_addoption(parser):
    forks.add_option(parser)


def pytest_configure(config):
    forks.register_forks(config)
    limits.register_limits(config)
    skipping.register_skipping(config)
    for name in ("terraform", "night", "registry"):
        config.addinivalue_line("markers", f"{name}: a test of the kind")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    limits.set_limits(items)
    skipping.skip_unrunnable(items)
"""
# It waits for a lock that it has itself, in a library that keeps the lock of Python: no signal is looked at.
STUCK = """
    import ctypes
    library, mutex = ctypes.PyDLL(None), ctypes.create_string_buffer(64)
    library.pthread_mutex_lock(mutex)
    library.pthread_mutex_lock(mutex)
"""
HANGS = f"""
import subprocess, threading
import pytest


def wait_for_ever():
    subprocess.run(["sleep", "4331"])


@pytest.fixture
def hangs_at_its_end():
    yield
    threading.Event().wait()


@pytest.mark.timeout(1)
def test_waits():
    wait_for_ever()


@pytest.mark.timeout(1)
def test_is_stuck():
{STUCK}

def test_hangs_at_its_end(hangs_at_its_end):
    raise ValueError


def test_passes():
    pass
"""


def run_pytest(folder: Path, test: str, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_it.py").write_text(test)
    environment = {"PYTHONPATH": os.fspath(ROOT), "PATH": os.environ["PATH"], "HOME": os.fspath(folder), **more}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", ".", "-ra", *words]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=110, check=False
    )


@pytest.mark.slow
def test_at_its_limit_a_test_fails_with_dumps(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, HANGS, "-n", "0", "-k", "not stuck")
    told = done.stdout
    assert done.returncode == 1, told
    assert "2 failed, 1 passed, 1 deselected, 1 error" in told, told
    assert "longer than its limit of 1 s" in told
    assert "in wait_for_ever" in told
    assert ": sleep 4331" in told


@pytest.mark.slow
@pytest.mark.parametrize("option", keep_by_day(["--forks", "-n"], "--forks"))
def test_stuck_worker_fails_only_one_test(tmp_path: Path, option: str) -> None:
    done = run_pytest(tmp_path, HANGS, option, "1", "-k", "stuck or passes")
    assert done.returncode == 1, done.stdout
    assert "1 failed, 1 passed" in done.stdout
    assert "crashed while running 'test_it.py::test_is_stuck'" in done.stdout
    assert "in test_is_stuck" in done.stdout + done.stderr, "the dump of faulthandler"


@pytest.mark.slow
def test_stuck_test_without_workers_ends_with_dump(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, HANGS, "-n", "0", "-k", "stuck")
    assert done.returncode == 1
    assert "in test_is_stuck" in done.stdout + done.stderr


def test_every_test_has_a_limit(request: pytest.FixtureRequest) -> None:
    assert all(item.get_closest_marker("timeout") for item in request.session.items)
    assert sorted(limits.BY_MARKER.values(), reverse=True) == list(limits.BY_MARKER.values())


LIMITS = """
import os

import pytest
from hypothesis import given, settings, strategies
from hypothesis.stateful import RuleBasedStateMachine, rule

settings.register_profile("nightly", max_examples=1)
settings.load_profile(os.environ["PROFILE"])


class Machine(RuleBasedStateMachine):
    @rule()
    def stays(self):
        pass


TestMachine = Machine.TestCase


@given(strategies.integers())
def test_law(number):
    pass


def test_limits(request):
    items = request.session.items
    print("limits:", *sorted({item.name: item.get_closest_marker("timeout").args[0] for item in items}.items()))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("profile", "searching", "usual"),
    keep_by_day(
        [("nightly", limits.SEARCH_LIMIT, limits.NIGHT_LIMIT), ("default", limits.DEFAULT_LIMIT, limits.DEFAULT_LIMIT)],
        ("nightly", limits.SEARCH_LIMIT, limits.NIGHT_LIMIT),
    ),
)
def test_search_for_examples_has_hours_at_night(tmp_path: Path, profile: str, searching: int, usual: int) -> None:
    done = run_pytest(tmp_path, LIMITS, "-n", "0", "-s", PROFILE=profile)
    assert f"limits: ('runTest', {searching}) ('test_law', {searching}) ('test_limits', {usual})" in done.stdout, (
        done.stdout
    )
