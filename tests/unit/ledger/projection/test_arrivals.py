"""When a release last came into an environment: by deployments that bring it, in the order of the ledger."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from envctl.domain.ledger.events import DeploymentStarted
from envctl.domain.ledger.release_events import ReleaseCreated
from tests.unit.ledger.ledger_strategies import Step
from tests.unit.ledger.projection.entry_lists import after, dev, failed, passed, started, succeeded

TWO: list[Step] = [started(), succeeded(1), started("r2"), succeeded(3, "r2")]
CAME: dict[str, tuple[list[Step], Mapping[str, Mapping[str, int]]]] = {
    "nothing came": ([ReleaseCreated(release="r1")], {}),
    "a deployment that goes on brings nothing yet": ([started()], {}),
    "a deployment that failed brings nothing": ([started(), failed(1)], {}),
    "one after the other": (TWO, {"r1": {"dev": 1}, "r2": {"dev": 3}}),
    "what runs came once, however often": ([started(), succeeded(1), started(), succeeded(3)], {"r1": {"dev": 1}}),
    "what comes again is the newest": ([*TWO, started(), succeeded(5)], {"r1": {"dev": 5}, "r2": {"dev": 3}}),
    "a rollback brings none": ([*TWO, started(action="rollback"), succeeded(5)], {"r1": {"dev": 1}, "r2": {"dev": 3}}),
    "an earlier commit keeps it": ([*TWO, started(behind="r2"), succeeded(5)], {"r1": {"dev": 1}, "r2": {"dev": 3}}),
    "what an earlier commit brought has that of the release that it is behind": (
        [*TWO, started("r3", behind="r2"), succeeded(5, "r3")],
        {"r1": {"dev": 1}, "r2": {"dev": 3}, "r3": {"dev": 3}},
    ),
    "after a destruction it comes again": (
        [started(), succeeded(1), started(action="destroy"), succeeded(3), started(), succeeded(5)],
        {"r1": {"dev": 5}},
    ),
    "each environment counts for itself": (
        [started(), succeeded(1), started("r1", "staging", "promote"), succeeded(3, "r1", "staging")],
        {"r1": {"dev": 1, "staging": 3}},
    ),
    "what only proves brings nothing": ([started(), succeeded(1), passed(1)], {"r1": {"dev": 1}}),
}


@pytest.mark.parametrize(("steps", "came"), CAME.values(), ids=CAME.keys())
def test_arrivals_of_releases_are_numbered(steps: list[Step], came: Mapping[str, Mapping[str, int]]) -> None:
    assert after(*steps).came == came


def test_started_deployment_records_downgrade() -> None:
    begun = started()
    assert isinstance(begun, DeploymentStarted)
    last = dev(replace(begun, older=True)).last
    assert last and last.older
