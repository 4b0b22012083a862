"""The cost of a plan, and the cost of each resource in a fold."""

from collections.abc import Iterator

from envctl.cli.render.markdown.page.budget import Block, Piece, Rank, Section
from envctl.cli.render.markdown.page.markup import WARN, bold, code, escape, format_row, render_table
from envctl.cli.render.words.cost import format_cost, rank_costs
from envctl.domain.plan.changes import EnvironmentPlan


def render_cost_blocks(plan: EnvironmentPlan) -> Iterator[Block]:
    if plan.cost is None:
        return
    mark = f"{WARN} " if plan.cost.unknown else ""
    yield Piece(f"{mark}{bold('Cost')}: {escape(format_cost(plan))}")
    costs = rank_costs(plan.cost)
    if costs:
        pieces = (
            Piece(format_row((escape(amount), bold(stack), code(address))), "price", Rank.REST, stack)
            for stack, address, amount in costs
        )
        head = render_table((f"{escape(plan.cost.currency)} a month", "stack", "resource"), ())
        inner = Section(head, tuple(pieces), separator="\n")
        yield Section("<details><summary>the cost of each resource</summary>", (inner,), "</details>")
