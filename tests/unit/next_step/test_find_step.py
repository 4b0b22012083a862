"""What to type next: one table of what is known of an environment, and of what its guards answer."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from envctl.domain.errors import Problem
from envctl.domain.guards import list_refusals
from envctl.domain.guards.request import Request
from envctl.domain.ledger.state import (
    EMPTY_ENVIRONMENT,
    DriftCheck,
    EnvironmentState,
    Hold,
    LedgerState,
    Lock,
    OpenImport,
)
from envctl.domain.next_step.find_step import find_command, find_next_steps, format_deployment, open_refusals
from envctl.domain.next_step.situation import NextStep, Situation, find_goal
from envctl.domain.rules.environment_rules import Rules
from tests.unit.guards.asked import ANN, BOB, HOUR, NOW, PROMOTION, R1, R2, deployed, made, proof, ran

SHORT = R1[:12]
PIPELINE = PROMOTION.pipeline
UNVERIFIED = replace(ran(R1), evidence={R1: proof(verified_at=None)})
DRIFTED = replace(ran(R1), drift=DriftCheck(release=R1, by=BOB, at=NOW, drifted=2, resources=("web: a",)))
BY_HAND = replace(
    ran(R1), drift=DriftCheck(release=R1, by=BOB, at=NOW, drifted=2, resources=("web: a",), unplanned=("web: a",))
)
ADDED = "web: Deployment.apps/shop/web"
OBJECT_BY_HAND = replace(
    ran(R1), drift=DriftCheck(release=R1, by=BOB, at=NOW, drifted=1, resources=(ADDED,), unplanned=(ADDED,))
)
LOCKED = replace(ran(R1), lock=Lock(BOB, NOW, "not now"))


def ended(
    outcome: str, action: str = "apply", *, over: EnvironmentState = EMPTY_ENVIRONMENT, **more: object
) -> EnvironmentState:
    """What is left of a last deployment that did not succeed."""
    return replace(over, last=deployed(R2, seq=5, outcome=outcome, action=action, **more))


def situation(state: EnvironmentState, **more: object) -> Situation:
    known = {R1: made(R1, 1), R2: made(R2, 2)}
    present = LedgerState(seq=9, releases=known, environments={"dev": ran(R1), "staging": state})
    return replace(Situation(environment="staging", pipeline=PIPELINE, present=present, lag=0), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("facts", "command"),
    [
        pytest.param(situation(ran(R1)), "", id="a verified release of the source needs nothing"),
        pytest.param(situation(EMPTY_ENVIRONMENT, lag=None), "", id="what never ran waits for its source"),
        pytest.param(situation(ran(R1), lag=1), "promote dev staging", id="what is behind takes a promotion"),
        pytest.param(situation(UNVERIFIED), "verify staging", id="what is not verified is verified"),
        pytest.param(
            situation(replace(ran(R1), evidence={R1: proof(verified_at=None, deployment=deployed(unpinned=("aws",)))})),
            "apply staging",
            id="what ran with other providers is deployed again",
        ),
        pytest.param(situation(DRIFTED), "drift staging --fix", id="drift is fixed"),
        pytest.param(situation(DRIFTED, lag=1), "drift staging --fix", id="drift is fixed before a promotion"),
        pytest.param(situation(BY_HAND), "", id="drift in no plan is undone by hand"),
        pytest.param(situation(ran(R1), changed="settings"), "apply staging", id="changed settings are applied"),
        pytest.param(situation(ran(R1), leaving=("web",)), "apply staging", id="a stack that leaves is applied"),
        pytest.param(situation(UNVERIFIED, changed="settings"), "verify staging", id="what runs is verified first"),
        pytest.param(
            situation(ended("unfinished", over=ran(R1))), "recover staging", id="an interrupted one is recovered"
        ),
        pytest.param(
            situation(replace(ran(R1), imports=(OpenImport(4, "web", "a", BOB, NOW),))),
            "recover staging",
            id="an open import is recovered",
        ),
        pytest.param(situation(ran(R1), unsaved=True), "recover staging", id="an unsaved state is recovered"),
        pytest.param(
            situation(ended("unfinished", over=ran(R1)), running="envctl apply staging by bob"),
            "",
            id="what runs now is left alone",
        ),
        pytest.param(
            situation(ended("failed", "promote", over=ran(R1), source="dev"), lag=0),
            f"promote dev staging --release {R2[:12]}",
            id="a failed promotion is repeated with its release",
        ),
        pytest.param(
            situation(ended("failed", "rollback", over=ran(R1))),
            f"rollback staging --to {R2[:12]}",
            id="a failed rollback is repeated",
        ),
        pytest.param(
            situation(ended("failed", "apply", over=ran(R1))), "apply staging", id="a failed apply is repeated"
        ),
        pytest.param(
            situation(ended("abandoned", "destroy", over=ran(R1))),
            "destroy staging",
            id="a destroy that stopped goes on",
        ),
        pytest.param(situation(ended("succeeded", "destroy"), lag=None), "", id="what was destroyed stays so"),
    ],
)
def test_state_alone_names_the_next_command(facts: Situation, command: str) -> None:
    steps = find_next_steps(facts, find_goal(facts))
    assert [step.command for step in steps if step.command] == ([f"envctl {command}"] if command else [])


def test_first_deployment_of_the_entry_is_an_apply() -> None:
    facts = Situation(environment="dev", pipeline=PIPELINE, present=LedgerState())
    assert find_next_steps(facts, find_goal(facts)) == (NextStep("envctl apply dev", "the first deployment"),)


def ask(change: Callable[[Request], Request], before: tuple[NextStep, ...] = ()) -> tuple[NextStep, ...]:
    """The next steps of staging, one release behind, where the guards are asked of a changed request."""
    request = change(replace(PROMOTION, actor=ANN))
    facts = Situation(environment="staging", pipeline=PIPELINE, present=request.present, lag=1)
    goal = find_goal(facts)
    assert goal is not None
    return find_next_steps(facts, goal, request, list_refusals(request), before)


def _has(**states: EnvironmentState) -> Callable[[Request], Request]:
    return lambda request: replace(
        request, present=replace(request.present, environments={**request.present.environments, **states})
    )


def _asks(**rules: object) -> Callable[[Request], Request]:
    return lambda request: replace(request, rules=Rules().model_copy(update=rules))


@pytest.mark.parametrize(
    ("change", "before", "commands"),
    [
        pytest.param(lambda each: each, (), ["promote dev staging"], id="no guard refuses"),
        pytest.param(_has(staging=LOCKED), (), ["unlock staging"], id="a lock is lifted first"),
        pytest.param(
            _has(staging=replace(ran(R2), holds={R1: Hold(R1, BOB, NOW, "bad")})), (), [], id="a hold is never lifted"
        ),
        pytest.param(
            _asks(approvals={"peer": 1, "law": 1}),
            (),
            ["approve staging --gate peer", "approve staging --gate law"],
            id="every gate that waits is named",
        ),
        pytest.param(_asks(soak=2 * HOUR), (), [], id="soak takes time and no command"),
        pytest.param(
            _has(dev=UNVERIFIED),
            (NextStep("envctl verify dev", "not verified"),),
            ["verify dev"],
            id="the step of the source comes first",
        ),
        pytest.param(
            lambda each: replace(_asks(approvals={"peer": 1})(each), unfit=(Problem("E205", "size has no value"),)),
            (),
            [],
            id="no approval for settings that do not fit",
        ),
    ],
)
def test_guards_name_what_comes_before(
    change: Callable[[Request], Request], before: tuple[NextStep, ...], commands: list[str]
) -> None:
    assert [step.command for step in ask(change, before) if step.command] == [f"envctl {each}" for each in commands]


def test_wait_tells_its_end_and_reason() -> None:
    (step,) = ask(_asks(soak=2 * HOUR))
    assert step.opens == NOW + HOUR
    assert "for 1h of 2h" in step.reason
    assert step.hint == "wait, then: envctl promote dev staging"


def test_drift_of_objects_outside_plans_is_accepted_by_rules_alone() -> None:
    hints = [
        find_next_steps(facts, find_goal(facts))[0].hint for facts in (situation(BY_HAND), situation(OBJECT_BY_HAND))
    ]
    assert hints[0].endswith("to accept it: envctl apply staging")
    assert hints[1].endswith("to managers, in [environments.staging.drift]")


def test_drift_behind_gates_is_approved_first() -> None:
    request = replace(
        _asks(approvals={"peer": 1})(_has(staging=DRIFTED)(PROMOTION)), action="apply", source=None, undoes=True
    )
    facts = situation(DRIFTED)
    goal = find_goal(facts)
    assert [step.command for step in find_next_steps(facts, goal, request)] == [
        f"envctl approve staging --gate peer --release {SHORT}"
    ]


@pytest.mark.parametrize(
    ("hint", "command"),
    [
        ("envctl verify dev", "envctl verify dev"),
        ("wait, then: envctl promote dev staging", ""),
        ("envctl status shows the way on", ""),
        ("", ""),
    ],
)
def test_only_whole_commands_are_commands(hint: str, command: str) -> None:
    assert find_command(hint) == command


def test_earlier_release_is_named_in_its_command() -> None:
    dev = replace(ran(R1, R2), last=deployed(R2, seq=8))
    request = _has(dev=dev)(PROMOTION)
    assert format_deployment(request) == f"envctl promote dev staging --release {SHORT}"
    assert format_deployment(PROMOTION) == "envctl promote dev staging"


def test_time_that_passed_ends_a_wait() -> None:
    later = lambda each: replace(_asks(soak=2 * HOUR)(each), now=NOW + timedelta(hours=2))  # noqa: E731
    assert [step.command for step in ask(later)] == ["envctl promote dev staging"]


def test_source_that_waits_is_waited_for() -> None:
    waits = NextStep("", "it waits", hint="wait, then: envctl promote dev staging", opens=NOW)
    request = _has(dev=EnvironmentState())(replace(PROMOTION, actor=ANN))
    assert open_refusals(request, list_refusals(request), (waits,)) == (waits,)
