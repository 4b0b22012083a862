"""The condition of an environment in one word: of several, the one to take care of first."""

from dataclasses import replace

import pytest

from envctl.domain.ledger.state import DriftCheck, EnvironmentState, Evidence, Lock, OpenImport
from envctl.domain.next_step.condition import Condition, find_condition
from tests.unit.guards.asked import ANN, NOW, R1, deployed, ran

RUNS = ran(R1)
DRIFTED = replace(RUNS, drift=DriftCheck(release=R1, by=ANN, at=NOW, drifted=2))
LOCKED = replace(RUNS, lock=Lock(ANN, NOW, "load test"))
IMPORTS = (OpenImport(9, "web", "aws_vpc.main", ANN, NOW),)
UNVERIFIED = replace(RUNS, evidence={R1: Evidence(deployment=deployed(R1))})


def ended(outcome: str) -> EnvironmentState:
    return replace(DRIFTED, last=deployed(outcome=outcome))


CASES: dict[str, tuple[EnvironmentState, int | None, bool, Condition]] = {
    "nothing was deployed": (EnvironmentState(), None, False, "empty"),
    "nothing was deployed, and it is locked": (EnvironmentState(lock=LOCKED.lock), None, False, "locked"),
    "its deployment has no recorded end": (ended("unfinished"), 2, True, "unfinished"),
    "its deployment was interrupted": (ended("interrupted"), 2, True, "interrupted"),
    "its deployment failed": (ended("failed"), 2, True, "failed"),
    "its deployment was abandoned": (ended("abandoned"), 2, True, "failed"),
    "its deployment was of some stacks": (ended("partial"), 2, True, "partial"),
    "its import has no recorded end": (replace(RUNS, imports=IMPORTS), 0, False, "unfinished"),
    "it has drifted and is behind": (DRIFTED, 2, True, "drifted"),
    "it is not verified": (UNVERIFIED, 0, False, "unverified"),
    "it is locked and behind": (LOCKED, 2, False, "locked"),
    "it is behind": (RUNS, 1, True, "behind"),
    "its settings changed": (RUNS, 0, True, "changed"),
    "it is up to date": (RUNS, 0, False, "up_to_date"),
    "it is where code enters": (RUNS, None, False, "up_to_date"),
}


def test_running_deployment_comes_first() -> None:
    assert find_condition(ended("unfinished"), 2, changed=True, running=True) == "running"


@pytest.mark.parametrize(("state", "lag", "changed", "wanted"), CASES.values(), ids=CASES)
def test_condition_is(state: EnvironmentState, lag: int | None, changed: bool, wanted: Condition) -> None:
    assert find_condition(state, lag, changed=changed) == wanted
