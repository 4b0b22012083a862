"""What the report says of each rule stands beside the rule."""

from datetime import timedelta

import pytest

from envctl.domain.config.gates import Gates, WindowTable
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.config.rules.rule_text import describe_rules, find_rule_texts
from envctl.domain.rules.environment_rules import Rules

WINDOW = WindowTable(kind="deny", name="year end", start="2026-12-20", end="2027-01-04")
# The report shows them with the approvals.
SHOWN_ELSEWHERE = {"approvals", "reviewers"}
IN_FORCE: dict[str, tuple[object, tuple[str, object]]] = {
    "soak": (timedelta(hours=36), ("Soak", "1 d 12 h verified in the environment before")),
    "max_age": (timedelta(days=14), ("Proof", "at most 14 d old")),
    "expires": (timedelta(hours=8), ("Approvals", "hold for 8 h")),
    "self_approval": (True, ("Approvals", "its makers may approve it too")),
    "windows": ((WINDOW,), ("Windows", (str(WINDOW),))),
    "committed": (True, ("Code", "committed only")),
    "rehearsed": ("refuse", ("Rehearsed", "only changes already done in the environment before")),
    "waivable": ((GuardCode.SOAK, GuardCode.WINDOW), ("Break-glass", "may waive G104 soak, G107 window")),
    "protected": (True, ("Protected", "no resource with data is destroyed, and at most 0 others")),
    "may_differ": (frozenset({"size", "count"}), ("Parity", "may differ in count, size")),
}


@pytest.mark.parametrize(("name", "value", "row"), [(name, *each) for name, each in IN_FORCE.items()], ids=IN_FORCE)
def test_rule_in_force_is_told(name: str, value: object, row: tuple[str, object]) -> None:
    assert row in list(describe_rules(Rules().model_copy(update={name: value})))


def test_rules_not_in_force_are_left_out() -> None:
    assert list(describe_rules(Rules())) == [("Break-glass", "waives nothing")]


def test_nothing_may_differ_without_names() -> None:
    assert ("Parity", "may differ in nothing") in list(describe_rules(Rules(may_differ=frozenset())))


def test_every_gate_has_a_text() -> None:
    gates = set(Gates.model_fields) - SHOWN_ELSEWHERE
    assert gates <= set(find_rule_texts(Gates)), "add a RuleText to the type of the new gate"
