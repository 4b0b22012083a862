"""A plan in counts, and what identifies its resources."""

from collections.abc import Sequence

from envctl.cli.render.text.detail import SHOW_FULL_PLANS
from envctl.cli.render.text.sentences import format_count
from envctl.cli.render.values.value_diff import shorten_value
from envctl.domain.plan.changes import Action, EnvironmentPlan, Marker, ResourceChange, StackPlan, count_actions
from envctl.domain.plan.summary import MAX_CHANGES, is_large
from envctl.domain.release_label import ReleaseLabel, format_label_or_id
from envctl.domain.text.lists import join_names

# With more new resources, each gets one line, without its attributes.
MAX_DETAILED = 12
SUMMARY_NOTE = (
    f"over {MAX_CHANGES} changes: counted by type, except those that delete, replace or change data (--full shows all)"
)
IDENTIFYING_PATHS = ("name", "tags.Name", "cidr_block", "destination_cidr_block", "instance_type", "availability_zone")


def is_summarized(stacks: Sequence[StackPlan]) -> bool:
    """Check if changes are counted by type instead of shown one by one: in a large plan without `--full`."""
    return is_large(stacks) and not SHOW_FULL_PLANS.get()


def format_verdict(plan: EnvironmentPlan) -> str:
    return f"{plan.environment}: {format_total(plan)}"


def describe_code(label: ReleaseLabel | None, release: str | None) -> str:
    """Return a release by its label, or the working tree for none."""
    return f"release {format_label_or_id(label, release)}" if release else "the working tree"


def format_total(plan: EnvironmentPlan) -> str:
    """Return the counts over all stacks, for the end of a plan and the prompt after it."""
    # Reads are no changes: the line of the stack has them.
    resources = [r for stack in plan.stacks for r in stack.resources if r.action is not Action.READ]
    outputs = sum(len(stack.outputs) for stack in plan.stacks)
    text = format_counts(resources, outputs)
    waiting = ", ".join(stack.stack for stack in plan.stacks if stack.waits_for)
    text = f"{text}; {waiting} not planned yet" if waiting else text
    return f"could not plan {join_names(plan.unplanned)}; other stacks: {text}" if plan.unplanned else text


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


def describe_forecast(plan: StackPlan) -> str:
    """Return what a forecast says of a stack that waits, in one sentence; empty without one."""
    forecast = plan.forecast
    if forecast is None:
        return ""
    if forecast.problem:
        elsewhere = f"; {forecast.elsewhere}" if forecast.elsewhere else ""
        return f"no forecast: {forecast.problem}{elsewhere}"
    counts, verb = format_counts(forecast.resources, len(forecast.outputs)), "is" if len(plan.waits_for) == 1 else "are"
    return f"forecast: {counts}; it binds nothing, since {join_names(plan.waits_for)} {verb} not applied yet"


def format_counts(resources: Sequence[ResourceChange], outputs: int) -> str:
    parts = [f"{number} to {action}" for action, number in count_actions(resources).items()]
    if read := sum(resource.action is Action.READ for resource in resources):
        parts.append(f"{read} to read")
    if not parts and outputs:
        parts.append(f"no resource changes, {format_count(outputs, 'output')} to change")
    return ", ".join(parts) or "no changes"


def find_display_name(resource: ResourceChange) -> str:
    """Return the first identifying value of a resource, such as its name; empty if it has none."""
    known = {attribute.path: attribute.after for attribute in resource.attributes}
    named = (known.get(path) for path in IDENTIFYING_PATHS)
    values = (value for value in named if isinstance(value, str) and value and not isinstance(value, Marker))
    return next((shorten_value(value, 40) for value in values), "")
