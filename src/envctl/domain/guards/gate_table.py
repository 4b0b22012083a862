"""The table of gates and stacks: how far the approvals at a gate cover each stack. Guard G113 refuses by it.

An approval covers the stacks whose plan it showed, and those that it accepts unseen. All that is said of missing
approvals, and every command that gives them, comes from here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards import approvals
from envctl.domain.guards.authors import count_people, list_authors
from envctl.domain.guards.plan import check_same_plan, find_changes_beyond
from envctl.domain.guards.provenance import find_newer_deployment
from envctl.domain.guards.request import Guard, Refusal, Request
from envctl.domain.ledger.events import ANONYMOUS, Actor
from envctl.domain.ledger.people.person_names import list_people
from envctl.domain.ledger.state import Approval
from envctl.domain.plan.fingerprint import PlannedChange
from envctl.domain.plan.unseen_stacks import is_behind, list_uncovered_stacks
from envctl.domain.text.lists import join_names

CellState = Literal["given", "unseen", "not covered", "missing"]


@dataclass(frozen=True)
class GateCell:
    """How far the approvals at one gate cover one stack."""

    # *given* if enough people saw its plan, *unseen* if some of them accepted it without one, *not covered* if an
    # approval left it out, *missing* if only people are missing
    state: CellState
    by: tuple[Actor, ...] = ()  # the people whose approval covers it
    later: bool = False  # it holds resources, and waits: it can be approved only after the stacks before it are applied

    @property
    def is_covered(self) -> bool:
        return self.state in ("given", "unseen")


def find_cells(request: Request, given: Sequence[Approval], need: int) -> dict[str, GateCell]:
    """Return the cell of each stack at one gate, for the approvals that count there."""
    beyond = find_changes_beyond(request, request.plan) if request.plan and given else {}
    left_out = {each: _list_left_out(request, each, beyond) for each in given}
    cells, authors = {}, list_authors(request)
    for stack in request.needs:
        covering = [each for each in given if stack not in left_out[each]]
        by = list_people([each.by for each in covering])
        seen = list_people([each.by for each in covering if stack not in each.unseen])
        leaving = [each for each in given if stack in left_out[each]]
        later = any(_is_behind(request, each, stack) for each in leaving)
        state: CellState = "not covered" if leaving else "missing"
        if count_people(authors, by) >= need:
            state, later = "given" if count_people(authors, seen) >= need else "unseen", False
        cells[stack] = GateCell(state, by, later)
    return cells


def _list_left_out(
    request: Request, approval: Approval, beyond: Mapping[Approval, Sequence[PlannedChange]]
) -> frozenset[str]:
    """Return the stacks that an approval does not cover: exactly with a plan, and those that wait without one."""
    seen = request.approved.get(approval.plan)
    waiting = list_uncovered_stacks(seen, approval.unseen) if seen else ()
    if request.plan is None:
        return frozenset(each for each in waiting if _still_waits(request, approval, each))
    if seen is None:
        return frozenset(request.needs)
    unplanned = {each.stack for each in request.plan.stacks if each.waits_for}
    return frozenset({*unplanned.intersection(waiting), *(change.stack for change in beyond.get(approval, ()))})


def _still_waits(request: Request, approval: Approval, stack: str) -> bool:
    """Check if a stack that an approval left out still can't be planned. After a deployment, only a plan tells it of a
    stack with resources.
    """
    if not approvals.has_deployed_since(request, approval):
        return True
    there = request.target_state.stacks
    is_held = is_behind(request.approved.get(approval.plan), stack) or stack in there
    return not (is_held or there.issuperset(request.needs.get(stack, ())))


def _is_behind(request: Request, approval: Approval, stack: str) -> bool:
    if request.plan is not None:
        return any(each.behind for each in request.plan.stacks if each.stack == stack)
    return is_behind(request.approved.get(approval.plan), stack)


def check_partial(request: Request) -> Refusal | None:
    """G113: the approvals cover every stack, or `--partial` says that the deployment may stop before some."""
    if request.partial or not request.rules.approvals or not approvals.is_approval_required(request):
        return None
    if request.plan is not None and not any(each.waits_for for each in request.plan.stacks):
        return None
    if any(approvals.count_missing_approvals(request).values()) or check_same_plan(request) is not None:
        # What these ask for comes first, and covers every stack.
        return None
    valid = approvals.list_valid_approvals(request)
    table = {
        gate: find_cells(request, [each for each in valid if each.gate == gate], wanted)
        for gate, wanted in request.rules.approvals.items()
    }
    left = {gate: _list_waiting(request, cells) for gate, cells in table.items()}
    gates: dict[tuple[str, ...], list[str]] = {}
    for gate, stacks in left.items():
        if stacks:
            gates.setdefault(stacks, []).append(gate)
    if not gates:
        return None
    parts = [f"the approvals at {join_names(names)} do not cover {join_names(each)}" for each, names in gates.items()]
    message = f"{request.target} would stay half deployed: {'; '.join(parts)}"
    wanted = [gate for gate, stacks in left.items() if any(not table[gate][each].later for each in stacks)]
    if not wanted:
        older = request.older and find_newer_deployment(replace(request, older=False)) is not None
        message += "; that can be planned when the stacks before are applied"
        command = replace(request, partial=True, older=older).command
        return Refusal(GuardCode.PARTIAL, message=message, hint=command, for_now=True)
    message += "; --partial deploys the stacks before, and stops there"
    hint, who = approvals.format_approval(request, wanted[0]), approvals.describe_approvers_at(request, wanted)
    return Refusal(GuardCode.PARTIAL, message=message, hint=hint, for_now=True, who=who)


def check_approvals(request: Request) -> Refusal | None:
    """G106, for one who has approved with what G113 says to others."""
    refusal, others = approvals.check_approvals(request), replace(request, actor=ANONYMOUS)
    half = check_partial(others) if refusal is not None and not approvals.check_approvals(others) else None
    return approvals.add_approver(half, request) if half else refusal


def _list_waiting(request: Request, cells: Mapping[str, GateCell]) -> tuple[str, ...]:
    """Return the stacks without enough approvals, of those that wait and are deployed."""
    waiting = {each.stack for each in request.plan.stacks if each.waits_for} if request.plan else cells.keys()
    return tuple(stack for stack, cell in cells.items() if stack in waiting and not cell.is_covered)


GUARDS = (
    Guard(GuardCode.APPROVALS, check_approvals, reason="the approval is missing", of_path=True),
    Guard(
        GuardCode.PARTIAL,
        check_partial,
        reason="it would stop halfway",
        of_path=True,
        depends_on=GuardCode.APPROVALS,
    ),
)
