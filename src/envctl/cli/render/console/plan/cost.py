"""What a plan costs, for people: rounded as its currency is."""

from decimal import ROUND_HALF_UP, Decimal

from rich.console import Console

from envctl.cli.render.terminal.text import hanging, joined, plain, say, whole
from envctl.domain.plan.changes import Cost, EnvironmentPlan

MANY = 12
# Of ISO 4217, those that have no smaller unit.
_WHOLE = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"}
)


def show_cost(plan: EnvironmentPlan, out: Console) -> None:
    if plan.cost is None:
        return
    hanging(out, joined(("Cost: ", "bold"), (cost_said(plan), "yellow" if plan.cost.unknown else "")))
    dearest = dearest_first(plan.cost)
    width = max((len(amount) for _, _, amount in dearest[:MANY]), default=0)
    for stack, address, amount in dearest[:MANY]:
        whole(out, joined("  ", amount.rjust(width), f"  {stack} ", (address, "bold")))
    if left := len(dearest) - MANY if len(dearest) > MANY else 0:
        say(out, plain(f"… and {left} more: --json has them all", "dim"), 2)


def cost_said(plan: EnvironmentPlan) -> str:
    """In some words, without saying that it is of cost; empty where nobody was asked."""
    cost = plan.cost
    if cost is None:
        return ""
    if cost.unknown:
        return f"not known: {cost.unknown}"
    before = amount_said(cost.before, cost.currency)
    if not Decimal(cost.difference):
        told = f"about as much as before: {before} {cost.currency} a month"
    else:
        of = f" (of {before})" if Decimal(cost.before) else ""
        told = f"about {difference_said(cost.difference, cost.currency)} {cost.currency} a month{of}"
    waiting = [stack.stack for stack in plan.stacks if stack.waits_for]
    return f"{told}, without {', '.join(waiting)}" if waiting else told


def beside_total(plan: EnvironmentPlan) -> str:
    """The end of a line that begins with what would happen."""
    if plan.cost is None:
        return ""
    return f"; {'cost: ' if plan.cost.unknown else ''}{cost_said(plan)}"


def dearest_first(cost: Cost) -> list[tuple[str, str, str]]:
    """Stack, address and amount of each resource that is told, what makes the most difference first."""
    by_size = sorted(cost.resources.items(), key=lambda item: (-abs(Decimal(item[1])), item[0]))
    parted = ((*name.partition(" ")[::2], value) for name, value in by_size)
    return [(stack, address, difference_said(value, cost.currency)) for stack, address, value in parted]


def amount_said(amount: str, currency: str) -> str:
    exact = Decimal(amount)
    rounded = exact.quantize(Decimal(1) if currency in _WHOLE else Decimal("0.01"), ROUND_HALF_UP)
    # What is too little for a coin is still something.
    return f"{exact:,f}" if exact and not rounded else f"{rounded:,f}"


def difference_said(amount: str, currency: str) -> str:
    said = amount_said(amount, currency)
    return f"+{said}" if Decimal(amount) > 0 else said
