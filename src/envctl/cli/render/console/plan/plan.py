"""A plan as a tree of stacks, resources and attributes."""

from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.console import Console

from envctl.cli.render.console.plan import attributes
from envctl.cli.render.terminal.counting import format_count
from envctl.cli.render.terminal.text import join_text, print_hint, print_nowrap, print_text
from envctl.cli.render.values.hcl_text import format_hcl
from envctl.cli.render.values.value_diff import format_change, shorten_value
from envctl.domain.plan.changes import Action, EnvironmentPlan, Marker, ResourceChange, StackPlan, count_actions
from envctl.domain.release_label import format_label_or_id

SYMBOLS = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.REPLACE: "-/+",
    Action.DELETE: "-",
    Action.FORGET: "x",
    Action.READ: "<=",
    Action.MOVE: "->",
    Action.IMPORT: "<-",
    Action.RENEW: "+x",
    Action.INVOKE: ">",
}
STYLES = {
    Action.CREATE: "green",
    Action.UPDATE: "yellow",
    Action.REPLACE: "bold red",
    Action.DELETE: "bold red",
    Action.FORGET: "magenta",
    Action.RENEW: "yellow",
    Action.INVOKE: "bold magenta",
}
REASONS = {
    "replace because tainted": "it is marked as tainted",
    "replace by request": "somebody asked for it",
    "replace by triggers": "what triggers its replacement has changed",
    "delete because no resource config": "it is no longer in the code",
    "delete because no module": "its module is no longer called",
    "delete because no move target": "it was moved to an address that is not in the code",
    "delete because wrong repetition": "its count or for_each has changed",
    "delete because count index": "its count has become smaller",
    "delete because each key": "its key is no longer in for_each",
}
# Shown at the attribute forcing the replacement.
_OMITTED_REASONS = frozenset({"replace because cannot update", "read because config unknown"})

# With more new resources, each gets one line, without its attributes.
MAX_DETAILED = 12
IDENTIFYING_PATHS = ("name", "tags.Name", "cidr_block", "destination_cidr_block", "instance_type", "availability_zone")


def show_plan(plan: EnvironmentPlan, out: Console) -> None:
    origin = f"release {format_label_or_id(plan.label, plan.release)}" if plan.release else "the working tree"
    print_text(out, "Plan for ", (plan.environment, "bold"), f" · {origin}")
    is_long = True
    for stack in plan.stacks:
        was_long, is_long = is_long, stack.changes or bool(stack.warnings)
        if was_long or is_long:
            out.print()
        show_stack(stack, out)
    if len(plan.stacks) > 1:
        out.print()
        print_text(out, (f"Total for {plan.environment}: ", "bold"), format_total(plan))
    if plan.cost is not None:
        from envctl.cli.render.console.plan.cost import show_cost

        out.print()
        show_cost(plan, out)


def show_plan_alone(plan: EnvironmentPlan, out: Console) -> None:
    show_plan(plan, out)
    print_hint(out, plan.next)


def format_total(plan: EnvironmentPlan) -> str:
    """Return the counts over all stacks, for the end of a plan and the prompt after it."""
    resources = [resource for stack in plan.stacks for resource in stack.resources]
    outputs = sum(len(stack.outputs) for stack in plan.stacks)
    text = _format_counts(resources, outputs)
    waiting = ", ".join(stack.stack for stack in plan.stacks if stack.waits_for)
    return f"{text}; {waiting} not planned yet" if waiting else text


def show_stack(plan: StackPlan, out: Console) -> None:
    print_text(out, (f"{plan.stack}: ", "bold"), summarize_stack(plan))
    many = len([resource for resource in plan.resources if resource.action is Action.CREATE]) > MAX_DETAILED
    for resource in plan.resources:
        if many and resource.action is Action.CREATE:
            _show_new_resource(resource, out)
        else:
            _show_resource(resource, out)
    if many:
        print_text(out, ("the attributes of what is new: --json, with plan or with why --plan", "dim"), indent=2)
    if plan.outputs:
        _show_outputs(plan, out)
    for warning in plan.warnings:
        print_text(out, ("warning: ", "yellow"), warning, indent=2)


def summarize_stack(plan: StackPlan) -> str:
    """Return the counts of changes of a stack, or its reason for waiting."""
    counts = _format_counts(plan.resources, len(plan.outputs))
    if plan.leaves:
        stays = "; its resources and its state stay, and envctl tracks them no longer"
        return f"leaves: {counts if plan.changes else 'holds nothing'}{stays if plan.leaves == 'forget' else ''}"
    if not plan.waits_for:
        return counts
    upstream = ", ".join(plan.waits_for)
    verb = "is" if len(plan.waits_for) == 1 else "are"
    return f"waits for {upstream}: it is planned once {upstream} {verb} applied"


def _format_counts(resources: Sequence[ResourceChange], outputs: int) -> str:
    parts = [f"{number} to {action}" for action, number in count_actions(resources).items()]
    if read := sum(resource.action is Action.READ for resource in resources):
        parts.append(f"{read} to read")
    if not parts and outputs:
        parts.append(f"no resource changes, {format_count(outputs, 'output')} to change")
    return ", ".join(parts) or "no changes"


def _show_resource(resource: ResourceChange, out: Console) -> None:
    style = STYLES.get(resource.action, "")
    symbol = f"  {SYMBOLS[resource.action]:<3} {resource.action:<7}  "
    print_nowrap(out, (symbol, style), (resource.address, "bold"))
    for remark in list_remarks(resource):
        print_text(out, (remark, "italic"), indent=6)
    match resource.action:
        case Action.CREATE | Action.IMPORT | Action.READ | Action.INVOKE:
            attributes.show_new_attributes(resource.attributes, out)
        case Action.UPDATE | Action.REPLACE | Action.RENEW | Action.MOVE:
            attributes.show_changed_attributes(resource.attributes, out)
        case Action.DELETE | Action.FORGET:
            pass


def _show_new_resource(resource: ResourceChange, out: Console) -> None:
    """Print one of many new resources: its address and an identifying value."""
    identity = find_display_name(resource)
    start = f"  {SYMBOLS[Action.CREATE]:<3} {Action.CREATE:<7}  "
    head = join_text((start, STYLES[Action.CREATE]), (resource.address, "bold"))
    if identity and head.cell_len + 2 + cell_len(identity) <= out.width:
        head.append_text(join_text(("  " + identity, "dim")))
    print_nowrap(out, head)


def find_display_name(resource: ResourceChange) -> str:
    """Return the first identifying value of a resource, such as its name; empty if it has none."""
    known = {attribute.path: attribute.after for attribute in resource.attributes}
    named = (known.get(path) for path in IDENTIFYING_PATHS)
    values = (value for value in named if isinstance(value, str) and value and not isinstance(value, Marker))
    return next((shorten_value(value, 40) for value in values), "")


def list_remarks(resource: ResourceChange) -> Iterable[str]:
    if resource.moved_from:
        yield f"moved from {resource.moved_from}"
    if resource.imported:
        yield f"imported from {resource.imported}"
    if resource.action is Action.FORGET:
        yield "it stays where it is; Terraform forgets it"
    if resource.action is Action.RENEW:
        yield "a new one is created; the old one stays where it is, and Terraform forgets it"
    if resource.action is Action.INVOKE:
        yield f"runs an action of type {resource.type}, which can change or delete anything"
    if resource.creates_first:
        yield "the new one is created before the old one is deleted"
    for program in resource.programs:
        yield f"{format_run_verb(resource)} {program}"
    if resource.reason and resource.reason not in _OMITTED_REASONS:
        yield f"because {REASONS.get(resource.reason, resource.reason)}"


def format_run_verb(resource: ResourceChange) -> str:
    """Return a verb for provisioners: on deletion a plan does not show if they run."""
    return "may run" if resource.action is Action.DELETE else "runs"


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
