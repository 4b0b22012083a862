"""Approvals at a gate, given or withdrawn."""

from envctl.cli.render.markdown.page.markup import (
    NEUTRAL,
    OK,
    WARN,
    bold,
    code,
    escape,
    render_next_step,
    render_page,
    render_table,
)
from envctl.domain.text.short_ids import shorten_id
from envctl.usecases.approval.approve import Approved, Withdrawn
from envctl.usecases.approval.ci_reviewers import Reviewed, Reviewer


def render_approved(result: Approved) -> str:
    verb = "had already approved" if result.already else "approved"
    environment, release = escape(result.environment), shorten_id(result.release)
    plan = f"{code(shorten_id(result.plan))}{_format_location(result)}" if result.plan else ""
    validity = f"It holds for plan {plan}, and for one that does less." if plan else ""
    return render_page(
        f"## {OK} {environment}: gate {escape(result.gate)} approved",
        f"{bold(str(result.by))} {verb} release {code(release)} for {environment}. {validity}".rstrip(),
        _render_notes(result),
        _render_missing(result),
        render_next_step(result.next),
    )


def render_reviewed(result: Reviewed) -> str:
    reviewers = "\n".join(f"- {_format_reviewer(each)}" for each in result.reviewers)
    environment = escape(result.environment)
    return render_page(
        f"## {OK if result.reviewers else NEUTRAL} {environment}: gate {escape(result.gate)}, in GitHub",
        reviewers or f"Nobody has let this job begin as a reviewer: in GitHub {environment} asks for none.",
        f"Release {code(shorten_id(result.release))}, plan {code(shorten_id(result.plan))}{_format_location(result)}.",
        _render_notes(result),
        _render_missing(result),
        render_next_step(result.next),
    )


def _format_location(result: Approved | Reviewed) -> str:
    return f" in {escape(result.where)}" if result.where else ""


def _format_reviewer(reviewer: Reviewer) -> str:
    name = bold(reviewer.name)
    if reviewer.why:
        return f"{WARN} {name} {escape(reviewer.why)}: does not count"
    return f"{OK} {name} {'had already approved' if reviewer.outcome == 'already' else 'approved'}"


def _render_notes(result: Approved | Reviewed) -> str:
    return "\n".join(f"- {WARN} {escape(note)}" for note in result.notes)


def _render_missing(result: Approved | Reviewed) -> str:
    if not result.missing:
        return f"Every gate of {escape(result.environment)} has its approvals for this release."
    missing = ((NEUTRAL, escape(gate), str(number)) for gate, number in result.missing.items())
    return render_table(("", "gate", "approvals still missing"), missing)


def render_withdrawn(result: Withdrawn) -> str:
    subject, approver = f"{escape(result.environment)}: gate {escape(result.gate)}", bold(str(result.by))
    if not result.withdrawn:
        unapproved = f"{approver} has not approved release {code(shorten_id(result.release))} there."
        reason = unapproved if result.release else "No release waits there."
        return render_page(f"## {NEUTRAL} {subject}: nothing to take back", reason)
    return render_page(
        f"## {OK} {subject}: approval withdrawn",
        f"{approver} no longer approves release {code(shorten_id(result.release))}.",
    )
