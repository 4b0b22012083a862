"""Approvals at a gate, given or withdrawn."""

from collections.abc import Iterator
from datetime import UTC

from envctl.cli.render.markdown.page import markup as md
from envctl.cli.render.markdown.why import render_gate_table
from envctl.cli.render.words.approvals import describe_outlook, describe_validity
from envctl.domain.text.identifiers import shorten_id
from envctl.usecases.approval.approve import ApprovalResult, WithdrawalResult
from envctl.usecases.approval.ci_reviewers import Reviewer, ReviewResult


def render_approved(result: ApprovalResult) -> str:
    verb = "had already approved" if result.already else "approved"
    environment, release = md.escape(result.environment), md.render_release(result.label, result.release)
    validity = md.escape(describe_validity(result, UTC)) if result.plan else ""
    return md.render_page(
        f"## {md.OK} {environment}: gate {md.escape(result.gate)} approved",
        f"{md.bold(str(result.by))} {verb} release {release} for {environment}. {validity}".rstrip(),
        *_render_outlook(result),
    )


def render_reviewed(result: ReviewResult) -> str:
    reviewers = "\n".join(f"- {_format_reviewer(each)}" for each in result.reviewers)
    environment = md.escape(result.environment)
    where = f" in {md.escape(result.where)}" if result.where else ""
    return md.render_page(
        f"## {md.OK if result.reviewers else md.NEUTRAL} {environment}: gate {md.escape(result.gate)}, in GitHub",
        reviewers or f"This job has no reviewers: {environment} requires none in GitHub.",
        f"Release {md.render_release(result.label, result.release)}, plan {md.code(shorten_id(result.plan))}{where}.",
        *_render_outlook(result),
    )


def _format_reviewer(reviewer: Reviewer) -> str:
    name = md.bold(reviewer.name)
    if reviewer.why:
        return f"{md.WARN} {name} {md.escape(reviewer.why)}: does not count"
    return f"{md.OK} {name} {'had already approved' if reviewer.outcome == 'already' else 'approved'}"


def _render_outlook(result: ApprovalResult | ReviewResult) -> Iterator[str]:
    """Yield the notes, the approvals by gate, and the next step."""
    yield "\n".join(f"- {md.WARN} {md.escape(note)}" for note in result.notes)
    yield md.escape(describe_outlook(result))
    yield render_gate_table(result.approvals)
    yield md.render_next_step(result.next)


def render_withdrawn(result: WithdrawalResult) -> str:
    subject, approver = f"{md.escape(result.environment)}: gate {md.escape(result.gate)}", md.bold(str(result.by))
    if not result.withdrawn:
        unapproved = f"{approver} has not approved release {md.render_release(result.label, result.release)} there."
        reason = unapproved if result.release else "No release is waiting there."
        return md.render_page(f"## {md.NEUTRAL} {subject}: no approval to withdraw", reason)
    return md.render_page(
        f"## {md.OK} {subject}: approval withdrawn",
        f"{approver} no longer approves release {md.render_release(result.label, result.release)}.",
    )
