"""Approvals at a gate, given or withdrawn."""

from envctl.cli.render.markdown.page import markup as md
from envctl.domain.text.short_ids import shorten_id
from envctl.usecases.approval.approve import Approved, Withdrawn
from envctl.usecases.approval.ci_reviewers import Reviewed, Reviewer


def render_approved(result: Approved) -> str:
    verb = "had already approved" if result.already else "approved"
    environment, release = md.escape(result.environment), shorten_id(result.release)
    plan = f"{md.code(shorten_id(result.plan))}{_format_location(result)}" if result.plan else ""
    validity = f"It holds for plan {plan}, and for one that does less." if plan else ""
    return md.render_page(
        f"## {md.OK} {environment}: gate {md.escape(result.gate)} approved",
        f"{md.bold(str(result.by))} {verb} release {md.code(release)} for {environment}. {validity}".rstrip(),
        _render_notes(result),
        _render_missing(result),
        md.render_next_step(result.next),
    )


def render_reviewed(result: Reviewed) -> str:
    reviewers = "\n".join(f"- {_format_reviewer(each)}" for each in result.reviewers)
    environment = md.escape(result.environment)
    plan = f"{md.code(shorten_id(result.plan))}{_format_location(result)}"
    return md.render_page(
        f"## {md.OK if result.reviewers else md.NEUTRAL} {environment}: gate {md.escape(result.gate)}, in GitHub",
        reviewers or f"Nobody has let this job begin as a reviewer: in GitHub {environment} asks for none.",
        f"Release {md.code(shorten_id(result.release))}, plan {plan}.",
        _render_notes(result),
        _render_missing(result),
        md.render_next_step(result.next),
    )


def _format_location(result: Approved | Reviewed) -> str:
    return f" in {md.escape(result.where)}" if result.where else ""


def _format_reviewer(reviewer: Reviewer) -> str:
    name = md.bold(reviewer.name)
    if reviewer.why:
        return f"{md.WARN} {name} {md.escape(reviewer.why)}: does not count"
    return f"{md.OK} {name} {'had already approved' if reviewer.outcome == 'already' else 'approved'}"


def _render_notes(result: Approved | Reviewed) -> str:
    return "\n".join(f"- {md.WARN} {md.escape(note)}" for note in result.notes)


def _render_missing(result: Approved | Reviewed) -> str:
    if not result.missing:
        return f"Every gate of {md.escape(result.environment)} has its approvals for this release."
    missing = ((md.NEUTRAL, md.escape(gate), str(number)) for gate, number in result.missing.items())
    return md.render_table(("", "gate", "approvals still missing"), missing)


def render_withdrawn(result: Withdrawn) -> str:
    subject, approver = f"{md.escape(result.environment)}: gate {md.escape(result.gate)}", md.bold(str(result.by))
    if not result.withdrawn:
        unapproved = f"{approver} has not approved release {md.code(shorten_id(result.release))} there."
        reason = unapproved if result.release else "No release waits there."
        return md.render_page(f"## {md.NEUTRAL} {subject}: nothing to take back", reason)
    return md.render_page(
        f"## {md.OK} {subject}: approval withdrawn",
        f"{approver} no longer approves release {md.code(shorten_id(result.release))}.",
    )
