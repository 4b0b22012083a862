"""A plan as a tree: stacks, resources, and of each resource what an operator has to know before saying yes."""

from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.console import Console

from envctl.cli.render.console.plan.attributes import changed, created, known_later, line, path_width, room_beside
from envctl.cli.render.terminal.counting import counted
from envctl.cli.render.terminal.text import hinted, joined, plain, say, whole
from envctl.cli.render.values.hcl_text import spelt
from envctl.cli.render.values.value_diff import brief, from_to
from envctl.domain.plan.changes import Action, EnvironmentPlan, Marker, OutputChange, ResourceChange, StackPlan, count
from envctl.domain.text.short_ids import short

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
# What forces it is marked at the attribute itself.
_SAID_ELSEWHERE = frozenset({"replace because cannot update", "read because config unknown"})

# Of so many new resources nobody reads every attribute: each gets one line, and the list stays readable.
MANY = 12
TELLING = ("name", "tags.Name", "cidr_block", "destination_cidr_block", "instance_type", "availability_zone")


def show_plan(plan: EnvironmentPlan, out: Console) -> None:
    heading(plan, out)
    tall = True
    for stack in plan.stacks:
        before, tall = tall, stack.changes or bool(stack.warnings)
        if before or tall:
            out.print()
        show_stack(stack, out)
    if len(plan.stacks) > 1:
        out.print()
        say(out, joined((f"Total for {plan.environment}: ", "bold"), total(plan)))
    if plan.cost is not None:
        from envctl.cli.render.console.plan.cost import show_cost

        out.print()
        show_cost(plan, out)


def show_plan_alone(plan: EnvironmentPlan, out: Console) -> None:
    show_plan(plan, out)
    if plan.changes:
        hinted(out, f"envctl apply {plan.environment}")


def heading(plan: EnvironmentPlan, out: Console) -> None:
    origin = f"release {short(plan.release)}" if plan.release else "the working tree"
    say(out, joined("Plan for ", (plan.environment, "bold"), f" · {origin}"))


def total(plan: EnvironmentPlan) -> str:
    """All stacks together, for the end of the plan and for the question after it."""
    resources = [resource for stack in plan.stacks for resource in stack.resources]
    outputs = sum(len(stack.outputs) for stack in plan.stacks)
    said = _counts(resources, outputs)
    waiting = [stack.stack for stack in plan.stacks if stack.waits_for]
    if waiting:
        said += f"; {', '.join(waiting)} not planned yet"
    return said


def show_stack(plan: StackPlan, out: Console) -> None:
    say(out, joined((f"{plan.stack}: ", "bold"), said_of(plan)))
    many = len([resource for resource in plan.resources if resource.action is Action.CREATE]) > MANY
    for resource in plan.resources:
        if many and resource.action is Action.CREATE:
            _new(resource, out)
        else:
            _resource(resource, out)
    if many:
        say(out, plain("the attributes of what is new: --json, with plan or with why --plan", "dim"), 2)
    if plan.outputs:
        _outputs(plan.outputs, out)
    for warning in plan.warnings:
        say(out, joined(("warning: ", "yellow"), warning), 2)


def said_of(plan: StackPlan) -> str:
    """What would happen in a stack, in a few words."""
    if plan.leaves:
        return _leaving(plan)
    if not plan.waits_for:
        return _counts(plan.resources, len(plan.outputs))
    upstream = ", ".join(plan.waits_for)
    verb = "is" if len(plan.waits_for) == 1 else "are"
    return f"waits for {upstream}: it is planned once {upstream} {verb} applied"


def _leaving(plan: StackPlan) -> str:
    """A stack that the release has no more."""
    held = _counts(plan.resources, len(plan.outputs)) if plan.changes else "holds nothing"
    if plan.leaves == "forget":
        return f"leaves: {held}; its resources and its state stay, and envctl tracks them no longer"
    return f"leaves: {held}"


def _counts(resources: Iterable[ResourceChange], outputs: int) -> str:
    listed = list(resources)
    parts = [f"{number} to {action}" for action, number in count(listed).items()]
    read = sum(resource.action is Action.READ for resource in listed)
    if read:
        parts.append(f"{read} to read")
    if not parts and outputs:
        parts.append(f"no resource changes, {counted(outputs, 'output')} to change")
    return ", ".join(parts) or "no changes"


def _resource(resource: ResourceChange, out: Console) -> None:
    style = STYLES.get(resource.action, "")
    symbol = f"  {SYMBOLS[resource.action]:<3} {resource.action:<7}  "
    whole(out, joined((symbol, style), (resource.address, "bold")))
    for remark in remarks(resource):
        say(out, plain(remark, "italic"), 6)
    match resource.action:
        case Action.CREATE | Action.IMPORT | Action.READ | Action.INVOKE:
            created(resource.attributes, out)
        case Action.UPDATE | Action.REPLACE | Action.RENEW | Action.MOVE:
            changed(resource.attributes, out)
        case Action.DELETE | Action.FORGET:
            pass


def _new(resource: ResourceChange, out: Console) -> None:
    """One of many: its address, and by what a person knows it."""
    told = known_by(resource)
    start = f"  {SYMBOLS[Action.CREATE]:<3} {Action.CREATE:<7}  "
    told_line = joined((start, STYLES[Action.CREATE]), (resource.address, "bold"))
    if told and told_line.cell_len + 2 + cell_len(told) <= out.width:
        told_line.append_text(joined(("  " + told, "dim")))
    whole(out, told_line)


def known_by(resource: ResourceChange) -> str:
    """The first of its values that tells a person which it is; empty where none does."""
    known = {attribute.path: attribute.after for attribute in resource.attributes}
    named = (known.get(path) for path in TELLING)
    told = (brief(value, 40) for value in named if isinstance(value, str) and value and not isinstance(value, Marker))
    return next(told, "")


def remarks(resource: ResourceChange) -> Iterable[str]:
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
        yield f"{runs(resource)} {program}"
    if resource.reason and resource.reason not in _SAID_ELSEWHERE:
        yield f"because {REASONS.get(resource.reason, resource.reason)}"


def runs(resource: ResourceChange) -> str:
    """A plan does not say whether a provisioner runs when its resource is created or when it is destroyed."""
    return "may run" if resource.action is Action.DELETE else "runs"


def _outputs(outputs: Sequence[OutputChange], out: Console) -> None:
    settled = [output for output in outputs if not known_later(output.after)]
    later = [output.name for output in outputs if known_later(output.after)]
    say(out, plain("outputs", "dim"), 2)
    width = path_width((output.name for output in settled), out)
    for output in settled:
        room = room_beside(width, out)
        if output.before is output.after is None:
            # What is kept of a plan has no values.
            change = output.action.value, list[str]()
        elif output.before is None:
            change = brief(output.after, room), list[str]()
        else:
            change = from_to(output.before, output.after, room, out.width - 8)
        line(output.name, width, *change, out)
    if later:
        say(out, f"{', '.join(later)}: {spelt(Marker.UNKNOWN).strip('()')}", 6)
