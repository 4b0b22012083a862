"""Approvals of a plan: who gave them, until when they hold, and what is missing."""

from collections.abc import Mapping
from datetime import datetime

from envctl.cli.render.text.escapes import to_one_line
from envctl.cli.render.text.sentences import format_actor, format_count
from envctl.cli.render.text.times import Zone, format_time, format_time_left
from envctl.domain.guards.gate_approvals import GateApprovals, GivenApproval
from envctl.domain.guards.gate_table import GateCell
from envctl.domain.release_label import format_label_or_id
from envctl.domain.text.identifiers import shorten_id
from envctl.domain.text.lists import join_names
from envctl.usecases.approval.approve import ApprovalResult, WithdrawalResult
from envctl.usecases.approval.ci_reviewers import Reviewer, ReviewResult


def list_gate_details(gate: GateApprovals, now: datetime | None = None, zone: Zone = None) -> list[str]:
    """Return who approved and until when, and what is missing and who can give it. With `now`, add the time left."""
    details = [_format_given(each, now, zone) for each in gate.given]
    if gate.missing:
        by = f", by {gate.who}" if gate.who else ""
        details.append(f"{format_count(gate.missing, 'approval')} missing{by}")
    return details


def list_stack_lines(gate: GateApprovals) -> list[str]:
    """Return how far the approvals cover the stacks, with stacks alike on one line; empty if all of them are alike."""
    alike: dict[GateCell, list[str]] = {}
    for stack, cell in gate.stacks.items():
        alike.setdefault(cell, []).append(stack)
    if len(alike) < 2 and not {cell.state for cell in alike} & {"unseen", "not covered"}:  # noqa: PLR2004 (a difference)
        return []
    return [f"{join_names(stacks)}: {_describe_cell(cell)}" for cell, stacks in alike.items()]


def _describe_cell(cell: GateCell) -> str:
    people = f" by {join_names([format_actor(each) for each in cell.by])}" if cell.by else ""
    match cell.state:
        case "given":
            return f"approved{people}"
        case "unseen":
            return f"approved unseen{people}"
        case "not covered" if cell.later:
            return "not approved: it can be planned when the stacks before it are applied"
        case "not covered":
            return f"left out of an approval{f', approved{people}' if people else ''}"
        case "missing":
            return f"missing{f', approved{people}' if people else ''}"


def _format_given(given: GivenApproval, now: datetime | None, zone: Zone) -> str:
    if given.expires_at is None:
        return f"{format_actor(given.by)}, does not expire"
    end = format_time(given.expires_at, zone) + (f" ({format_time_left(given.expires_at, now)})" if now else "")
    return f"{format_actor(given.by)}, valid until {end}"


def describe_approval(approval: ApprovalResult) -> str:
    """Return what the approver has approved, to follow the name."""
    return f"{_format_verb(already=approval.already)} {_format_scope(approval)}."


def describe_review(reviewer: Reviewer, review: ReviewResult) -> str:
    """Return what a reviewer has approved or why it does not count, to follow the name."""
    if reviewer.why:
        return f"{to_one_line(reviewer.why)}: does not count"
    return f"{_format_verb(already=reviewer.outcome == 'already')} {_format_scope(review)} in GitHub."


def describe_missing_reviewers(review: ReviewResult) -> str:
    return f"This job has no reviewers: {review.environment} requires none in GitHub."


def describe_withdrawal(withdrawal: WithdrawalResult) -> str:
    if not withdrawal.release:
        return f"No approval to withdraw: no release is waiting for {withdrawal.environment}."
    if withdrawal.withdrawn:
        return f"{withdrawal.by} no longer approves {_format_scope(withdrawal)}."
    return f"No approval to withdraw: {withdrawal.by} has not approved {_format_scope(withdrawal)}."


def _format_verb(*, already: bool) -> str:
    return "had already approved" if already else "approved"


def _format_scope(result: ApprovalResult | ReviewResult | WithdrawalResult) -> str:
    release = format_label_or_id(result.label, result.release)
    return f"release {release} for {result.environment} (gate {result.gate})"


def describe_outlook(approval: ApprovalResult | ReviewResult) -> str:
    """Return what the release still needs to be deployed."""
    if approval.missing:
        return describe_missing_approvals(approval.missing)
    later = [
        stack for gate in approval.approvals.values() for stack, cell in gate.stacks.items() if not cell.is_covered
    ]
    if later:
        stacks = join_names(tuple(dict.fromkeys(later)))
        return f"All approvals that can be given now are given. To approve when it can be planned: {stacks}."
    return f"All approvals of {approval.environment} are given for this release."


def describe_missing_approvals(missing: Mapping[str, int]) -> str:
    """Return the number of missing approvals by gate; rules may need one without a gate."""
    counts = (f"{format_count(number, 'approval')}{f' for {gate}' if gate else ''}" for gate, number in missing.items())
    return f"Still missing: {', '.join(counts)}."


def describe_validity(approval: ApprovalResult | ReviewResult, zone: Zone = None) -> str:
    """Return for which plan the approval is valid, and until when if it expires; empty if nothing is approved."""
    if not approval.plan or (isinstance(approval, ReviewResult) and not approval.reviewers):
        return ""
    where = f" in {approval.where}" if approval.where else ""
    end = (
        f" until {format_time(approval.expires_at, zone)}"
        if isinstance(approval, ApprovalResult) and approval.expires_at
        else ""
    )
    return f"Valid{end} for plan {shorten_id(approval.plan)}{where}, or a subset of it."
