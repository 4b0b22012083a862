"""A plan for review: deletions and replacements first, all other changes in one fold per stack."""

from collections.abc import Iterator, Sequence

from envctl.cli.render.markdown.attributes import render_attribute, render_attributes, render_within_budget
from envctl.cli.render.markdown.cost import render_cost_blocks
from envctl.cli.render.markdown.page import markup as md
from envctl.cli.render.markdown.page.budget import Block, Piece, Rank, Section
from envctl.cli.render.text.detail import SHOW_FULL_PLANS
from envctl.cli.render.text.escapes import to_one_line
from envctl.cli.render.text.widths import measure_width, pad_text, shorten_middle
from envctl.cli.render.words.plan import plan as words
from envctl.cli.render.words.plan.actions import SYMBOLS, list_remarks
from envctl.cli.render.words.plan.attributes import group_attributes, is_unknown
from envctl.domain.command_lines import format_command
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
from envctl.domain.plan.summary import fold_changes, summarize_resources

DESTRUCTIVE = (Action.REPLACE, Action.DELETE)
DANGER, WAITING = "🚨", "⏳"
MAX_HEADING = 300
MAX_ADDRESS = 60
MAX_ADDRESSES = 200
NOUNS = {Action.REPLACE: "replacement", Action.DELETE: "deletion"}


def render_plan(plan: EnvironmentPlan) -> str:
    origin = f"Release {md.render_release(plan.label, plan.release)}." if plan.release else "Of the working tree."
    changes = md.escape(shorten_middle(words.format_total(plan), MAX_HEADING))
    return md.render_page(
        f"## {choose_plan_mark(plan)} Plan for {md.escape(plan.environment)}: {changes}",
        origin,
        *render_cost_blocks(plan),
        *render_plan_blocks(plan),
        md.render_next_step(plan.next),
        full_output=md.format_full_output(format_command("plan", plan.environment)),
    )


def render_plan_blocks(plan: EnvironmentPlan, *, done: bool = False) -> Iterator[Block]:
    """Yield the plan without heading and next step. `done` words it as applied, for the page of a deployment."""
    yield from _render_destructive(plan.stacks, "Destroyed" if done else "Destroyed by this plan")
    yield from _render_stack_table(plan.stacks, "changes made" if done else "planned changes")
    for stack in plan.stacks:
        for warning in stack.warnings:
            yield Piece(f"{md.WARN} {md.bold(stack.stack)}: {md.escape(warning)}", "warning", Rank.TEXT, stack.stack)
        inner = list(_render_counts(stack) if words.is_summarized(plan.stacks) else _render_changes(stack))
        if inner:
            note = " (destroyed resources are listed above)" if _find_destructive(stack) else ""
            summary = f"<b>{md.escape_html(stack.stack)}</b>: {md.escape_html(words.summarize_stack(stack))}{note}"
            yield Section(f"<details><summary>{summary}</summary>", tuple(inner), "</details>")
        yield from render_forecast(stack)
    for name in plan.unplanned:
        yield Piece(f"{md.FAIL} {md.bold(name)}: could not be planned", "error", Rank.TEXT, name)


def render_forecast(stack: StackPlan) -> Iterator[Block]:
    """Yield the forecast of a stack that waits, if it has one."""
    if stack.forecast is None:
        return
    foreseen = stack.forecast.to_plan(stack.stack)
    for warning in foreseen.warnings:
        yield Piece(f"{md.WARN} {md.bold(stack.stack)}: {md.escape(warning)}", "warning", Rank.TEXT, stack.stack)
    summary = f"<b>{md.escape_html(stack.stack)}</b>: {md.escape_html(words.describe_forecast(stack))}"
    inner = tuple(_render_counts(foreseen) if words.is_summarized([foreseen]) else _render_changes(foreseen))
    if inner:
        yield Section(f"<details><summary>{summary}</summary>", inner, "</details>")
    else:
        yield Piece(
            f"{WAITING} {md.bold(stack.stack)}: {md.escape(words.describe_forecast(stack))}",
            "forecast",
            Rank.TEXT,
            stack.stack,
        )


def choose_plan_mark(plan: EnvironmentPlan) -> str:
    if plan.unplanned:
        return md.FAIL
    if any(_find_destructive(stack) for stack in plan.stacks):
        return DANGER
    return "📝" if plan.changes else md.OK


def _find_destructive(stack: StackPlan) -> list[ResourceChange]:
    """Return deleted and replaced resources, stateful ones first, as their data is lost."""
    destructive = [resource for resource in stack.resources if resource.action in DESTRUCTIVE]
    return sorted(destructive, key=lambda resource: resource.type not in STATEFUL)


def _fold_destructive(stack: StackPlan) -> list[ResourceChange]:
    found = _find_destructive(stack)
    return found if SHOW_FULL_PLANS.get() else [each.folded_resource for each in fold_changes(found)]


def _render_destructive(stacks: Sequence[StackPlan], title: str) -> Iterator[Block]:
    destructive = [(stack.stack, resource) for stack in stacks for resource in _fold_destructive(stack)]
    destructive.sort(key=lambda each: each[1].type not in STATEFUL)
    if destructive:
        pieces = (
            Piece(render_resource(resource, stack), NOUNS[resource.action], Rank.DANGER, stack)
            for stack, resource in destructive
        )
        yield Section(f"### {DANGER} {title}", tuple(pieces))


def _render_stack_table(stacks: Sequence[StackPlan], title: str) -> Iterator[Block]:
    if len(stacks) <= 1:
        return
    head = md.render_head(("", "stack", title))
    rows: list[Piece] = []
    for stack in stacks:
        changes = DANGER if _find_destructive(stack) else "📝" if stack.changes else md.NEUTRAL
        cells = (md.bold(stack.stack), md.escape(words.summarize_stack(stack)))
        rows.append(Piece(md.format_row((WAITING if stack.waits_for else changes, *cells)), "row", Rank.ROW))
    yield Section(head, tuple(rows), separator="\n")


def _render_counts(stack: StackPlan) -> Iterator[Block]:
    """Yield the summary of a stack: changes of data in full, and all others by type."""
    summary = summarize_resources(stack.resources, STATEFUL)
    for each in summary.dangerous:
        if each.resource.action not in DESTRUCTIVE:
            yield Piece(render_resource(each.folded_resource), "resource", Rank.CHANGE, stack.stack)
    if summary.counts:
        rows = tuple(
            Piece(md.format_row((str(each.count), each.action, md.code(each.type), addresses)), "row", Rank.ROW)
            for each in summary.counts
            for addresses in [md.escape(shorten_middle(", ".join(each.addresses), MAX_ADDRESSES))]
        )
        yield Section(md.render_head(("count", "change", "type", "resources")), rows, separator="\n")
        yield Piece(f"{words.SUMMARY_NOTE.capitalize()}.", "note", Rank.TEXT, stack.stack)
    if stack.outputs:
        yield Piece(f"outputs: {len(stack.outputs)} to change", "output list", Rank.REST, stack.stack)


def _render_changes(stack: StackPlan) -> Iterator[Block]:
    rest = [resource for resource in stack.resources if resource.action not in DESTRUCTIVE]
    new = [resource for resource in rest if resource.action is Action.CREATE]
    many = new if len(new) > words.MAX_DETAILED else []
    for resource in rest:
        if resource not in many:
            rank = Rank.NEW if resource.action in (Action.CREATE, Action.READ) else Rank.CHANGE
            yield Piece(render_resource(resource), "resource", rank, stack.stack)
    # What forces a replacement is listed above already.
    for resource in stack.resources:
        if resource.action is Action.REPLACE and group_attributes(resource.attributes).rest:
            yield Piece(render_resource(resource), "attribute list", Rank.DETAIL, stack.stack)
    if many:
        yield from _render_new_resources(many, stack.stack)
    if stack.outputs:
        yield Piece(_render_outputs(stack.outputs), "output list", Rank.REST, stack.stack)


def render_resource(resource: ResourceChange, stack: str = "") -> str:
    """Render a resource with its diff: outside of its stack's fold with `stack`, and attributes that force it alone."""
    stateful = " (stateful)" if resource.action in DESTRUCTIVE and resource.type in STATEFUL else ""
    location = f" in {md.bold(stack)}" if stack else ""
    reason = md.escape("; ".join(list_remarks(resource)))
    mark = f"{DANGER} " if resource.action in DESTRUCTIVE else ""
    remark = f": {reason}" if reason else ""
    head = f"{mark}{md.bold(resource.action)} {md.code(resource.address)}{location}{stateful}{remark}"
    forced = group_attributes(resource.attributes).forced
    text = "\n".join(render_within_budget(forced) if stack else render_attributes(resource))
    return f"{head}\n\n{md.fence_text(text, 'diff')}" if text else head


def _render_new_resources(resources: Sequence[ResourceChange], stack: str) -> Iterator[Section]:
    """Yield one line per new resource, and a fold with the attributes of all."""
    width = measure_width((resource.address for resource in resources), MAX_ADDRESS)
    sign = SYMBOLS[Action.CREATE]
    lines = [
        f"{sign} {pad_text(to_one_line(r.address), width)}  {words.find_display_name(r)}".rstrip() for r in resources
    ]
    marks = md.choose_fence("\n".join(lines))
    pieces = tuple(Piece(line, "resource", Rank.NEW, stack) for line in lines)
    yield Section(f"{marks}diff", pieces, marks, "\n")
    details = tuple(Piece(render_resource(r), "attribute list", Rank.REST, stack) for r in resources)
    yield Section("<details><summary>the attributes of new resources</summary>", details, "</details>")


def _render_outputs(outputs: Sequence[OutputChange]) -> str:
    width = measure_width((output.name for output in outputs), MAX_ADDRESS)
    changes = (
        # One marker for a list instead of one per unknown element.
        AttributeChange(each.name, each.before, Marker.UNKNOWN if is_unknown(each.after) else each.after)
        for each in outputs
    )
    # Stored plans have no values.
    kept = [f"! {each.name} ({each.action})" for each in outputs if each.before is each.after is None]
    lines = "\n".join([*kept, *(line for change in changes for line in render_attribute(change, width))])
    return f"**outputs**\n\n{md.fence_text(lines, 'diff')}"
