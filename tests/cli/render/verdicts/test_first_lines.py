"""The first line answers: on the console at every width, and in the heading of the Markdown."""

from dataclasses import replace
from typing import Any

import pytest

from envctl.cli.ci.result_views import render_markdown as in_markdown
from envctl.cli.render.words.approval.verdict import format_verdict
from envctl.cli.render.words.status import format_status_verdict
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards import Refusal
from envctl.domain.guards.gate_approvals import GateApprovals
from envctl.usecases.approval.explain_refusal import Answer, Why
from envctl.usecases.inspect.status import Status
from tests.cli.render.samples import RESULTS, STATUS
from tests.cli.render.samples.basics import NEW, NOW
from tests.cli.render.test_human import said


def why(*codes: GuardCode, **more: Any) -> Why:
    answers = tuple(Answer(code, code.guard, "refuses", Refusal(code, message="no", hint="")) for code in codes)
    return replace(
        Why(
            target="prod",
            source="staging",
            release=NEW,
            now=NOW,
            answers=answers,
            gates={},
            who="",
            opens=None,
            next="",
        ),
        **more,
    )


def passing(*outcomes: str) -> tuple[Answer, ...]:
    return tuple(Answer("G101", "order", outcome) for outcome in outcomes)  # type: ignore[arg-type]


@pytest.mark.parametrize("code", GuardCode)
def test_each_guard_has_a_short_reason(code: GuardCode) -> None:
    text = format_verdict(why(code))
    assert text.startswith("prod can't be promoted: ")
    assert "{" not in text
    assert len(text) < 90


def gates(*pairs: tuple[int, int]) -> dict[str, GateApprovals]:
    return {f"gate{number}": GateApprovals(*pair) for number, pair in enumerate(pairs)}


VERDICTS: dict[str, tuple[Why, str]] = {
    "it passes": (why(answers=passing("passes")), "prod can be promoted."),
    "it is the entry": (why(source=None, target="dev", answers=()), "dev can be deployed."),
    "guards need a plan": (why(answers=passing("unplanned") * 2), "prod can be promoted; 2 guards need a plan."),
    "one guard needs a plan": (why(answers=passing("unplanned")), "prod can be promoted; 1 guard needs a plan."),
    "a guard warns": (
        why(answers=passing("warns", "unplanned")),
        "prod can be promoted; 1 warning; 1 guard needs a plan.",
    ),
    "its only approval is missing": (
        why(GuardCode.APPROVALS, approvals=gates((0, 1))),
        "prod can't be promoted: the approval is missing.",
    ),
    "approvals are missing": (
        why(GuardCode.APPROVALS, approvals=gates((1, 2), (0, 1))),
        "prod can't be promoted: 2 of 3 approvals are missing.",
    ),
    "one of some approvals is missing": (
        why(GuardCode.APPROVALS, approvals=gates((1, 1), (0, 1))),
        "prod can't be promoted: 1 of 2 approvals is missing.",
    ),
    "there is nothing to promote": (
        why(GuardCode.PROVENANCE, release=None),
        "prod can't be promoted: staging has no release.",
    ),
    "many guards refuse": (
        why(GuardCode.VERIFIED, GuardCode.WINDOW, GuardCode.LOCK, GuardCode.CLEAN),
        (
            "prod can't be promoted: the release is not verified in staging; its deployment window is closed;"
            " 2 more guards refuse."
        ),
    ),
    "three guards refuse": (
        why(GuardCode.VERIFIED, GuardCode.WINDOW, GuardCode.CLEAN),
        (
            "prod can't be promoted: the release is not verified in staging; its deployment window is closed;"
            " 1 more guard refuses."
        ),
    ),
}


@pytest.mark.parametrize(("found", "wanted"), VERDICTS.values(), ids=VERDICTS)
def test_verdict_of_why_is(found: Why, wanted: str) -> None:
    assert format_verdict(found) == wanted


FIRST_LINES = {
    "a why that refuses": "prod can't be promoted: ",
    "a status": "dev runs 3f2a91c0b7d4; staging is 2 releases behind; prod is 1 release behind.",
    "a status of an empty project": "dev, staging and prod are empty.",
    "a status with nothing to do": "dev runs 3f2a91c0b7d4; prod is up to date.",
    "a first plan": "dev: 3 to create; web not planned yet",
    "a large plan": "prod: 3 to create, 481 to update, 7 to replace, 20 to delete",
    "drift": "Drift in dev (1 difference), staging (4 differences)",
    "no drift anywhere": "No drift in dev, staging",
    "a doctor who finds much": "Not ready: 4 problems, 2 warnings, 3 not checked.",
    "a doctor who finds nothing": "Ready.",
}


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize(("name", "wanted"), FIRST_LINES.items())
def test_first_line_answers(name: str, wanted: str, width: int) -> None:
    assert said(RESULTS[name], width).startswith(wanted)


@pytest.mark.parametrize(("name", "wanted"), FIRST_LINES.items())
def test_heading_answers(name: str, wanted: str) -> None:
    heading = in_markdown(RESULTS[name]).splitlines()[0]
    assert heading.startswith("## ")
    assert wanted in heading


def test_environments_of_one_condition_share_a_clause() -> None:
    staging, prod = STATUS.environments[1:]
    alike = replace(STATUS, environments=(staging, replace(prod, lag=2, present=staging.present)))
    assert format_status_verdict(alike) == "staging and prod are 2 releases behind."


def test_status_without_environments_has_a_verdict() -> None:
    assert format_status_verdict(Status(project="shop", now=NOW, environments=())) == "No environments."
