"""A plan as a tree of stacks, resources and attributes."""

from rich.console import Console

from envctl.cli.render.terminal.plan import has_danger, show_danger, show_plan
from envctl.cli.render.terminal.text import print_hint, print_text
from envctl.cli.render.words.plan.plan import MAX_DETAILED, format_verdict
from envctl.domain.plan.changes import EnvironmentPlan


def show_plan_alone(plan: EnvironmentPlan, out: Console) -> None:
    show_plan(plan, out)
    if plan.changes:
        # Repeats what goes away and, below a long plan, the totals.
        is_long = len(plan.stacks) > 1 or sum(len(stack.resources) for stack in plan.stacks) > MAX_DETAILED
        if is_long or has_danger(plan):
            out.print()
        show_danger(plan, out)
        if is_long:
            print_text(out, (format_verdict(plan), "bold"))
    print_hint(out, plan.next)
