"""The table of what each file of tests costs has all files, and the longest first."""

import io
from pathlib import Path

import pytest

from tests.by_day import keep_by_day
from tests.costs import Cost, write_table

pytest_plugins = ["pytester"]

BUSY = """
def test_busy():
    import time
    end = time.process_time() + 0.2
    while time.process_time() < end:
        pass
"""
CONFTEST = """
from tests import costs, forks
from tests.forks import add_option as pytest_addoption

def pytest_configure(config):
    costs.register_costs(config)
    forks.register_forks(config)
"""
IDLE = "def test_idle():\n    import time\n    time.sleep(0.5)\n"


def test_longest_file_comes_first() -> None:
    out = io.StringIO()
    write_table(out, {"tests/unit/test_a.py": Cost(2, 1.0, 0.5), "tests/unit/test_b.py": Cost(1, 2.0, 1.5)})
    assert out.getvalue().splitlines() == [
        "    wall processor  tests",
        "     3.0       2.0      3  tests/unit",
        "",
        "    wall processor  tests",
        "     2.0       1.5      1  tests/unit/test_b.py",
        "     1.0       0.5      2  tests/unit/test_a.py",
        "",
    ]


@pytest.mark.parametrize("workers", keep_by_day(["-n 0", "-n 2", "--forks 2"], "--forks 2"))
def test_workers_report_what_they_used(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, workers: str
) -> None:
    pytester.makepyfile(test_busy=BUSY, test_idle=IDLE)
    # The conftest of a folder is no plugin of the tests beside it.
    pytester.mkdir("folder").joinpath("conftest.py").write_text("")
    pytester.path.joinpath("folder/test_third.py").write_text("def test_third(): pass\n")
    pytester.makeconftest(CONFTEST)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    monkeypatch.setenv("TEST_COSTS", str(pytester.path / "costs.txt"))
    done = pytester.runpytest_subprocess("-q", *workers.split(), "-p", "no:cacheprovider")
    assert done.ret == 0
    lines = (pytester.path / "costs.txt").read_text().splitlines()
    rows = {line.split()[-1]: line.split() for line in lines if line.endswith(".py")}
    assert set(rows) == {"test_idle.py", "test_busy.py", "folder/test_third.py"}
    assert float(rows["test_busy.py"][1]) >= 0.1
    assert float(rows["test_idle.py"][0]) >= 0.5 > float(rows["test_idle.py"][1])
