"""What each guard says of the next promotion."""

from datetime import UTC

from envctl.cli.render.console.approval.guards import opens_by_itself
from envctl.cli.render.console.approval.why import conclusion, not_seen, question, rests_on, rules_told, to_ask_them_too
from envctl.cli.render.console.project.signing_keys import mistrusted
from envctl.cli.render.markdown.page.pieces import (
    NEITHER,
    PASSES,
    REFUSES,
    WARNS,
    escaped,
    in_a_cell,
    next_step,
    page,
    strong,
    table,
)
from envctl.cli.render.markdown.refused import HEADS, guard, row
from envctl.usecases.approval.explain_refusal import Answer, Why


def why(told: Why) -> str:
    mark = REFUSES if told.refusals else PASSES
    return page(
        f"## {escaped(question(told))}",
        f"{mark} {strong(conclusion(told))} {escaped(opens_by_itself(told.opens, told.now, UTC))}",
        table(HEADS, (_row(answer, told) for answer in told.answers)),
        _gates(told),
        "\n".join(f"- {WARNS} {escaped(each)}" for each in (*not_seen(told), *rules_told(told))),
        "\n".join(f"- {WARNS} {escaped(each)}" for each in mistrusted(told.unbelieved, UTC)),
        next_step(told.next),
    )


def _row(answer: Answer, told: Why) -> tuple[str, str, str]:
    if answer.refusal:
        return row(answer.refusal, told.now)
    name = guard(answer.code, answer.guard)
    match answer.outcome:
        case "moot":
            return NEITHER, name, f"moot: rests on {rests_on(answer)}"
        case "unplanned":
            return NEITHER, name, in_a_cell(to_ask_them_too(told))
        case _:
            return PASSES, name, escaped(answer.outcome)


def _gates(told: Why) -> str:
    if not told.gates:
        return ""
    rows = (
        (PASSES if given >= wanted else NEITHER, escaped(gate), f"{given} of {wanted}")
        for gate, (given, wanted) in told.gates.items()
    )
    who = f"What is missing can be given by {escaped(told.who)}." if told.who else ""
    return "\n\n".join(filter(None, (table(("", "gate", "approvals"), rows), who)))
