"""What a plan costs, and in a fold what each resource adds to it."""

from collections.abc import Iterator

from envctl.cli.render.console.plan.cost import cost_said, dearest_first
from envctl.cli.render.markdown.page.budget import Block, Piece, Rank, Section
from envctl.cli.render.markdown.page.pieces import WARNS, code, escaped, row, strong, table
from envctl.domain.plan.changes import EnvironmentPlan


def cost_blocks(plan: EnvironmentPlan) -> Iterator[Block]:
    if plan.cost is None:
        return
    mark = f"{WARNS} " if plan.cost.unknown else ""
    yield Piece(f"{mark}{strong('Cost')}: {escaped(cost_said(plan))}")
    told = dearest_first(plan.cost)
    if told:
        pieces = (
            Piece(row((escaped(amount), strong(stack), code(address))), "price", Rank.REST, stack)
            for stack, address, amount in told
        )
        head = table((f"{escaped(plan.cost.currency)} a month", "stack", "resource"), ())
        inner = Section(head, tuple(pieces), between="\n")
        yield Section("<details><summary>the cost of each resource</summary>", (inner,), "</details>")
