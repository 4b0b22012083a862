"""The table of gates and stacks, and G113: what approvals cover, and whether a deployment would stop halfway."""

from dataclasses import replace
from typing import Any

import pytest

from envctl.domain.guards import Request, defer_approvals, list_refusals
from envctl.domain.guards.approvals import format_approval
from envctl.domain.guards.gate_approvals import has_covered_missing, list_gate_approvals
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.state import Approval, Deployment
from envctl.domain.plan.changes import Action, EnvironmentPlan, StackPlan
from envctl.domain.plan.fingerprint import fingerprint_plan
from tests.unit.guards.asked import (
    BOB,
    CAT,
    DAN,
    HOUR,
    NOW,
    R1,
    TO_PROD,
    answer,
    approval,
    change,
    deployed,
    here,
    ruled,
)

EVE = Actor("eve")
NEEDS = {"network": (), "web": ("network",), "data": ("web",)}
MADE = change(Action.CREATE)
FIRST = EnvironmentPlan(
    environment="prod",
    release=R1,
    stacks=(
        StackPlan("network", resources=(MADE,)),
        StackPlan("web", waits_for=("network",)),
        StackPlan("data", waits_for=("web",)),
    ),
)
LATER = replace(FIRST, stacks=(FIRST.stacks[0], StackPlan("web", waits_for=("network",), behind=True)))
SEEN, SEEN_LATER = fingerprint_plan(FIRST), fingerprint_plan(LATER)
ASKED = replace(
    ruled(TO_PROD, approvals={"peer": 1, "quality": 2}),
    needs=NEEDS,
    approved={SEEN.digest: SEEN, SEEN_LATER.digest: SEEN_LATER},
)
BOTH = ("web", "data")


def given(by: Actor, gate: str = "peer", *unseen: str, **more: Any) -> Approval:
    return approval(by, gate, unseen=unseen, **{"plan": SEEN.digest, **more})


def approved(*approvals: Approval, request: Request = ASKED, **more: Any) -> Request:
    return here(request, approvals=approvals, **more)


ALL = (given(CAT, "peer", *BOTH), given(CAT, "quality", *BOTH), given(DAN, "quality", *BOTH))
STOPPED: Deployment = deployed(outcome="failed", reason="G302", action="promote", ended_at=NOW)


def states(request: Request, gate: str) -> list[str]:
    return [cell.state for cell in list_gate_approvals(request)[gate].stacks.values()]


TABLES: dict[str, tuple[Request, list[str], tuple[int, int]]] = {
    "nobody": (ASKED, ["missing"] * 3, (0, 2)),
    "one of two": (approved(given(CAT, "quality", *BOTH)), ["missing"] * 3, (1, 2)),
    "two, unseen": (approved(*ALL), ["given", "unseen", "unseen"], (2, 2)),
    "two, and one leaves out a stack": (
        approved(given(CAT, "quality", *BOTH), given(DAN, "quality", "web")),
        ["given", "unseen", "not covered"],
        (1, 2),
    ),
    "one person twice": (
        approved(given(CAT, "quality"), given(CAT, "quality", *BOTH)),
        ["missing", "not covered", "not covered"],
        (1, 2),
    ),
    "of a lost plan": (
        approved(given(CAT, "quality", plan="f00d"), given(DAN, "quality", plan="f00d")),
        ["given"] * 3,
        (2, 2),
    ),
    "with a plan that holds more": (
        replace(
            approved(*ALL),
            plan=replace(FIRST, stacks=(StackPlan("network", resources=(MADE, change(Action.DELETE, "aws_vpc.b"))),)),
        ),
        ["not covered", "unseen", "unseen"],
        (0, 2),
    ),
    "of a stack that holds resources": (
        approved(*(given(by, "quality", plan=SEEN_LATER.digest) for by in (CAT, DAN))),
        ["given", "not covered", "given"],
        (2, 2),
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_table_tells_how_far_approvals_cover_stacks(name: str) -> None:
    request, expected, counts = TABLES[name]
    found = list_gate_approvals(request)["quality"]
    assert (states(request, "quality"), (found.have, found.need)) == (expected, counts)


def test_people_of_a_cell_are_those_who_cover_it() -> None:
    request = approved(given(CAT, "quality", *BOTH), given(DAN, "quality", "web"))
    cells = list_gate_approvals(request)["quality"].stacks
    assert (cells["web"].by, cells["data"].by) == ((CAT, DAN), (CAT,))


def test_who_left_out_a_stack_can_approve_again() -> None:
    gate = list_gate_approvals(approved(given(CAT, "quality", *BOTH), given(DAN, "quality", "web")))["quality"]
    assert [has_covered_missing(gate, by) for by in (CAT, DAN, EVE)] == [True, False, False]


COMMAND = "envctl approve prod --gate {} --unseen web,data"
PART = "envctl promote staging prod --partial"
REFUSED: dict[str, tuple[Request, str, str]] = {
    "at one gate": (
        approved(given(CAT), *ALL[1:]),
        "the approvals at peer do not cover web and data",
        COMMAND.format("peer"),
    ),
    "at each gate another one": (
        approved(given(CAT, "peer", "data"), ALL[1], given(DAN, "quality", "web")),
        "the approvals at peer do not cover web; the approvals at quality do not cover data",
        COMMAND.format("peer"),
    ),
    "at two gates alike": (
        approved(*(replace(each, unseen=("web",)) for each in ALL)),
        "the approvals at peer and quality do not cover data",
        COMMAND.format("peer"),
    ),
    "with its plan": (
        replace(approved(*ALL[:2], given(DAN, "quality", "web")), plan=FIRST),
        "the approvals at quality do not cover data",
        COMMAND.format("quality"),
    ),
    "of a stack with resources": (
        approved(*(replace(each, plan=SEEN_LATER.digest, unseen=()) for each in ALL), stacks=frozenset({"web"})),
        "the approvals at peer and quality do not cover web; that can be planned when the stacks before are applied",
        PART,
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_deployment_that_would_stop_halfway_is_refused(name: str) -> None:
    request, reason, hint = REFUSED[name]
    refusal = answer("G113", request)
    assert refusal is not None
    other = "" if hint == PART else "; --partial deploys the stacks before, and stops there"
    assert (refusal.message, refusal.hint) == (f"prod would stay half deployed: {reason}{other}", hint)
    assert refusal.for_now
    assert answer("G113", replace(request, partial=True)) is None


ALLOWED: dict[str, Request] = {
    "no gate asks": ruled(approved(given(CAT)), approvals={}),
    "approvals are missing": approved(given(CAT)),
    "all stacks are covered": approved(*ALL),
    "all stacks are covered, with the plan": replace(approved(*ALL), plan=FIRST),
    "nothing waits by now": replace(
        approved(given(CAT), *ALL[1:]), plan=replace(FIRST, stacks=(StackPlan("network", resources=(MADE,)),))
    ),
    "the plan holds more than was approved": replace(
        approved(given(CAT), *ALL[1:]),
        plan=replace(FIRST, stacks=(StackPlan("network", resources=(change(Action.DELETE),)), *FIRST.stacks[1:])),
    ),
    "a stack with resources, after a deployment": approved(
        *(replace(each, plan=SEEN_LATER.digest, unseen=()) for each in ALL),
        stacks=frozenset({"network", "web", "data"}),
        last=STOPPED,
    ),
    "a destruction": replace(approved(given(CAT), *ALL[1:]), action="destroy", source=None),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_deployment_that_can_go_to_its_end_passes(name: str) -> None:
    assert answer("G113", ALLOWED[name]) is None


def test_stop_before_left_out_stack_asks_its_gate_alone() -> None:
    """The network is there, and the stack after it was approved unseen at one gate and left out at the other."""
    stopped = approved(given(CAT), *ALL[1:], stacks=frozenset({"network"}), last=STOPPED)
    counts = {name: (gate.have, gate.need) for name, gate in list_gate_approvals(stopped).items()}
    assert counts == {"peer": (0, 1), "quality": (2, 2)}
    assert format_approval(stopped, "peer") == "envctl approve prod --gate peer --unseen data"


@pytest.mark.parametrize("held", [False, True])
def test_approval_holds_while_nothing_was_deployed_since(held: bool) -> None:
    """A stack reads what the applied one does not put out yet: it waits, although the other is there."""
    behind = fingerprint_plan(
        replace(FIRST, stacks=(FIRST.stacks[0], StackPlan("web", waits_for=("network",), behind=held)))
    )
    request = replace(ASKED, approved={behind.digest: behind})
    before = deployed(ended_at=NOW - 2 * HOUR)
    waiting = approved(
        *(replace(each, plan=behind.digest, unseen=()) for each in ALL),
        request=request,
        stacks=frozenset({"network"}),
        last=before,
    )
    assert answer("G106", waiting) is None
    assert answer("G106", here(waiting, last=replace(before, ended_at=NOW))) is not None


def test_approvals_come_after_what_ends_them() -> None:
    request = ruled(ASKED, committed=True)
    request = replace(
        request,
        present=replace(request.present, releases={R1: replace(request.present.releases[R1], uncommitted=True)}),
    )
    codes = [each.code for each in list_refusals(request)]
    assert codes == ["G206", "G106"]
    clean, approvals = defer_approvals(list_refusals(request))
    assert approvals.message.endswith("; comes after G206 clean: what that needs ends the approvals given now")
    assert (approvals.hint, approvals.who) == (clean.hint, "")


def test_refusal_for_now_does_not_defer_approvals() -> None:
    refusals = list_refusals(here(ASKED, lock=None))
    assert defer_approvals(refusals) == refusals
    assert answer("G106", ASKED) in refusals


def test_actor_of_the_command_does_not_change_the_table() -> None:
    request = replace(approved(*ALL), actor=BOB)
    assert states(request, "peer") == ["given", "unseen", "unseen"]
