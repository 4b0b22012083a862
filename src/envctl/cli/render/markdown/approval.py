"""Approvals at a gate, given or withdrawn."""

from collections.abc import Iterator
from datetime import UTC

from envctl.cli.render.markdown.page import markup as md
from envctl.cli.render.markdown.why import render_gate_table
from envctl.cli.render.words import approvals as words
from envctl.usecases.approval.approve import ApprovalResult, WithdrawalResult
from envctl.usecases.approval.ci_reviewers import ReviewResult


def render_approved(result: ApprovalResult) -> str:
    return md.render_page(
        f"## {md.OK} {md.escape(result.environment)}: gate {md.escape(result.gate)} approved",
        f"{md.bold(str(result.by))} {md.escape(words.describe_approval(result))}",
        *_render_outlook(result),
    )


def render_reviewed(result: ReviewResult) -> str:
    reviewers = (
        f"- {md.WARN if each.why else md.OK} {md.bold(each.name)} {md.escape(words.describe_review(each, result))}"
        for each in result.reviewers
    )
    mark = md.OK if result.reviewers else md.NEUTRAL
    return md.render_page(
        f"## {mark} {md.escape(result.environment)}: gate {md.escape(result.gate)}, in GitHub",
        "\n".join(reviewers) or md.escape(words.describe_missing_reviewers(result)),
        *_render_outlook(result),
    )


def _render_outlook(result: ApprovalResult | ReviewResult) -> Iterator[str]:
    """Yield the plan, the notes, the approvals by gate, and the next step."""
    yield md.escape(words.describe_validity(result, UTC))
    yield "\n".join(f"- {md.WARN} {md.escape(note)}" for note in result.notes)
    yield md.escape(words.describe_outlook(result))
    yield render_gate_table(result.approvals)
    yield md.render_next_step(result.next)


def render_withdrawn(result: WithdrawalResult) -> str:
    mark = md.OK if result.withdrawn else md.NEUTRAL
    return md.render_page(f"## {mark} {md.escape(words.describe_withdrawal(result))}")
