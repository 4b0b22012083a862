"""The cluster and the programs of these tests."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.cluster import kubernetes_cluster
from tests.programs import PROMETHEUS, unpack_helm

__all__ = ["kubernetes_cluster"]

settings.register_profile("default", deadline=None, max_examples=12, derandomize=True)
settings.register_profile("nightly", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(scope="session")
def helm_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return unpack_helm(tmp_path_factory.mktemp("programs"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("prometheus") and not PROMETHEUS.exists():
            item.add_marker(pytest.mark.skip(reason=f"{PROMETHEUS} is missing: `make system-packages` unpacks it"))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """Fail a test that is skipped where `NO_SKIPS` is set."""
    report: pytest.TestReport = yield  # type: ignore[assignment]
    if report.skipped and "NO_SKIPS" in os.environ and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome, report.longrepr = "failed", f"NO_SKIPS is set, and this was skipped. {reason}"
    return report  # type: ignore[return-value]
