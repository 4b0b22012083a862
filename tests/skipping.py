"""Tests that need a program which is not installed are skipped, and where `NO_SKIPS` is set, no test may be.

Which marker needs which program says `tools/system_packages.py`; `make system-packages` installs them.
"""

import os
from collections import Counter
from collections.abc import Iterator
from functools import cache

import pytest
from tools import system_packages

NO_SKIPS = "NO_SKIPS"


@cache
def find_reasons() -> dict[str, str]:
    """Returns, for each marker whose tests can't run on this machine, what to install."""
    release = system_packages.read_os_release(system_packages.OS_RELEASE)
    missing = system_packages.find_missing()
    by_marker = {
        marker: [program for program in missing if marker in program.markers]
        for program in missing
        for marker in program.markers
    }
    reasons = {
        marker: f"to run tests that are {marker}: {system_packages.describe_install(programs, release)}"
        for marker, programs in by_marker.items()
    }
    if os.geteuid() != 0:
        reasons.setdefault("image", "to run tests that are image: be root, for mounts of its own")
    return reasons


def skip_unrunnable(items: list[pytest.Item]) -> None:
    for item in items:
        for marker, reason in find_reasons().items():
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


class NoSkips:
    """Makes a failure of everything that is skipped: in CI a part must not count as the whole."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self) -> Iterator[None]:
        report: pytest.TestReport = yield  # type: ignore[assignment]
        # What is expected to fail counts as skipped too.
        if report.skipped and not hasattr(report, "wasxfail"):
            _fail_report(report)
        return report  # type: ignore[return-value]

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_make_collect_report(self) -> Iterator[None]:
        report: pytest.CollectReport = yield  # type: ignore[assignment]
        if report.skipped:
            _fail_report(report)
        return report  # type: ignore[return-value]


def _fail_report(report: pytest.TestReport | pytest.CollectReport) -> None:
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
    report.outcome = "failed"
    report.longrepr = f"{NO_SKIPS} is set, and this was skipped. {reason}"


class SkipSummary:
    """Says at the end, once each, what to install for tests that were skipped."""

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        told: Counter[str] = Counter()
        for report in terminalreporter.stats.get("skipped", []):
            told[report.longrepr[2].removeprefix("Skipped: ") if isinstance(report.longrepr, tuple) else ""] += 1
        for reason in find_reasons().values():
            if told[reason]:
                tests = "1 test was" if told[reason] == 1 else f"{told[reason]} tests were"
                terminalreporter.write_line(f"{tests} skipped; {reason}")


def register_skipping(config: pytest.Config) -> None:
    config.pluginmanager.register(SkipSummary(), "what was skipped")
    if os.environ.get(NO_SKIPS):
        config.pluginmanager.register(NoSkips(), "no skips")
