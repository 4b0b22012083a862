"""A plan with its changes grouped by cause."""

from collections.abc import Iterator

from envctl.cli.render.markdown.cost import render_cost_blocks
from envctl.cli.render.markdown.drift import render_drift_table
from envctl.cli.render.markdown.page import markup as md
from envctl.cli.render.markdown.page.budget import Block
from envctl.cli.render.markdown.plan import choose_plan_mark, render_forecast, render_plan_blocks
from envctl.cli.render.text.sentences import capitalize
from envctl.cli.render.values.value_diff import format_side
from envctl.cli.render.words.plan import explained_plan as words
from envctl.cli.render.words.plan.plan import format_total, summarize_stack
from envctl.cli.render.words.release_changes import format_changed_lines
from envctl.cli.render.words.settings_diff import format_setting
from envctl.domain.command_lines import format_command
from envctl.domain.plan.attribution import Part
from envctl.domain.plan.changes import StackPlan
from envctl.domain.plan.drift import group_differences
from envctl.usecases.inspect.explain_plan import ExplainedPlan


def render_explained_plan(explained: ExplainedPlan) -> str:
    subject = capitalize(md.escape(words.describe_subject(explained)))
    total = md.escape(format_total(explained.plan))
    return md.render_page(
        f"## {choose_plan_mark(explained.plan)} Plan for {md.escape(explained.environment)}: {total}",
        f"{subject}. {md.bold(words.summarize_causes(explained))}.",
        f"{md.WARN} {capitalize(md.escape(explained.unexplained))}." if explained.unexplained else "",
        *render_cost_blocks(explained.plan),
        *(block for part in explained.parts for block in _render_part(part, explained)),
        "\n".join(
            f"- {md.bold(stack.stack)}: {md.escape(summarize_stack(stack))}"
            for stack in explained.plan.stacks
            if stack.waits_for
        ),
        *(block for stack in explained.plan.stacks for block in render_forecast(stack)),
        md.render_next_step(explained.plan.next),
        full_output=md.format_full_output(format_command("plan", explained.environment, explain=True)),
    )


def _render_part(part: Part, explained: ExplainedPlan) -> Iterator[str | Block]:
    plan = words.to_environment_plan(part, explained)
    yield f"### {words.CAUSE_TITLES[part.cause]}: {md.escape(format_total(plan))}"
    yield f"{capitalize(md.escape(words.CAUSE_MEANINGS[part.cause]))}."
    match part.cause:
        case "release":
            files = [
                (md.code(module.module), md.code(file.path), f"{file.what} {md.escape(format_changed_lines(file))}")
                for module in (explained.code.modules if explained.code else ())
                for file in module.files
            ]
            yield md.render_table(("module", "file", "what"), files)
            yield _render_artifacts(explained)
        case "settings":
            changes = [
                (pair.name, format_setting(pair.first)[0], *format_setting(pair.second)) for pair in explained.settings
            ]
            rows = [(*map(md.code, change[:3]), md.code(change[3]) if change[3] else "") for change in changes]
            yield md.render_table(("setting", "before", "now", "where"), rows)
        case "drift":
            found = [
                (explained.environment, StackPlan(each.stack, resources=each.resources)) for each in explained.drifted
            ]
            yield render_drift_table("Manual changes:", "real", group_differences(found), drift=True)
        case _:
            pass
    yield from render_plan_blocks(plan)


def _render_artifacts(explained: ExplainedPlan) -> str:
    rows = [
        (md.code(pair.variable), md.code(format_side(pair.first)), md.code(format_side(pair.second)))
        for pair in explained.artifacts
    ]
    return md.render_table(("artifact", "runs", "would run"), rows)
