"""The result of a deployment."""

from collections.abc import Iterator

from envctl.cli.render.console.deployment.deployment import (
    describe_debt,
    describe_hold,
    describe_overrides,
    describe_partial,
    describe_rollout,
    describe_up_to_date,
    format_extent,
    format_headline,
    is_unverified,
    show_deployment,
)
from envctl.cli.render.console.deployment.verification import summarize_checks
from envctl.cli.render.console.plan.plan import format_total
from envctl.cli.render.markdown.page.budget import Block
from envctl.cli.render.markdown.page.markup import (
    FULL_OUTPUT_IN_LOG,
    OK,
    WARN,
    bold,
    capitalize,
    code,
    escape,
    render_console_output,
    render_next_step,
    render_page,
    render_table,
)
from envctl.cli.render.markdown.plan import MAX_HEADING, render_plan_blocks
from envctl.cli.render.markdown.refusals import format_guard
from envctl.cli.render.markdown.verification import render_checks
from envctl.cli.render.terminal.next_commands import add_sandbox_flag
from envctl.cli.render.terminal.text import shorten_middle
from envctl.domain.plan.changes import EnvironmentPlan
from envctl.usecases.deployment.run import Deployed


def render_deployment(deployed: Deployed) -> str:
    if deployed.dry_run:
        return render_page(render_console_output(lambda out: show_deployment(deployed, out)))
    if deployed.up_to_date:
        return render_page(
            f"## {OK} {escape(describe_up_to_date(deployed))}", _render_proof(deployed), render_next_step(deployed.next)
        )
    doubtful = describe_overrides(deployed) or is_unverified(deployed) or deployed.only
    return render_page(
        f"## {WARN if doubtful else OK} {escape(format_headline(deployed))}",
        _describe_outcome(deployed),
        _render_waivers(deployed),
        _render_proof(deployed),
        describe_partial(deployed),
        "\n".join(f"- {WARN} {format_guard(r.code, r.guard)}: {escape(r.message)}" for r in deployed.warnings),
        *_render_plan(deployed.plan),
        render_next_step(deployed.next),
        full_output=FULL_OUTPUT_IN_LOG,
    )


def _describe_outcome(deployed: Deployed) -> str:
    hold = escape(describe_hold(deployed)) if deployed.action == "rollback" else ""
    summary = f"{capitalize(escape(format_extent(deployed)))}." if deployed.deployment else ""
    return " ".join(filter(None, (summary, hold, *(escape(describe_rollout(rolled)) for rolled in deployed.rollouts))))


def _render_waivers(deployed: Deployed) -> str:
    if not describe_overrides(deployed):
        return ""
    rows = ((format_guard(refusal.code, refusal.guard), escape(refusal.message)) for refusal in deployed.waived)
    return "\n\n".join(
        (
            f"🚨 {bold(describe_overrides(deployed))}. {escape(describe_debt(deployed))}.",
            render_table(("guard", "what it refused"), rows),
        )
    )


def _render_proof(deployed: Deployed) -> str:
    if deployed.verification is None:
        command = add_sandbox_flag(f"envctl verify {deployed.environment}")
        return f"{WARN} **Not verified**: {code(command)}" if is_unverified(deployed) else ""
    results = deployed.verification.checks
    verdict = capitalize(escape(summarize_checks(results)))
    return "\n\n".join(filter(None, (f"{verdict}.", render_checks(results))))


def _render_plan(plan: EnvironmentPlan | None) -> Iterator[str | Block]:
    if plan is not None and plan.changes:
        yield f"### What was done: {escape(shorten_middle(format_total(plan), MAX_HEADING))}"
        yield from render_plan_blocks(plan, done=True)
