"""How the options of a job go together, and how a job ends: what it found is told by whoever collects."""

from typing import Any

import pytest

from envctl.cli.options.shard_options import has_shard_options, shard_exit_code
from envctl.domain.errors import UsageError
from envctl.domain.exit_codes import ExitCode
from envctl.usecases.drift.result import Drift
from tests.cli.render.samples import RESULTS

GIVEN: dict[str, tuple[dict[str, Any], bool]] = {
    "nothing": ({}, False),
    "units": ({"units": ["dev/web"]}, True),
    "a job of a run": ({"run": "r", "shard": 1}, True),
    "the job with the number zero, which there is not": ({"run": "r", "shard": 0}, True),
}
REFUSED: dict[str, tuple[dict[str, Any], dict[str, object], str]] = {
    "a run alone": ({"run": "r"}, {}, "--run is incomplete"),
    "a number alone": ({"shard": 1}, {}, "--shard is incomplete"),
    "units of a run": ({"units": ["dev/web"], "run": "r"}, {}, "--unit can't be combined with --run"),
    "a job that does something else": ({"run": "r", "shard": 1}, {"--fix": True}, "--run can't be combined with --fix"),
    "units beside an environment": ({"units": ["dev/web"]}, {"ENV": ["dev"]}, "--unit can't be combined with ENV"),
}


def asked(units: Any = None, run: Any = None, shard: Any = None, others: Any = None) -> bool:
    return has_shard_options(units, run, shard, others or {})


@pytest.mark.parametrize(("given", "expected"), GIVEN.values(), ids=GIVEN)
def test_what_goes_together(given: dict[str, Any], expected: bool) -> None:
    assert asked(**given, others={"ENV": None, "--fix": False, "--stack": []}) is expected


@pytest.mark.parametrize(("given", "others", "said"), REFUSED.values(), ids=REFUSED)
def test_what_does_not(given: dict[str, Any], others: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=f"E026 {said}"):
        asked(**given, others=others)


ENDS = {
    "no drift": ExitCode.DONE,
    "drift": ExitCode.DONE,
    "drift of one environment": ExitCode.DONE,
    "drift that is not known": ExitCode.FAILED,
}


@pytest.mark.parametrize(("name", "code"), ENDS.items())
def test_a_job_ends_well_where_it_could_look(name: str, code: ExitCode) -> None:
    found = RESULTS[name]
    assert isinstance(found, Drift)
    assert shard_exit_code(found) == code
