"""What a release would do in each environment."""

from collections.abc import Iterator

from envctl.cli.render.console.plan.preview import of_what, outcome
from envctl.cli.render.markdown.cost import cost_blocks
from envctl.cli.render.markdown.page.budget import Block
from envctl.cli.render.markdown.page.pieces import PASSES, REFUSES, escaped, page, shown_by, strong, table
from envctl.cli.render.markdown.plan import mark, plan_blocks
from envctl.cli.render.markdown.refused import problem_line
from envctl.domain.text.short_ids import short
from envctl.usecases.inspect.preview import EnvironmentPreview, Preview


def preview(told: Preview) -> str:
    rows = ((_mark(each), strong(each.environment), escaped(outcome(each))) for each in told.environments)
    name = f" --release {short(told.release)}" if told.release else ""
    return page(
        f"## What {escaped(of_what(told))} would do",
        "Nothing was recorded.",
        table(("", "environment", "what would happen"), rows),
        *(block for each in told.environments for block in _environment(each)),
        way=shown_by(f"envctl preview{name}"),
    )


def _mark(each: EnvironmentPreview) -> str:
    if each.plan is None:
        return REFUSES
    return mark(each.plan) if each.plan.changes else PASSES


def _environment(each: EnvironmentPreview) -> Iterator[str | Block]:
    if each.plan is None:
        yield f"### {REFUSES} {escaped(each.environment)} can't be planned"
        yield "\n".join(f"- {problem_line(problem)}" for problem in each.problems)
    elif each.plan.changes:
        yield f"### {mark(each.plan)} {escaped(each.environment)}"
        yield from cost_blocks(each.plan)
        yield from plan_blocks(each.plan)
