"""A plan as a tree of stacks, resources and attributes; and what it deletes and runs, to be read before an answer."""

from collections.abc import Iterator, Sequence

from rich.cells import cell_len
from rich.console import Console

from envctl.cli.render.terminal import attributes
from envctl.cli.render.terminal.text import join_text, print_nowrap, print_text
from envctl.cli.render.text.detail import SHOW_FULL_PLANS
from envctl.cli.render.text.escapes import to_one_line
from envctl.cli.render.text.widths import cut_end
from envctl.cli.render.values.hcl_text import format_hcl
from envctl.cli.render.values.value_diff import format_change, shorten_value
from envctl.cli.render.words.plan import plan as words
from envctl.cli.render.words.plan.actions import SYMBOLS, format_instances, format_run_verb, list_remarks
from envctl.cli.render.words.plan.attributes import is_unknown
from envctl.domain.config.stateful_types import STATEFUL
from envctl.domain.plan.changes import Action, EnvironmentPlan, Marker, ResourceChange, StackPlan
from envctl.domain.plan.summary import FoldedChange, fold_changes, summarize_resources

STYLES = {
    Action.CREATE: "green",
    Action.UPDATE: "yellow",
    Action.REPLACE: "bold red",
    Action.DELETE: "bold red",
    Action.FORGET: "magenta",
    Action.RENEW: "yellow",
    Action.INVOKE: "bold magenta",
}
# Room for the names of counted resources, in cells.
MIN_NAMES_WIDTH = 20
MAX_NAMED = 8
_DESTRUCTIVE = (Action.REPLACE, Action.DELETE)


def show_plan(plan: EnvironmentPlan, out: Console) -> None:
    print_text(out, (words.format_verdict(plan), "bold"), f" · plan of {words.describe_code(plan.label, plan.release)}")
    summarized = words.is_summarized(plan.stacks)
    if summarized:
        print_text(out, (words.SUMMARY_NOTE, "dim"))
    is_long = True
    for stack in plan.stacks:
        was_long, is_long = is_long, stack.changes or bool(stack.warnings or stack.forecast)
        if was_long or is_long:
            out.print()
        show_stack(stack, out, summarized=summarized)
    if plan.unplanned:
        out.print()
    for name in plan.unplanned:
        print_text(out, (f"{name}: ", "bold"), ("could not be planned", "bold red"))
    if plan.cost is not None:
        from envctl.cli.render.terminal.cost import show_cost

        out.print()
        show_cost(plan, out)


def show_stack(plan: StackPlan, out: Console, *, summarized: bool = False) -> None:
    print_text(out, (f"{plan.stack}: ", "bold"), words.summarize_stack(plan))
    if summarized:
        _show_summary(plan, out)
    else:
        _show_resources(plan, out)
    for warning in plan.warnings:
        print_text(out, ("warning: ", "yellow"), warning, indent=2)
    if plan.forecast is not None:
        print_text(out, (words.describe_forecast(plan), "italic"), indent=2)
        _show_forecast(plan.forecast.to_plan(plan.stack), out)


def _show_forecast(plan: StackPlan, out: Console) -> None:
    """Print a forecast with all that is known: before the approval, nothing else shows the stack."""
    if words.is_summarized([plan]):
        _show_summary(plan, out)
    else:
        for each in fold_changes(plan.resources):
            show_resource(each, out, whole=True)
        if plan.outputs:
            _show_outputs(plan, out)
    for warning in plan.warnings:
        print_text(out, ("warning: ", "yellow"), warning, indent=4)


def _show_resources(plan: StackPlan, out: Console) -> None:
    many = len([resource for resource in plan.resources if resource.action is Action.CREATE]) > words.MAX_DETAILED
    # With --full, each instance stands by itself.
    folded = [FoldedChange(each, each.address) for each in plan.resources]
    if not SHOW_FULL_PLANS.get():
        folded = fold_changes(plan.resources)
    for each in folded:
        if many and each.resource.action is Action.CREATE:
            identity = words.find_display_name(each.resource)
            head = join_text(format_head(Action.CREATE), (each.address, "bold"), format_instances(each))
            if identity and head.cell_len + 2 + cell_len(identity) <= out.width:
                head.append_text(join_text(("  " + identity, "dim")))
            print_nowrap(out, head)
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
        names = ", ".join(count.addresses)
        text = join_text(format_head(count.action), (f"{count.count} {count.type}", "bold"))
        room = out.width - text.cell_len - 2
        if room >= MIN_NAMES_WIDTH:
            text.append_text(join_text((f"  {cut_end(names, room)}", "dim")))
        print_nowrap(out, text)
    if plan.outputs:
        print_text(out, f"outputs: {len(plan.outputs)} to change", indent=2)


def format_head(action: Action, word: str = "") -> tuple[str, str]:
    """Return the start of a line about a change, and its style. `word` replaces the name of the action."""
    return f"  {SYMBOLS[action]:<3} {word or action:<7}  ", STYLES.get(action, "")


def show_resource(folded: FoldedChange, out: Console, *, whole: bool = False) -> None:
    """Print one change: its address, remarks and attributes, all of them if it is to be `whole`."""
    resource = folded.resource
    print_nowrap(out, format_head(resource.action), (folded.address, "bold"), format_instances(folded))
    for remark in list_remarks(resource):
        print_text(out, (remark, "italic"), indent=6)
    match resource.action:
        case Action.CREATE | Action.IMPORT | Action.READ if whole:
            attributes.show_all_values(resource.attributes, out)
        case Action.CREATE | Action.IMPORT | Action.READ | Action.INVOKE:
            attributes.show_new_attributes(resource.attributes, out)
        case Action.UPDATE | Action.REPLACE | Action.RENEW | Action.MOVE:
            attributes.show_changed_attributes(resource.attributes, out)
        case Action.DELETE | Action.FORGET:
            pass


def _show_outputs(plan: StackPlan, out: Console) -> None:
    settled = [output for output in plan.outputs if not is_unknown(output.after)]
    later = [output.name for output in plan.outputs if is_unknown(output.after)]
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


def has_danger(plan: EnvironmentPlan) -> bool:
    """Check if the plan deletes, replaces or runs something."""
    resources = [resource for stack in plan.stacks for resource in stack.resources]
    return any(r.action in (*_DESTRUCTIVE, Action.INVOKE) or r.programs for r in resources)


def show_danger(plan: EnvironmentPlan, out: Console) -> None:
    """Repeat deletions and programs below a plan, which may have scrolled away."""
    resources = [resource for stack in plan.stacks for resource in stack.resources]
    destroyed = fold_changes(resource for resource in resources if resource.action in _DESTRUCTIVE)
    texts = [
        f"{format_head(each.resource.action)[0].lstrip()}{each.address}{format_instances(each)}" for each in destroyed
    ]
    _show_named("Careful, this is destroyed:", [(text, "") for text in texts], out)
    _show_named("Careful, this runs:", [each for resource in resources for each in _list_programs(resource)], out)


def _show_named(heading: str, named: Sequence[tuple[str, str]], out: Console) -> None:
    if not named:
        return
    print_nowrap(out, (heading, "bold red"))
    for address, effect in named[:MAX_NAMED]:
        print_nowrap(out, address, indent=2)
        if effect:
            print_text(out, effect, indent=4)
    if len(named) > MAX_NAMED:
        print_text(out, f"… and {len(named) - MAX_NAMED} more", indent=2)


def _list_programs(resource: ResourceChange) -> Iterator[tuple[str, str]]:
    """Yield provider actions and programs with a description: their effects are unknown to Terraform."""
    if resource.action is Action.INVOKE:
        yield resource.address, "an action, which can change or delete anything"
    yield from (
        (resource.address, f"{format_run_verb(resource)} {to_one_line(program)}") for program in resource.programs
    )
