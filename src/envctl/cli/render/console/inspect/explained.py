"""A plan by the causes of its changes: release, settings, drift or other."""

from rich.console import Console

from envctl.cli.render.console.inspect.release_distance import show_release_changes
from envctl.cli.render.console.plan.drift import show_finding
from envctl.cli.render.terminal.cost import show_cost
from envctl.cli.render.terminal.plan import has_danger, show_danger, show_stack
from envctl.cli.render.terminal.text import print_hint, print_item, print_text
from envctl.cli.render.values.value_diff import format_change
from envctl.cli.render.words.plan import explained_plan as words
from envctl.cli.render.words.plan.plan import SUMMARY_NOTE, format_verdict, is_summarized
from envctl.cli.render.words.release_changes import is_unchanged
from envctl.domain.plan.attribution import Cause
from envctl.domain.plan.changes import StackPlan
from envctl.domain.plan.drift import group_differences
from envctl.usecases.inspect.explain_plan import ExplainedPlan

_STYLES: dict[Cause, str] = {
    "release": "bold cyan",
    "settings": "bold blue",
    "drift": "bold red",
    "other": "bold yellow",
}


def show_explained_plan(explained: ExplainedPlan, out: Console) -> None:
    print_text(out, (format_verdict(explained.plan), "bold"), f" · plan of {words.describe_subject(explained)}")
    print_text(out, words.summarize_causes(explained))
    summarized = is_summarized(explained.plan.stacks)
    if summarized:
        print_text(out, (SUMMARY_NOTE, "dim"))
    if explained.unexplained:
        print_item(out, ("! ", "bold yellow"), explained.unexplained)
    for part in explained.parts:
        out.print()
        print_text(
            out, (words.CAUSE_TITLES[part.cause], _STYLES[part.cause]), (f": {words.CAUSE_MEANINGS[part.cause]}", "dim")
        )
        _show_cause(part.cause, explained, out)
        for stack in part.stacks:
            show_stack(stack, out, summarized=summarized)
    for stack in explained.plan.stacks:
        if stack.waits_for:
            out.print()
            show_stack(stack, out)
    if explained.plan.cost is not None:
        out.print()
        show_cost(explained.plan, out)
    if has_danger(explained.plan):
        out.print()
        show_danger(explained.plan, out)
    print_hint(out, explained.plan.next)


def _show_cause(cause: Cause, explained: ExplainedPlan, out: Console) -> None:
    match cause:
        case "release":
            _show_code(explained, out)
        case "settings":
            for line in words.list_setting_changes(explained):
                print_item(out, "  ", line, indent=4)
        case "drift":
            _show_drift(explained, out)
        case _:
            return


def _show_code(explained: ExplainedPlan, out: Console) -> None:
    if explained.code and not is_unchanged(explained.code):
        show_release_changes(explained.code, out)
    for pair in explained.artifacts:
        beside, block = format_change(pair.first, pair.second, out.width - 13 - len(pair.variable), out.width - 8)
        print_text(out, "artifact ", (pair.variable, "bold"), f": {beside}", indent=2)
        for each in block:
            print_text(out, each, indent=6)


def _show_drift(explained: ExplainedPlan, out: Console) -> None:
    for drifted in explained.drifted:
        for finding in group_differences(
            [(explained.environment, StackPlan(drifted.stack, resources=drifted.resources))]
        ):
            show_finding(finding, out, single=True, drift=True)
    if explained.drifted:
        print_text(out, ("and as a result:", "dim"), indent=2)
