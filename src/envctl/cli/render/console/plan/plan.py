"""A plan as a tree of stacks, resources and attributes."""

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console

from envctl.cli.render.console.plan import attributes
from envctl.cli.render.console.plan.actions import STYLES, SYMBOLS, format_instances, list_remarks
from envctl.cli.render.console.plan.danger import has_danger, show_danger
from envctl.cli.render.terminal.counting import format_count
from envctl.cli.render.terminal.detail import SHOW_FULL_PLANS
from envctl.cli.render.terminal.text import (
    cut_end,
    join_text,
    print_hint,
    print_nowrap,
    print_text,
)
from envctl.cli.render.values.hcl_text import format_hcl
from envctl.cli.render.values.value_diff import format_change, shorten_value
from envctl.domain.config.stateful_types import STATEFUL
from envctl.domain.plan.changes import Action, EnvironmentPlan, Marker, ResourceChange, StackPlan, count_actions
from envctl.domain.plan.summary import MAX_CHANGES, FoldedChange, fold_changes, is_large, summarize_resources
from envctl.domain.release_label import format_label_or_id
from envctl.domain.text.lists import join_names

# With more new resources, each gets one line, without its attributes.
MAX_DETAILED = 12
# Room for the names of counted resources, in cells.
MIN_NAMES_WIDTH = 20
SUMMARY_NOTE = (
    f"over {MAX_CHANGES} changes: counted by type, except those that delete, replace or change data (--full shows all)"
)
IDENTIFYING_PATHS = ("name", "tags.Name", "cidr_block", "destination_cidr_block", "instance_type", "availability_zone")


def show_plan(plan: EnvironmentPlan, out: Console) -> None:
    print_text(out, (format_verdict(plan), "bold"), f" · {format_origin(plan)}")
    summarized = is_summarized(plan.stacks)
    if summarized:
        print_text(out, (SUMMARY_NOTE, "dim"))
    is_long = True
    for stack in plan.stacks:
        was_long, is_long = is_long, stack.changes or bool(stack.warnings)
        if was_long or is_long:
            out.print()
        show_stack(stack, out, summarized=summarized)
    if plan.unplanned:
        out.print()
    for name in plan.unplanned:
        print_text(out, (f"{name}: ", "bold"), ("could not be planned", "bold red"))
    if plan.cost is not None:
        from envctl.cli.render.console.plan.cost import show_cost

        out.print()
        show_cost(plan, out)


def show_plan_alone(plan: EnvironmentPlan, out: Console) -> None:
    show_plan(plan, out)
    if plan.changes:
        _show_end(plan, out)
    print_hint(out, plan.next)


def _show_end(plan: EnvironmentPlan, out: Console) -> None:
    """Repeat what goes away and, below a long plan, the totals."""
    is_long = len(plan.stacks) > 1 or sum(len(stack.resources) for stack in plan.stacks) > MAX_DETAILED
    if is_long or has_danger(plan):
        out.print()
    show_danger(plan, out)
    if is_long:
        print_text(out, (format_verdict(plan), "bold"))


def is_summarized(stacks: Sequence[StackPlan]) -> bool:
    """Check if changes are counted by type instead of shown one by one: in a large plan without `--full`."""
    return is_large(stacks) and not SHOW_FULL_PLANS.get()


def format_verdict(plan: EnvironmentPlan) -> str:
    return f"{plan.environment}: {format_total(plan)}"


def format_origin(plan: EnvironmentPlan) -> str:
    return (
        f"plan of release {format_label_or_id(plan.label, plan.release)}"
        if plan.release
        else "plan of the working tree"
    )


def format_total(plan: EnvironmentPlan) -> str:
    """Return the counts over all stacks, for the end of a plan and the prompt after it."""
    # Reads are no changes: the line of the stack has them.
    resources = [r for stack in plan.stacks for r in stack.resources if r.action is not Action.READ]
    outputs = sum(len(stack.outputs) for stack in plan.stacks)
    text = format_counts(resources, outputs)
    waiting = ", ".join(stack.stack for stack in plan.stacks if stack.waits_for)
    text = f"{text}; {waiting} not planned yet" if waiting else text
    return f"could not plan {join_names(plan.unplanned)}; other stacks: {text}" if plan.unplanned else text


def show_stack(plan: StackPlan, out: Console, *, summarized: bool = False) -> None:
    print_text(out, (f"{plan.stack}: ", "bold"), summarize_stack(plan))
    if summarized:
        _show_summary(plan, out)
    else:
        _show_resources(plan, out)
    for warning in plan.warnings:
        print_text(out, ("warning: ", "yellow"), warning, indent=2)


def _show_resources(plan: StackPlan, out: Console) -> None:
    many = len([resource for resource in plan.resources if resource.action is Action.CREATE]) > MAX_DETAILED
    # With --full, each instance stands by itself.
    folded = [FoldedChange(each, each.address) for each in plan.resources]
    if not SHOW_FULL_PLANS.get():
        folded = fold_changes(plan.resources)
    for each in folded:
        if many and each.resource.action is Action.CREATE:
            _show_new_resource(each, out)
        else:
            show_resource(each, out)
    if many:
        print_text(
            out, ("attributes of new resources are hidden; use plan --json or why --plan --json", "dim"), indent=2
        )
    if plan.outputs:
        _show_outputs(plan, out)


def _show_summary(plan: StackPlan, out: Console) -> None:
    summary = summarize_resources(plan.resources, STATEFUL)
    for each in summary.dangerous:
        show_resource(each, out)
    for count in summary.counts:
        head = f"  {SYMBOLS[count.action]:<3} {count.action:<7}  "
        names = ", ".join(count.addresses)
        text = join_text((head, STYLES.get(count.action, "")), (f"{count.count} {count.type}", "bold"))
        room = out.width - text.cell_len - 2
        if room >= MIN_NAMES_WIDTH:
            text.append_text(join_text((f"  {cut_end(names, room)}", "dim")))
        print_nowrap(out, text)
    if plan.outputs:
        print_text(out, f"outputs: {len(plan.outputs)} to change", indent=2)


def summarize_stack(plan: StackPlan) -> str:
    """Return the counts of changes of a stack, or its reason for waiting."""
    counts = format_counts(plan.resources, len(plan.outputs))
    if plan.leaves:
        stays = "; its resources and its state stay, but envctl no longer tracks them"
        return f"leaves: {counts if plan.changes else 'no resources'}{stays if plan.leaves == 'forget' else ''}"
    if not plan.waits_for:
        return counts
    upstream = ", ".join(plan.waits_for)
    verb = "is" if len(plan.waits_for) == 1 else "are"
    return f"waits for {upstream}: it is planned once {upstream} {verb} applied"


def format_counts(resources: Sequence[ResourceChange], outputs: int) -> str:
    parts = [f"{number} to {action}" for action, number in count_actions(resources).items()]
    if read := sum(resource.action is Action.READ for resource in resources):
        parts.append(f"{read} to read")
    if not parts and outputs:
        parts.append(f"no resource changes, {format_count(outputs, 'output')} to change")
    return ", ".join(parts) or "no changes"


def show_resource(folded: FoldedChange, out: Console) -> None:
    """Print one change: its address, remarks and attributes."""
    resource = folded.resource
    style = STYLES.get(resource.action, "")
    symbol = f"  {SYMBOLS[resource.action]:<3} {resource.action:<7}  "
    print_nowrap(out, (symbol, style), (folded.address, "bold"), format_instances(folded))
    for remark in list_remarks(resource):
        print_text(out, (remark, "italic"), indent=6)
    match resource.action:
        case Action.CREATE | Action.IMPORT | Action.READ | Action.INVOKE:
            attributes.show_new_attributes(resource.attributes, out)
        case Action.UPDATE | Action.REPLACE | Action.RENEW | Action.MOVE:
            attributes.show_changed_attributes(resource.attributes, out)
        case Action.DELETE | Action.FORGET:
            pass


def _show_new_resource(folded: FoldedChange, out: Console) -> None:
    """Print one of many new resources: its address and an identifying value."""
    identity = find_display_name(folded.resource)
    start = f"  {SYMBOLS[Action.CREATE]:<3} {Action.CREATE:<7}  "
    head = join_text((start, STYLES[Action.CREATE]), (folded.address, "bold"), format_instances(folded))
    if identity and head.cell_len + 2 + cell_len(identity) <= out.width:
        head.append_text(join_text(("  " + identity, "dim")))
    print_nowrap(out, head)


def find_display_name(resource: ResourceChange) -> str:
    """Return the first identifying value of a resource, such as its name; empty if it has none."""
    known = {attribute.path: attribute.after for attribute in resource.attributes}
    named = (known.get(path) for path in IDENTIFYING_PATHS)
    values = (value for value in named if isinstance(value, str) and value and not isinstance(value, Marker))
    return next((shorten_value(value, 40) for value in values), "")


def _show_outputs(plan: StackPlan, out: Console) -> None:
    settled = [output for output in plan.outputs if not attributes.is_unknown(output.after)]
    later = [output.name for output in plan.outputs if attributes.is_unknown(output.after)]
    print_text(out, ("outputs", "dim"), indent=2)
    width = attributes.measure_path_width((output.name for output in settled), out)
    for output in settled:
        room = attributes.measure_value_room(width, out)
        if output.before is output.after is None:
            # Stored plans have no output values.
            change = output.action.value, list[str]()
        elif output.before is None:
            change = shorten_value(output.after, room), list[str]()
        else:
            change = format_change(output.before, output.after, room, out.width - 8)
        attributes.show_attribute(output.name, width, *change, out)
    if later:
        print_text(out, f"{', '.join(later)}: {format_hcl(Marker.UNKNOWN).strip('()')}", indent=6)
