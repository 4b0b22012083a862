"""The cost of a plan."""

from rich.console import Console

from envctl.cli.render.terminal.text import print_item, print_nowrap, print_rest
from envctl.cli.render.words.cost import format_cost, rank_costs
from envctl.domain.plan.changes import EnvironmentPlan

MAX_RESOURCES = 12


def show_cost(plan: EnvironmentPlan, out: Console) -> None:
    if plan.cost is None:
        return
    print_item(out, ("Cost: ", "bold"), (format_cost(plan), "yellow" if plan.cost.unknown else ""))
    dearest = rank_costs(plan.cost)
    width = max((len(amount) for _, _, amount in dearest[:MAX_RESOURCES]), default=0)
    for stack, address, amount in dearest[:MAX_RESOURCES]:
        print_nowrap(out, "  ", amount.rjust(width), f"  {stack} ", (address, "bold"))
    print_rest(out, len(dearest) - MAX_RESOURCES, indent=2)
