"""What guards, checks and looks have found, as the reports that systems of CI read."""

import json
from collections import Counter
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from envctl.cli.render.ci_reports.junit import render_junit
from envctl.cli.render.ci_reports.sarif import render_sarif
from envctl.cli.render.ci_reports.verdicts import Verdict, collect_verdicts
from envctl.domain.errors import ConfigurationError, Location, OperationFailedError, Problem
from envctl.domain.guards import RefusedError
from envctl.usecases.deployment.verification import CheckOutcome, Verification
from tests.cli.render.samples import RESULTS
from tests.cli.render.samples.outcomes import FOUND
from tests.cli.render.samples.refusals import WHY

WRONG = ConfigurationError(
    Problem("E203", "size is no number", "write one", Location("environments/prod/terraform.tfvars", 3)),
    Problem("E101", "there is no such module", location=Location("envctl.toml")),
)
FOUND_OUT = {
    "guards": ("why", WHY, None),
    "drift": ("drift", FOUND, OperationFailedError(*FOUND.problems)),
    "a wrong project": ("validate", None, WRONG),
    "a refusal": ("promote", None, RefusedError(WHY.refusals)),
}


def cases(text: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(text).iter("testcase"))


def results(text: str) -> list[dict[str, Any]]:
    (run,) = json.loads(text)["runs"]
    found: list[dict[str, Any]] = run["results"]
    return found


@pytest.mark.parametrize("name", FOUND_OUT)
def test_verdicts_are_rendered_as_junit(name: str, snapshot: SnapshotAssertion) -> None:
    assert render_junit(collect_verdicts(*FOUND_OUT[name])) == snapshot


@pytest.mark.parametrize("name", FOUND_OUT)
def test_verdicts_are_rendered_as_sarif(name: str, snapshot: SnapshotAssertion) -> None:
    assert render_sarif(collect_verdicts(*FOUND_OUT[name])) == snapshot


@pytest.mark.parametrize("name", RESULTS)
def test_both_reports_have_the_same_verdicts(name: str) -> None:
    found = collect_verdicts("x", RESULTS[name], None)
    outcomes = Counter(verdict.outcome for verdict in found)
    top = ElementTree.fromstring(render_junit(found))
    assert (len(list(top.iter("testcase"))), top.get("tests")) == (len(found), f"{len(found)}")
    assert len(list(top.iter("failure"))) == outcomes["failed"] == int(top.get("failures", ""))
    assert len(list(top.iter("error"))) == outcomes["unknown"] == int(top.get("errors", ""))
    wrong = results(render_sarif(found))
    assert len(wrong) == outcomes["failed"] + outcomes["unknown"] + outcomes["warned"]
    for each in wrong:
        (place,) = each["locations"]
        assert place["physicalLocation"]["region"]["startLine"] >= 1
        assert each["message"]["text"]


def test_problem_of_the_result_is_not_repeated() -> None:
    told = collect_verdicts("drift", FOUND, OperationFailedError(*FOUND.problems))
    assert told == collect_verdicts("drift", FOUND, None)


def test_checks_are_test_cases() -> None:
    checks = (
        CheckOutcome("http", "passed"),
        CheckOutcome("size", "failed", "too small"),
        CheckOutcome("later", "skipped", "no url"),
    )
    found = collect_verdicts("verify", Verification("dev", "r1", checks), None)
    assert [(each.get("name"), [child.tag for child in each]) for each in cases(render_junit(found))] == [
        ("http", []),
        ("size", ["failure"]),
        ("later", ["skipped"]),
    ]
    assert [each["ruleId"] for each in results(render_sarif(found))] == ["check"]


def test_empty_result_makes_an_empty_report() -> None:
    assert cases(render_junit(())) == []
    assert results(render_sarif(())) == []


def test_finding_has_a_stable_fingerprint() -> None:
    one, other = (
        Verdict(suite="drift in prod", name="web", rule="drift", outcome="failed", message=f"{number} differ")
        for number in (1, 2)
    )
    prints = [results(render_sarif([each]))[0]["partialFingerprints"] for each in (one, other)]
    assert prints[0] == prints[1]
    assert (
        results(render_sarif([Verdict(suite="drift in dev", name="web", rule="drift", outcome="failed")]))[0][
            "partialFingerprints"
        ]
        != prints[0]
    )


@given(st.text(max_size=20), st.text(max_size=20), st.sampled_from(["failed", "warned", "skipped", "unknown"]))
def test_no_text_breaks_a_report(name: str, message: str, outcome: Any) -> None:
    verdict = Verdict(
        suite=name,
        name=name,
        rule="E203",
        outcome=outcome,
        message=message,
        hint=message,
        location=Location(f"a/{name or 'b'}", 1),
    )
    (case,) = cases(render_junit([verdict]))
    assert len(case.get("name", "")) == len(name)
    assert len(results(render_sarif([verdict]))) == (outcome != "skipped")
