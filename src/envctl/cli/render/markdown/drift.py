"""Where reality differs from the state."""

from collections.abc import Iterator

from envctl.cli.render.attributes import own
from envctl.cli.render.drift import headline, total, what_happened
from envctl.cli.render.markdown.pieces import (
    NEITHER,
    PASSES,
    WARNS,
    code,
    escaped,
    next_step,
    page,
    sentence,
    strong,
    table,
)
from envctl.cli.render.text import shortened
from envctl.cli.render.values import side
from envctl.domain.changes import Action, ResourceChange
from envctl.usecases.drift import Drift, EnvironmentDrift

HEADS = ("stack", "resource", "what", "the state says", "is there")
ROOM = 80


def drift(told: Drift) -> str:
    looked = not all(each.skipped for each in told.environments)
    mark = WARNS if told.found else PASSES if looked else NEITHER
    return page(f"## {mark} {sentence(escaped(total(told)))}", *(_environment(each) for each in told.environments))


def _environment(each: EnvironmentDrift) -> str:
    mark = NEITHER if each.skipped else WARNS if each.drifted else PASSES
    rows = [
        (escaped(stack.stack), code(resource.address), *cells)
        for stack in each.stacks
        for resource in stack.resources
        for cells in _cells(resource)
    ]
    blocks = (f"{mark} {strong(each.environment)}: {escaped(headline(each))}", table(HEADS, rows) if rows else "")
    return "\n\n".join(filter(None, (*blocks, next_step(each.next))))


def _cells(resource: ResourceChange) -> Iterator[tuple[str, str, str]]:
    happened = what_happened(resource)
    if resource.action is Action.DELETE or not resource.attributes:
        yield happened, "", ""
        return
    for attribute in own(resource.attributes):
        sides = (code(shortened(side(attribute.before), ROOM)), code(shortened(side(attribute.after), ROOM)))
        yield f"{happened}: {code(attribute.path)}", *sides
