"""A test that can't run on a machine is skipped with what to install, and in CI nothing may be skipped."""

from pathlib import Path

import pytest

from tests.by_day import keep_by_day
from tests.test_limits import run_pytest

SKIPS = """
import pytest

def test_skips():
    pytest.skip("no control group")

@pytest.mark.skipif(True, reason="no such machine")
def test_is_skipped():
    pass

@pytest.mark.xfail(strict=True)
def test_fails():
    assert False

@pytest.mark.registry
def test_needs_a_registry():
    pass

def test_passes():
    pass
"""
MISSING = """
from tools import system_packages
system_packages.find_missing = lambda: [system_packages.Program("docker-registry", ("docker-registry",), ("registry",))]
"""


@pytest.mark.slow
@pytest.mark.parametrize("workers", keep_by_day(["-n 0", "-n 2", "--forks 2"], "--forks 2"))
def test_no_skips_makes_failures_of_all(tmp_path: Path, workers: str) -> None:
    (tmp_path / "nothing_installed.py").write_text(MISSING)
    hidden = ("-p", "nothing_installed", *workers.split())
    usual = run_pytest(tmp_path, SKIPS, *hidden)
    assert (usual.returncode, "1 passed, 3 skipped, 1 xfailed" in usual.stdout) == (0, True), usual.stdout
    assert "1 test was skipped; to run tests that are registry: apt-get install docker-registry\n" in usual.stdout
    strict = run_pytest(tmp_path, SKIPS, *hidden, NO_SKIPS="1")
    assert strict.returncode == 1, strict.stdout
    for name in ("skips", "is_skipped", "needs_a_registry"):
        assert f"test_it.py::test_{name} - NO_SKIPS is set" in strict.stdout
    assert "1 xfailed" in strict.stdout
