"""A plan by the causes of its changes."""

from collections.abc import Iterator

from envctl.cli.render.console.inspect.release_distance import lines_of
from envctl.cli.render.console.inspect.settings_diff import told as of_setting
from envctl.cli.render.console.plan.explained import MEANS, TITLES, of_part, of_what, summary, waiting
from envctl.cli.render.console.plan.plan import said_of, total
from envctl.cli.render.markdown.cost import cost_blocks
from envctl.cli.render.markdown.drift import drift_table
from envctl.cli.render.markdown.page.budget import Block
from envctl.cli.render.markdown.page.pieces import (
    WARNS,
    code,
    escaped,
    next_step,
    page,
    sentence,
    shown_by,
    strong,
    table,
)
from envctl.cli.render.markdown.plan import mark, plan_blocks
from envctl.cli.render.values.value_diff import side
from envctl.domain.plan.attribution import Part
from envctl.domain.plan.changes import StackPlan
from envctl.domain.plan.drift import findings
from envctl.usecases.inspect.explain_plan import Explained


def explained(told: Explained) -> str:
    way = f"envctl apply {told.environment}" if told.changes and not told.release else ""
    return page(
        f"## {mark(told.plan)} Plan for {escaped(told.environment)}, by cause",
        f"{sentence(escaped(of_what(told)))}. {strong(summary(told))}.",
        f"{WARNS} {sentence(escaped(told.unexplained))}." if told.unexplained else "",
        *cost_blocks(told.plan),
        *(block for part in told.parts for block in _part(part, told)),
        "\n".join(f"- {strong(stack.stack)}: {escaped(said_of(stack))}" for stack in waiting(told)),
        next_step(way),
        way=shown_by(f"envctl plan {told.environment} --explain"),
    )


def _part(part: Part, told: Explained) -> Iterator[str | Block]:
    yield f"### {TITLES[part.cause]}: {escaped(total(of_part(part, told)))}"
    yield f"{sentence(escaped(MEANS[part.cause]))}."
    match part.cause:
        case "release":
            yield _code(told)
            yield _artifacts(told)
        case "settings":
            yield _settings(told)
        case "drift":
            found = [(told.environment, StackPlan(each.stack, each.resources)) for each in told.drifted]
            yield drift_table("What somebody did:", "is there", findings(found), drift=True)
        case _:
            pass
    yield from plan_blocks(of_part(part, told))


def _code(told: Explained) -> str:
    files = [
        (code(module.module), code(file.path), f"{file.what} {escaped(lines_of(file))}")
        for module in (told.code.modules if told.code else ())
        for file in module.files
    ]
    return table(("module", "file", "what"), files) if files else ""


def _artifacts(told: Explained) -> str:
    rows = [(code(pair.variable), code(side(pair.first)), code(side(pair.second))) for pair in told.artifacts]
    return table(("artifact", "runs", "would run"), rows) if rows else ""


def _settings(told: Explained) -> str:
    rows = [
        (
            code(pair.name),
            code(of_setting(pair.first)[0]),
            code(of_setting(pair.second)[0]),
            code(place) if place else "",
        )
        for pair in told.settings
        for place in [of_setting(pair.second)[1]]
    ]
    return table(("setting", "before", "now", "where"), rows) if rows else ""
