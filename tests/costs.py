"""A table of what each file of tests costs: `TEST_COSTS=costs.txt make test`.

Processor time is that of the test process and of the children it waited for. Servers that tests share are not in it.
"""

import os
from collections import defaultdict
from collections.abc import Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import pytest

VARIABLE = "TEST_COSTS"
_PROPERTY = "processor seconds"


@dataclass
class Cost:
    """The costs of one file: tests, seconds of wall time in its worker, and seconds of a processor."""

    tests: int = 0
    wall: float = 0.0
    processor: float = 0.0


@dataclass(eq=False)  # pytest keeps plugins in sets
class CostTable:
    """Measures tests where they run, and adds up the reports of all workers in `costs`."""

    file: Path
    costs: dict[str, Cost] = field(default_factory=lambda: defaultdict(Cost))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        now = _read_processor_time()
        report.user_properties.append((_PROPERTY, now - item.stash.get(_LAST, now)))
        item.stash[_LAST] = now
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        item.stash[_LAST] = _read_processor_time()
        return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        cost = self.costs[report.nodeid.partition("::")[0]]
        cost.tests += report.when == "call"
        cost.wall += report.duration
        cost.processor += sum(
            value for name, value in report.user_properties if name == _PROPERTY and isinstance(value, float)
        )

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if not hasattr(session.config, "workerinput"):
            with self.file.open("w", encoding="utf-8") as out:
                write_table(out, self.costs)


_LAST = pytest.StashKey[float]()


def _read_processor_time() -> float:
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def write_table(out: TextIO, costs: dict[str, Cost]) -> None:
    """Write a line for each file, the longest first, and one for each folder of them."""
    folders: dict[str, Cost] = defaultdict(Cost)
    for name, cost in costs.items():
        above = folders["/".join(name.split("/")[:3][:-1])]
        above.tests += cost.tests
        above.wall += cost.wall
        above.processor += cost.processor
    for rows in (folders, costs):
        out.write("    wall processor  tests\n")
        for name, cost in sorted(rows.items(), key=lambda row: -row[1].wall):
            out.write(f"{cost.wall:8.1f} {cost.processor:9.1f} {cost.tests:6d}  {name}\n")
        out.write("\n")


def register_costs(config: pytest.Config) -> None:
    if file := os.environ.get(VARIABLE):
        config.pluginmanager.register(CostTable(Path(file)), "costs")
