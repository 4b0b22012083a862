"""The plans of several environments, and of a release in each."""

from collections.abc import Iterator

from envctl.cli.render.markdown.cost import render_cost_blocks
from envctl.cli.render.markdown.page import markup as md
from envctl.cli.render.markdown.page.budget import Block
from envctl.cli.render.markdown.plan import choose_plan_mark, render_plan_blocks
from envctl.cli.render.markdown.refusals import format_problem
from envctl.cli.render.words import preview as preview_words
from envctl.cli.render.words.plans import describe_subject, format_outcome, format_verdict, split_unchanged
from envctl.domain.ci.request_changes import MAX_NAMED
from envctl.domain.command_lines import format_command
from envctl.domain.text.identifiers import shorten_id
from envctl.domain.text.lists import join_first
from envctl.usecases.fleet.merge import Plans
from envctl.usecases.inspect.preview import EnvironmentPreview, Preview


def render_plans(plans: Plans) -> str:
    remarkable, quiet = split_unchanged(plans)
    rows = (
        (choose_preview_mark(each), md.bold(each.environment), md.escape(format_outcome(each))) for each in remarkable
    )
    return md.render_page(
        f"## {md.escape(format_verdict(plans.environments))}",
        f"What {md.escape(describe_subject(plans))} would do. Not recorded.",
        md.render_table(("", "environment", "planned changes"), rows),
        f"{md.OK} no changes: {md.escape(quiet)}" if quiet else "",
        *(block for preview in remarkable for block in render_preview_blocks(preview)),
        full_output=md.format_full_output(
            format_command("collect", plans.run) if plans.run else format_command("plan")
        ),
    )


def render_preview(preview: Preview) -> str:
    rows = (
        (choose_preview_mark(each), md.bold(each.environment), md.escape(preview_words.format_outcome(each)))
        for each in preview.environments
    )
    name = f" --release {shorten_id(preview.release)}" if preview.release else ""
    return md.render_page(
        f"## {md.escape(format_verdict(preview.environments))}",
        _render_request_changes(preview),
        f"What {md.escape(preview_words.describe_subject(preview))} would do. Not recorded.",
        md.render_table(("", "environment", "planned changes"), rows),
        *(block for each in preview.environments for block in render_preview_blocks(each)),
        full_output=md.format_full_output(f"{format_command('preview')}{name}"),
    )


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
        yield md.escape(preview_words.describe_hidden(preview))
    if preview.plan and preview.plan.changes:
        yield f"### {choose_plan_mark(preview.plan)} {md.escape(preview.environment)}"
        yield from render_cost_blocks(preview.plan)
        yield from render_plan_blocks(preview.plan)
