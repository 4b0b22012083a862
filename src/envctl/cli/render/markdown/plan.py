"""A plan for who reviews it: what goes away stands in front and open, everything else in a fold for each stack."""

from collections.abc import Iterator, Sequence

from envctl.cli.render.console.plan.attributes import known_later
from envctl.cli.render.console.plan.plan import MANY, SYMBOLS, known_by, remarks, said_of, total
from envctl.cli.render.markdown.attributes import attribute_lines, attributes, changes_more, forcing
from envctl.cli.render.markdown.cost import cost_blocks
from envctl.cli.render.markdown.page.budget import Block, Piece, Rank, Section
from envctl.cli.render.markdown.page.pieces import (
    NEITHER,
    PASSES,
    WARNS,
    code,
    escaped,
    fence_around,
    fenced,
    in_html,
    next_step,
    page,
    row,
    shown_by,
    strong,
    table,
)
from envctl.cli.render.terminal.text import one_line, padded, shortened, widest
from envctl.domain.config.stateful_types import STATEFUL
from envctl.domain.plan.changes import (
    Action,
    AttributeChange,
    EnvironmentPlan,
    Marker,
    OutputChange,
    ResourceChange,
    StackPlan,
)
from envctl.domain.text.short_ids import short

HARMFUL = (Action.REPLACE, Action.DELETE)
GOES, WAITS = "🚨", "⏳"
HEADING = 300
ADDRESSES = 60
NOUNS = {Action.REPLACE: "replacement", Action.DELETE: "deletion"}


def plan(told: EnvironmentPlan) -> str:
    origin = f"Release {code(short(told.release))}." if told.release else "Of the working tree."
    way = f"envctl apply {told.environment}"
    return page(
        f"## {mark(told)} Plan for {escaped(told.environment)}: {escaped(shortened(total(told), HEADING))}",
        origin,
        *cost_blocks(told),
        *plan_blocks(told),
        next_step(way) if told.changes else "",
        way=shown_by(f"envctl plan {told.environment}"),
    )


def plan_blocks(told: EnvironmentPlan, *, done: bool = False) -> Iterator[Block]:
    """Without a heading and a way on: a part of a page about a deployment too, which has `done` it."""
    yield from _going(told.stacks, "What went away" if done else "What goes away")
    yield from _stacks(told.stacks, "what was done" if done else "what would happen")
    for stack in told.stacks:
        yield from _warnings(stack)
        yield from _stack(stack)


def mark(told: EnvironmentPlan) -> str:
    if any(_harmful(stack) for stack in told.stacks):
        return GOES
    return "📝" if told.changes else PASSES


def _harmful(stack: StackPlan) -> list[ResourceChange]:
    """What holds data comes first: it is what nobody gets back."""
    going = [resource for resource in stack.resources if resource.action in HARMFUL]
    return sorted(going, key=lambda resource: resource.type not in STATEFUL)


def _going(stacks: Sequence[StackPlan], title: str) -> Iterator[Block]:
    going = [(stack.stack, resource) for stack in stacks for resource in _harmful(stack)]
    going.sort(key=lambda each: each[1].type not in STATEFUL)
    if going:
        pieces = (
            Piece(_resource(resource, forcing(resource), stack), NOUNS[resource.action], Rank.DANGER, stack)
            for stack, resource in going
        )
        yield Section(f"### {GOES} {title}", tuple(pieces))


def _stacks(stacks: Sequence[StackPlan], title: str) -> Iterator[Block]:
    if len(stacks) <= 1:
        return
    head = table(("", "stack", title), ())
    rows = (row((_sign(stack), strong(stack.stack), escaped(said_of(stack)))) for stack in stacks)
    yield Section(head, tuple(Piece(each, "row", Rank.ROW) for each in rows), between="\n")


def _sign(stack: StackPlan) -> str:
    if stack.waits_for:
        return WAITS
    return GOES if _harmful(stack) else "📝" if stack.changes else NEITHER


def _warnings(stack: StackPlan) -> Iterator[Block]:
    for warning in stack.warnings:
        yield Piece(f"{WARNS} {strong(stack.stack)}: {escaped(warning)}", "warning", Rank.TEXT, stack.stack)


def _stack(stack: StackPlan) -> Iterator[Block]:
    rest = [resource for resource in stack.resources if resource.action not in HARMFUL]
    new = [resource for resource in rest if resource.action is Action.CREATE]
    many = new if len(new) > MANY else []
    inner: list[Block] = [
        Piece(_resource(resource, attributes(resource)), "resource", _rank(resource), stack.stack)
        for resource in rest
        if resource not in many
    ]
    inner += _replaced(stack)
    if many:
        inner += _listed(many, stack.stack)
    if stack.outputs:
        inner.append(Piece(_outputs(stack.outputs), "output list", Rank.REST, stack.stack))
    if inner:
        also = " (what goes away stands above)" if _harmful(stack) else ""
        summary = f"<summary><b>{in_html(stack.stack)}</b>: {in_html(said_of(stack))}{also}</summary>"
        yield Section(f"<details>{summary}", tuple(inner), "</details>")


def _rank(resource: ResourceChange) -> Rank:
    return Rank.NEW if resource.action in (Action.CREATE, Action.READ) else Rank.CHANGE


def _replaced(stack: StackPlan) -> Iterator[Piece]:
    """What else changes in what is replaced: above stands what forces it."""
    for resource in stack.resources:
        if resource.action is Action.REPLACE and changes_more(resource):
            yield Piece(_resource(resource, attributes(resource)), "attribute list", Rank.DETAIL, stack.stack)


def _resource(resource: ResourceChange, lines: Sequence[str], stack: str = "") -> str:
    """With the stack where it stands apart from it."""
    data = " (stateful)" if resource.action in HARMFUL and resource.type in STATEFUL else ""
    where = f" in {strong(stack)}" if stack else ""
    why = escaped("; ".join(remarks(resource)))
    mark = f"{GOES} " if resource.action in HARMFUL else ""
    head = f"{mark}{strong(resource.action)} {code(resource.address)}{where}{data}{f': {why}' if why else ''}"
    text = "\n".join(lines)
    return f"{head}\n\n{fenced(text, 'diff')}" if text else head


def _listed(resources: Sequence[ResourceChange], stack: str) -> Iterator[Section]:
    """Of so many new ones each gets a line, by which a person knows it. Who wants more opens one more fold."""
    width = widest((resource.address for resource in resources), ADDRESSES)
    sign = SYMBOLS[Action.CREATE]
    lines = [f"{sign} {padded(one_line(r.address), width)}  {known_by(r)}".rstrip() for r in resources]
    marks = fence_around("\n".join(lines))
    pieces = tuple(Piece(line, "resource", Rank.NEW, stack) for line in lines)
    yield Section(f"{marks}diff", pieces, marks, "\n")
    details = tuple(Piece(_resource(r, attributes(r)), "attribute list", Rank.REST, stack) for r in resources)
    yield Section("<details><summary>the attributes of what is new</summary>", details, "</details>")


def _outputs(outputs: Sequence[OutputChange]) -> str:
    width = widest((output.name for output in outputs), ADDRESSES)
    changes = (
        # That each element is known later says no more than that the list is.
        AttributeChange(each.name, each.before, Marker.UNKNOWN if known_later(each.after) else each.after)
        for each in outputs
    )
    # What is kept of a plan has no values.
    kept = [f"! {each.name} ({each.action})" for each in outputs if each.before is each.after is None]
    lines = "\n".join([*kept, *(line for change in changes for line in attribute_lines(change, width))])
    return f"**outputs**\n\n{fenced(lines, 'diff')}"
