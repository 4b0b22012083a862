"""What most tests of use cases begin with."""

from pathlib import Path

import pytest

from tests.fakes.world import World

HERE = Path(__file__).parent


@pytest.fixture
def world() -> World:
    return World()


# Stories of many commands each: a third of these tests, and two thirds of their time.
STORIES = frozenset({
    "approval/test_gate_stacks.py", "approval/test_one_person.py", "deployment/leaving/test_leaving_stacks.py",
    "deployment/rollout/test_run.py", "deployment/rollout/test_step_start.py", "deployment/stages/test_late_stop.py",
    "deployment/test_evidence.py", "deployment/test_halfway.py", "deployment/test_many_stacks.py",
    "deployment/test_new_names.py", "deployment/test_older.py", "deployment/test_rehearsal.py",
    "deployment/test_rollout_leaving.py", "fleet/test_collect.py", "inspect/test_diff.py", "inspect/test_export.py",
    "inspect/test_report.py", "inspect/test_rules.py", "ledger/test_interrupted_entries.py", "ledger/test_signing.py",
})  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`make check` leaves the stories out."""
    for item in items:
        if item.path.is_relative_to(HERE) and str(item.path.relative_to(HERE)) in STORIES:
            item.add_marker(pytest.mark.slow)
