"""Estimated costs of a plan, rounded to the unit of the currency."""

from decimal import ROUND_HALF_UP, Decimal

from envctl.domain.plan.changes import Cost, EnvironmentPlan

# Currencies of ISO 4217 without a minor unit.
_CURRENCIES_WITHOUT_CENTS = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"}
)


def format_cost(plan: EnvironmentPlan) -> str:
    """Return the cost without a label; empty if there is no estimate."""
    cost = plan.cost
    if cost is None:
        return ""
    if cost.unknown:
        return f"not known: {cost.unknown}"
    before = format_amount(cost.before, cost.currency)
    if not Decimal(cost.difference):
        text = f"about as much as before: {before} {cost.currency} a month"
    else:
        of = f" (of {before})" if Decimal(cost.before) else ""
        text = f"about {format_difference(cost.difference, cost.currency)} {cost.currency} a month{of}"
    waiting = [stack.stack for stack in plan.stacks if stack.waits_for]
    return f"{text}, without {', '.join(waiting)}" if waiting else text


def format_cost_suffix(plan: EnvironmentPlan) -> str:
    """Return the cost as the end of a summary line."""
    if plan.cost is None:
        return ""
    return f"; {'cost: ' if plan.cost.unknown else ''}{format_cost(plan)}"


def rank_costs(cost: Cost) -> list[tuple[str, str, str]]:
    """Return stack, address and amount of each resource with a cost, the largest difference first."""
    by_size = sorted(cost.resources.items(), key=lambda item: (-abs(Decimal(item[1])), item[0]))
    rows = ((*name.partition(" ")[::2], value) for name, value in by_size)
    return [(stack, address, format_difference(value, cost.currency)) for stack, address, value in rows]


def format_amount(amount: str, currency: str) -> str:
    exact = Decimal(amount)
    rounded = exact.quantize(Decimal(1) if currency in _CURRENCIES_WITHOUT_CENTS else Decimal("0.01"), ROUND_HALF_UP)
    # Amounts below the smallest unit are not rounded to zero.
    return f"{exact:,f}" if exact and not rounded else f"{rounded:,f}"


def format_difference(amount: str, currency: str) -> str:
    text = format_amount(amount, currency)
    return f"+{text}" if Decimal(amount) > 0 else text
