"""A plan with its changes grouped by cause."""

from collections.abc import Iterator

from envctl.cli.render.console.inspect.release_distance import format_changed_lines
from envctl.cli.render.console.inspect.settings_diff import format_setting as of_setting
from envctl.cli.render.console.plan.explained import (
    CAUSE_MEANINGS,
    CAUSE_TITLES,
    describe_subject,
    list_waiting_stacks,
    summarize_causes,
    to_environment_plan,
)
from envctl.cli.render.console.plan.plan import format_total, summarize_stack
from envctl.cli.render.markdown.cost import render_cost_blocks
from envctl.cli.render.markdown.drift import render_drift_table
from envctl.cli.render.markdown.page.budget import Block
from envctl.cli.render.markdown.page.markup import (
    WARN,
    bold,
    capitalize,
    code,
    escape,
    format_full_output,
    render_next_step,
    render_page,
    render_table,
)
from envctl.cli.render.markdown.plan import choose_plan_mark, render_plan_blocks
from envctl.cli.render.values.value_diff import format_side
from envctl.domain.plan.attribution import Part
from envctl.domain.plan.changes import StackPlan
from envctl.domain.plan.drift import group_differences
from envctl.usecases.inspect.explain_plan import Explained


def render_explained_plan(explained: Explained) -> str:
    command = f"envctl apply {explained.environment}" if explained.changes and not explained.release else ""
    return render_page(
        f"## {choose_plan_mark(explained.plan)} Plan for {escape(explained.environment)}, by cause",
        f"{capitalize(escape(describe_subject(explained)))}. {bold(summarize_causes(explained))}.",
        f"{WARN} {capitalize(escape(explained.unexplained))}." if explained.unexplained else "",
        *render_cost_blocks(explained.plan),
        *(block for part in explained.parts for block in _render_part(part, explained)),
        "\n".join(
            f"- {bold(stack.stack)}: {escape(summarize_stack(stack))}" for stack in list_waiting_stacks(explained)
        ),
        render_next_step(command),
        full_output=format_full_output(f"envctl plan {explained.environment} --explain"),
    )


def _render_part(part: Part, explained: Explained) -> Iterator[str | Block]:
    yield f"### {CAUSE_TITLES[part.cause]}: {escape(format_total(to_environment_plan(part, explained)))}"
    yield f"{capitalize(escape(CAUSE_MEANINGS[part.cause]))}."
    match part.cause:
        case "release":
            yield _render_code_changes(explained)
            yield _render_artifacts(explained)
        case "settings":
            yield _render_settings(explained)
        case "drift":
            found = [(explained.environment, StackPlan(each.stack, each.resources)) for each in explained.drifted]
            yield render_drift_table("What somebody did:", "is there", group_differences(found), drift=True)
        case _:
            pass
    yield from render_plan_blocks(to_environment_plan(part, explained))


def _render_code_changes(explained: Explained) -> str:
    files = [
        (code(module.module), code(file.path), f"{file.what} {escape(format_changed_lines(file))}")
        for module in (explained.code.modules if explained.code else ())
        for file in module.files
    ]
    return render_table(("module", "file", "what"), files) if files else ""


def _render_artifacts(explained: Explained) -> str:
    rows = [
        (code(pair.variable), code(format_side(pair.first)), code(format_side(pair.second)))
        for pair in explained.artifacts
    ]
    return render_table(("artifact", "runs", "would run"), rows) if rows else ""


def _render_settings(explained: Explained) -> str:
    rows = [
        (
            code(pair.name),
            code(of_setting(pair.first)[0]),
            code(of_setting(pair.second)[0]),
            code(location) if location else "",
        )
        for pair in explained.settings
        for location in [of_setting(pair.second)[1]]
    ]
    return render_table(("setting", "before", "now", "where"), rows) if rows else ""
