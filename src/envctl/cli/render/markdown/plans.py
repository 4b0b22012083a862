"""The plans of many environments."""

from collections.abc import Iterator

from envctl.cli.render.console.plan.many_plans import of_what, outcome, told_apart
from envctl.cli.render.markdown.cost import cost_blocks
from envctl.cli.render.markdown.page.budget import Block
from envctl.cli.render.markdown.page.pieces import PASSES, REFUSES, escaped, page, shown_by, strong, table
from envctl.cli.render.markdown.plan import mark, plan_blocks
from envctl.cli.render.markdown.refused import problem_line
from envctl.usecases.fleet.merge import Plans
from envctl.usecases.inspect.preview import EnvironmentPreview


def plans(told: Plans) -> str:
    remarkable, quiet = told_apart(told)
    rows = ((_mark(each), strong(each.environment), escaped(outcome(each))) for each in remarkable)
    return page(
        f"## What {escaped(of_what(told))} would do",
        "Nothing was recorded.",
        table(("", "environment", "what would happen"), rows),
        f"{PASSES} no changes: {escaped(quiet)}" if quiet else "",
        *(block for each in remarkable for block in _environment(each)),
        way=shown_by(f"envctl collect {told.run}") if told.run else shown_by("envctl plan"),
    )


def _mark(each: EnvironmentPreview) -> str:
    if each.plan is None or each.problems:
        return REFUSES
    return mark(each.plan) if each.plan.changes else PASSES


def _environment(each: EnvironmentPreview) -> Iterator[str | Block]:
    if each.problems:
        yield f"### {REFUSES} {escaped(each.environment)} can't be planned{' whole' if each.plan else ''}"
        yield "\n".join(f"- {problem_line(problem)}" for problem in each.problems)
    if each.plan and each.plan.changes:
        yield f"### {mark(each.plan)} {escaped(each.environment)}"
        yield from cost_blocks(each.plan)
        yield from plan_blocks(each.plan)
