"""The result of a deployment."""

from collections.abc import Sequence

from envctl.cli.render.markdown.page import markup as md
from envctl.cli.render.markdown.plan import MAX_HEADING, render_plan_blocks
from envctl.cli.render.markdown.refusals import format_guard
from envctl.cli.render.text.next_commands import add_sandbox_flag
from envctl.cli.render.text.sentences import capitalize
from envctl.cli.render.text.widths import shorten_middle
from envctl.cli.render.words import deployment as words
from envctl.cli.render.words.plan.plan import format_total
from envctl.domain.command_lines import format_command
from envctl.usecases.deployment.result import DeploymentResult
from envctl.usecases.deployment.verification import CheckOutcome, Verification

CHECK_MARKS = {"passed": md.OK, "failed": md.FAIL, "skipped": md.NEUTRAL}


def render_deployment(deployed: DeploymentResult) -> str:
    if deployed.dry_run:
        return md.render_page(
            "## Dry run, no changes",
            f"{md.escape(words.describe_purpose(deployed))}, envctl would:",
            "\n".join(f"{number}. {md.escape(stage)}" for number, stage in enumerate(deployed.stages, 1)),
            md.render_next_step(deployed.next),
        )
    if deployed.up_to_date:
        return md.render_page(
            f"## {md.OK} {md.escape(words.describe_up_to_date(deployed))}",
            _render_proof(deployed),
            md.render_next_step(deployed.next),
        )
    doubtful = words.describe_overrides(deployed) or words.is_unverified(deployed) or deployed.only
    plan = deployed.plan if deployed.plan and deployed.plan.changes else None
    summary = [f"{capitalize(words.format_extent(deployed))}."] if deployed.deployment else []
    heading = f"### Changes made: {md.escape(shorten_middle(format_total(plan), MAX_HEADING))}" if plan else ""
    return md.render_page(
        f"## {md.WARN if doubtful else md.OK} {md.escape(words.format_headline(deployed))}",
        " ".join(map(md.escape, (*summary, *words.list_effects(deployed)))),
        _render_waivers(deployed),
        _render_proof(deployed),
        words.describe_partial(deployed),
        _render_warnings(deployed),
        heading,
        *(render_plan_blocks(plan, done=True) if plan else ()),
        md.render_next_step(deployed.next),
        full_output=md.FULL_OUTPUT_IN_LOG,
    )


def _render_warnings(deployed: DeploymentResult) -> str:
    warnings = words.list_past_warnings(deployed)
    lines = (f"- {md.WARN} {format_guard(each.code, each.guard)}: {md.escape(each.message)}" for each in warnings)
    return "\n".join((f"{words.PAST_WARNINGS}:\n", *lines)) if warnings else ""


def _render_waivers(deployed: DeploymentResult) -> str:
    if not words.describe_overrides(deployed):
        return ""
    rows = ((format_guard(refusal.code, refusal.guard), md.escape(refusal.message)) for refusal in deployed.waived)
    return "\n\n".join(
        (
            f"🚨 {md.bold(words.describe_overrides(deployed))}. {md.escape(words.describe_debt(deployed))}.",
            md.render_table(("guard", "refusal"), rows),
        )
    )


def _render_proof(deployed: DeploymentResult) -> str:
    if deployed.verification is None:
        command = add_sandbox_flag(format_command("verify", deployed.environment))
        return f"{md.WARN} **Not verified**: {md.code(command)}" if words.is_unverified(deployed) else ""
    results = deployed.verification.checks
    verdict = capitalize(md.escape(words.summarize_checks(results)))
    return "\n\n".join(filter(None, (f"{verdict}.", render_checks(results))))


def render_verification(verification: Verification) -> str:
    outcomes = {check.outcome for check in verification.checks}
    mark = md.FAIL if "failed" in outcomes else md.OK if "passed" in outcomes else md.WARN
    return md.render_page(
        f"## {mark} {md.escape(verification.environment)}: {md.escape(words.summarize_checks(verification.checks))}",
        f"It runs release {md.render_release(verification.label, verification.release)}.",
        render_checks(verification.checks),
        md.render_next_step(verification.next),
    )


def render_checks(results: Sequence[CheckOutcome]) -> str:
    rows = (
        (CHECK_MARKS[check.outcome], md.escape(check.name), md.escape(check.problem or check.outcome))
        for check in results
    )
    return md.render_table(("", "check", "result"), rows)
