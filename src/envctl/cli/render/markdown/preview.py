"""The changes of a release in each environment."""

from collections.abc import Iterator

from envctl.cli.render.console.plan.preview import describe_subject, format_outcome
from envctl.cli.render.markdown.cost import render_cost_blocks
from envctl.cli.render.markdown.page.budget import Block
from envctl.cli.render.markdown.page.markup import FAIL, OK, bold, escape, format_full_output, render_page, render_table
from envctl.cli.render.markdown.plan import choose_plan_mark, render_plan_blocks
from envctl.cli.render.markdown.refusals import format_problem
from envctl.domain.text.short_ids import shorten_id
from envctl.usecases.inspect.preview import EnvironmentPreview, Preview


def render_preview(preview: Preview) -> str:
    rows = ((_choose_mark(each), bold(each.environment), escape(format_outcome(each))) for each in preview.environments)
    name = f" --release {shorten_id(preview.release)}" if preview.release else ""
    return render_page(
        f"## What {escape(describe_subject(preview))} would do",
        "Nothing was recorded.",
        render_table(("", "environment", "what would happen"), rows),
        *(block for each in preview.environments for block in _render_environment(each)),
        full_output=format_full_output(f"envctl preview{name}"),
    )


def _choose_mark(preview: EnvironmentPreview) -> str:
    if preview.plan is None:
        return FAIL
    return choose_plan_mark(preview.plan) if preview.plan.changes else OK


def _render_environment(preview: EnvironmentPreview) -> Iterator[str | Block]:
    if preview.plan is None:
        yield f"### {FAIL} {escape(preview.environment)} can't be planned"
        yield "\n".join(f"- {format_problem(problem)}" for problem in preview.problems)
    elif preview.plan.changes:
        yield f"### {choose_plan_mark(preview.plan)} {escape(preview.environment)}"
        yield from render_cost_blocks(preview.plan)
        yield from render_plan_blocks(preview.plan)
