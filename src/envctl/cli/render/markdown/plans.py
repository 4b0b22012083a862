"""The plans of several environments, and of a release in each."""

from collections.abc import Iterator

from envctl.cli.render.markdown.cost import render_cost_blocks
from envctl.cli.render.markdown.page import markup as md
from envctl.cli.render.markdown.page.budget import Block
from envctl.cli.render.markdown.plan import choose_plan_mark, render_plan_blocks
from envctl.cli.render.markdown.refusals import format_problem
from envctl.cli.render.words import plans as words
from envctl.domain.ci.request_changes import MAX_NAMED
from envctl.domain.command_lines import format_command
from envctl.domain.text.identifiers import shorten_id
from envctl.domain.text.lists import join_first
from envctl.usecases.fleet.merge import Plans
from envctl.usecases.inspect.preview import EnvironmentPreview, Preview


def render_plans(plans: Plans | Preview) -> str:
    remarkable, quiet = words.split_unchanged(plans)
    rows = (
        (choose_preview_mark(each), md.bold(each.environment), md.escape(words.format_outcome(each)))
        for each in remarkable
    )
    return md.render_page(
        f"## {md.escape(words.format_verdict(plans.environments))}",
        _render_request_changes(plans) if isinstance(plans, Preview) else "",
        f"What {md.escape(words.describe_subject(plans))} would do. Not recorded.",
        md.render_table(("", "environment", "planned changes"), rows),
        f"{md.OK} no changes: {md.escape(quiet)}" if quiet else "",
        *(block for preview in remarkable for block in render_preview_blocks(preview)),
        full_output=md.format_full_output(_format_command(plans)),
    )


render_preview = render_plans


def _format_command(plans: Plans | Preview) -> str:
    """Return the command that shows the same, unless a job has shown it."""
    if isinstance(plans, Preview):
        name = f" --release {shorten_id(plans.release)}" if plans.release else ""
        return f"{format_command('preview')}{name}"
    return format_command("collect", plans.run) if plans.run else format_command("plan")


def _render_request_changes(preview: Preview) -> str:
    if not preview.request_changes:
        return ""
    kinds = [md.bold(f"changes {each.kind}") for each in preview.request_changes]
    paths = [f"{each.kind}: {join_first(each.paths, MAX_NAMED)}" for each in preview.request_changes]
    return f"{md.WARN} {', '.join(kinds)} ({md.escape('; '.join(paths))})"


def choose_preview_mark(preview: EnvironmentPreview) -> str:
    if preview.hidden and not preview.problems:
        return md.NEUTRAL
    if preview.plan is None or preview.problems:
        return md.FAIL
    return choose_plan_mark(preview.plan) if preview.plan.changes else md.OK


def render_preview_blocks(preview: EnvironmentPreview) -> Iterator[str | Block]:
    if preview.problems:
        yield f"### {md.FAIL} {md.escape(preview.environment)} can't be planned{' completely' if preview.plan else ''}"
        yield "\n".join(f"- {format_problem(problem)}" for problem in preview.problems)
    elif preview.hidden:
        yield f"### {md.NEUTRAL} {md.escape(preview.environment)}"
        yield md.escape(words.describe_hidden(preview))
    if preview.plan and preview.plan.changes:
        yield f"### {choose_plan_mark(preview.plan)} {md.escape(preview.environment)}"
        yield from render_cost_blocks(preview.plan)
        yield from render_plan_blocks(preview.plan)
