"""A command in a few words, for a later step."""

from datetime import UTC, datetime

import pytest

from envctl.cli.ci.outcome import REASONS, to_variables
from envctl.domain.errors import ConfigurationError, Problem
from envctl.domain.exit_codes import ExitCode
from envctl.domain.plan.changes import EnvironmentPlan, StackPlan
from envctl.usecases.approval.explain_refusal import Why
from envctl.usecases.deployment.result import DeploymentResult
from envctl.usecases.drift.result import Drift, EnvironmentDrift

WAITS = StackPlan("web", waits_for=("network",))
NOTHING = EnvironmentPlan(environment="dev", release="r1", stacks=(StackPlan("web"),))
SOMETHING = EnvironmentPlan(environment="dev", release="r1", stacks=(WAITS,))


@pytest.mark.parametrize(
    ("result", "release", "changes"),
    [
        (NOTHING, "r1", "false"),
        (SOMETHING, "r1", "true"),
        (DeploymentResult(environment="dev", release="r1", plan=SOMETHING), "r1", "true"),
        (DeploymentResult(environment="dev", release="r1", plan=NOTHING), "r1", "false"),
        (DeploymentResult(environment="dev", release="r1", up_to_date=True), "r1", "false"),
        (Drift((EnvironmentDrift(environment="dev", release="r1", condition="clean"),)), "r1", "false"),
        (
            Drift(
                (
                    EnvironmentDrift(environment="dev", release="r1", condition="clean"),
                    EnvironmentDrift(environment="prod", release="r1", condition="clean"),
                )
            ),
            "r1",
            "false",
        ),
        (
            Drift(
                (
                    EnvironmentDrift(environment="dev", release="r1", condition="clean"),
                    EnvironmentDrift(environment="prod", release="r2", condition="clean"),
                )
            ),
            "",
            "false",
        ),
        (None, "", ""),
        (object(), "", ""),
    ],
)
def test_release_and_changes(result: object, release: str, changes: str) -> None:
    told = to_variables(result, None, 0)
    assert (told["release"], told["changes"]) == (release, changes)


def test_the_plan_that_was_made_to_be_approved() -> None:
    answers = Why(
        target="prod",
        source="staging",
        release="r1",
        now=datetime(2026, 11, 26, tzinfo=UTC),
        answers=(),
        gates={},
        who="",
        opens=None,
        next="",
        plan="5e" * 32,
    )
    assert to_variables(answers, None, 0)["plan"] == "5e" * 32
    assert to_variables(NOTHING, None, 0)["plan"] == ""
    assert to_variables(DeploymentResult(environment="dev", release="r1", plan=SOMETHING), None, 0)["plan"] == ""


def test_every_exit_code_of_envctl_has_a_reason() -> None:
    of_a_command = {ExitCode.NOT_EXECUTABLE, ExitCode.NOT_FOUND}
    assert set(REASONS) == set(ExitCode) - of_a_command
    assert to_variables(None, None, 77)["reason"] == "failed"


def test_each_problem_is_named_once() -> None:
    error = ConfigurationError(Problem("E203", "a"), Problem("E201", "b"), Problem("E203", "c"))
    assert to_variables(None, error, 78)["problems"] == "E203 E201"
