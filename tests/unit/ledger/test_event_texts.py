"""Where each text of an entry comes from: what foreign programs say may quote a secret, and an entry is for ever."""

from dataclasses import fields
from typing import Literal, get_args, get_origin, get_type_hints

import pytest

from envctl.domain.errors import EnvctlError, Location, Problem, format_error_label
from envctl.domain.ledger.events import EVENTS, Actor

Source = Literal["name", "digest", "person", "envctl"]
"""*name*: of something in the project or an address. *digest*: a hash or the name of a release. *person*: words that
someone typed. *envctl*: its own words. There is no verdict for what Terraform, a provider or a check says.
"""
VERDICTS: dict[str, Source] = {
    "Actor.name": "name",
    "Actor.run_url": "name",
    "Actor.arn": "name",
    "Actor.teams": "name",
    "Actor.environment": "name",
    "Actor.also": "name",
    "ReleaseCreated.release": "digest",
    "ReleaseCreated.commit": "digest",
    "ReleaseCreated.author": "name",
    "ReleaseCreated.beside": "name",
    "ReleaseCreated.others": "name",
    "DeploymentStarted.environment": "name",
    "DeploymentStarted.behind": "digest",
    "DeploymentStarted.release": "digest",
    "DeploymentStarted.settings": "digest",
    "DeploymentStarted.source": "name",
    "DeploymentStarted.plan": "digest",
    "DeploymentStarted.only": "name",
    "DeploymentStarted.stacks": "name",
    "DeploymentStarted.unpinned": "name",
    "DeploymentStarted.place": "digest",
    "DeploymentStarted.rules": "digest",
    "DeploymentStarted.rules_before": "digest",
    "DeploymentStarted.creates": "name",
    "DeploymentSucceeded.environment": "name",
    "DeploymentSucceeded.release": "digest",
    "DeploymentSucceeded.stacks": "name",
    "DeploymentSucceeded.performed": "envctl",
    "DeploymentSucceeded.lost": "name",
    "DeploymentSucceeded.left": "name",
    "DeploymentSucceeded.forgot": "name",
    "DeploymentFailed.environment": "name",
    "DeploymentFailed.release": "digest",
    "DeploymentFailed.reason": "envctl",
    "DeploymentFailed.stacks": "name",
    "DeploymentFailed.performed": "envctl",
    "DeploymentFailed.left": "name",
    "DeploymentFailed.untouched": "name",
    "DeploymentAbandoned.environment": "name",
    "DeploymentAbandoned.release": "digest",
    "DeploymentAbandoned.reason": "envctl",
    "VerificationPassed.environment": "name",
    "VerificationPassed.release": "digest",
    "VerificationPassed.checks": "name",
    "VerificationFailed.environment": "name",
    "VerificationFailed.release": "digest",
    "VerificationFailed.checks": "name",
    "VerificationFailed.reason": "envctl",
    "ApprovalGiven.environment": "name",
    "ApprovalGiven.gate": "name",
    "ApprovalGiven.release": "digest",
    "ApprovalGiven.settings": "digest",
    "ApprovalGiven.plan": "digest",
    "ApprovalGiven.reviewer": "name",
    "ApprovalGiven.place": "digest",
    "ApprovalGiven.unseen": "name",
    "ApprovalGiven.rules": "digest",
    "ApprovalGiven.recorded": "digest",
    "ImportStarted.environment": "name",
    "ImportStarted.release": "digest",
    "ImportStarted.stack": "name",
    "ImportStarted.address": "name",
    "ImportEnded.environment": "name",
    "ImportEnded.release": "digest",
    "ImportEnded.stack": "name",
    "ImportEnded.address": "name",
    "ImportEnded.reason": "envctl",
    "RulesApproved.environment": "name",
    "RulesApproved.gate": "name",
    "RulesApproved.recorded": "digest",
    "RulesApproved.rules": "digest",
    "RulesResetRequested.environment": "name",
    "RulesResetRequested.recorded": "digest",
    "RulesResetRequested.reason": "person",
    "RulesResetWithdrawn.environment": "name",
    "RulesResetWithdrawn.recorded": "digest",
    "RulesResetWithdrawn.reason": "person",
    "VerificationPassed.marks": "digest",
    "ApprovalWithdrawn.environment": "name",
    "ApprovalWithdrawn.gate": "name",
    "ApprovalWithdrawn.release": "digest",
    "EnvironmentLocked.environment": "name",
    "EnvironmentLocked.reason": "person",
    "EnvironmentUnlocked.environment": "name",
    "EnvironmentUnlocked.reason": "person",
    "HoldSet.environment": "name",
    "HoldSet.release": "digest",
    "HoldSet.reason": "person",
    "HoldLifted.environment": "name",
    "HoldLifted.release": "digest",
    "HoldLifted.reason": "person",
    "DriftChecked.environment": "name",
    "DriftChecked.release": "digest",
    "DriftChecked.resources": "name",
    "WaiverUsed.environment": "name",
    "WaiverUsed.release": "digest",
    "WaiverUsed.reason": "person",
    "WaiverUsed.guards": "name",
    "WaiverUsed.refusals": "envctl",
    "RolloutStarted.environment": "name",
    "RolloutStarted.release": "digest",
    "RolloutStarted.stack": "name",
    "RolloutStarted.color": "name",
    "RolloutStarted.value": "name",
    "RolloutStarted.stable": "name",
    "TrafficShifted.environment": "name",
    "TrafficShifted.release": "digest",
    "TrafficShifted.stack": "name",
    "TrafficShifted.color": "name",
    "TrafficShifted.value": "name",
    "TrafficShifted.stable": "name",
    "StateMoved.environment": "name",
    "StateMoved.release": "digest",
    "StateMoved.stack": "name",
    "StateMoved.to": "name",
    "StateMoved.lineage": "digest",
}


def test_every_text_of_every_event_has_a_verdict() -> None:
    assert set(texts()) == set(VERDICTS)


def texts() -> list[str]:
    return [
        f"{kind.__name__}.{each.name}"
        for kind in (Actor, *EVENTS.values())
        for each in fields(kind)
        if _holds_text(get_type_hints(kind)[each.name])
    ]


def _holds_text(kind: object) -> bool:
    """A closed set of words is no free text."""
    if get_origin(kind) is Literal:
        return False
    return kind is str or any(_holds_text(each) for each in get_args(kind))


@pytest.mark.parametrize(
    ("problem", "label"),
    [
        (Problem("E305", "the password hunter2 is too short"), "E305"),
        (Problem("E305", "no", stack="web", address="aws_vpc.this"), "E305 at aws_vpc.this in stack web"),
        (Problem("E305", "no", location=Location("modules/web/main.tf", 3), stack="web"),
         "E305 at modules/web/main.tf:3 in stack web"),
        (Problem("E331", "no", stack="web"), "E331 in stack web"),
    ],
)  # fmt: skip
def test_a_label_has_code_and_place(problem: Problem, label: str) -> None:
    assert problem.label == label


def test_labels_say_how_many_more_there_are() -> None:
    assert format_error_label(EnvctlError(Problem("E305", "no"), Problem("E306", "no"))) == "E305 and 1 more"
    assert format_error_label(RuntimeError("hunter2")) == "RuntimeError"
    assert format_error_label(EnvctlError()) == "EnvctlError"
