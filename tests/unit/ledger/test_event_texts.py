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
FIELDS: dict[str, dict[Source, str]] = {
    "Actor": {"name": "name run_url arn teams environment also"},
    # The subject is of a commit, which its author typed.
    "ReleaseCreated": {"digest": "release commit", "name": "author beside others differences", "person": "subject"},
    "DeploymentStarted": {
        "name": "environment source only stacks unpinned creates clusters program authors",
        "digest": "behind release settings plan place rules rules_before commit program_sha256",
        "envctl": "least_version",
    },
    "DeploymentSucceeded": {
        "name": "environment stacks lost left forgot clusters",
        "digest": "release",
        "envctl": "performed",
    },
    "DeploymentFailed": {
        "name": "environment stacks left untouched existing",
        "digest": "release",
        "envctl": "reason performed",
    },
    "DeploymentAbandoned": {"name": "environment", "digest": "release", "envctl": "reason performed"},
    "VerificationPassed": {"name": "environment checks", "digest": "release marks"},
    "VerificationFailed": {"name": "environment checks", "digest": "release", "envctl": "reason"},
    "ApprovalGiven": {
        "name": "environment gate reviewer unseen",
        "digest": "release settings plan place rules recorded reading",
    },
    "ImportStarted": {"name": "environment stack address", "digest": "release"},
    "ImportEnded": {"name": "environment stack address", "digest": "release", "envctl": "reason"},
    "RulesApproved": {"name": "environment gate", "digest": "recorded rules reading"},
    "RulesResetRequested": {"name": "environment", "digest": "recorded", "person": "reason"},
    "RulesResetWithdrawn": {"name": "environment", "digest": "recorded", "person": "reason"},
    "HistoryVouched": {"name": "environment", "digest": "head"},
    "ApprovalWithdrawn": {"name": "environment gate", "digest": "release"},
    "EnvironmentLocked": {"name": "environment", "person": "reason"},
    "EnvironmentUnlocked": {"name": "environment", "person": "reason"},
    "HoldSet": {"name": "environment", "digest": "release", "person": "reason"},
    "HoldLifted": {"name": "environment", "digest": "release", "person": "reason"},
    "DriftChecked": {"name": "environment resources unplanned also", "digest": "release"},
    "WaiverUsed": {"name": "environment guards giver", "digest": "release", "person": "reason", "envctl": "refusals"},
    "WaiverGiven": {"name": "environment guards", "digest": "release settings place", "person": "reason"},
    "WaiverReviewed": {"name": "environment", "person": "reason"},
    "RolloutStarted": {"name": "environment stack color value stable", "digest": "release"},
    "TrafficShiftStarted": {"name": "environment stack", "digest": "release"},
    "TrafficShifted": {"name": "environment stack color value stable", "digest": "release"},
    "StateMoved": {"name": "environment stack to", "digest": "release lineage"},
}
VERDICTS = {
    f"{event}.{name}": verdict
    for event, verdicts in FIELDS.items()
    for verdict, names in verdicts.items()
    for name in names.split()
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
def test_label_has_code_and_place(problem: Problem, label: str) -> None:
    assert problem.label == label


def test_labels_say_how_many_more_there_are() -> None:
    assert format_error_label(EnvctlError(Problem("E305", "no"), Problem("E306", "no"))) == "E305 and 1 more"
    assert format_error_label(RuntimeError("hunter2")) == "RuntimeError"
    assert format_error_label(EnvctlError()) == "EnvctlError"
