"""The answers of all guards to the next promotion."""

from datetime import UTC

from envctl.cli.render.console.approval.guards import format_opening_time
from envctl.cli.render.console.approval.why import (
    describe_unseen,
    find_dependency,
    format_conclusion,
    format_question,
    list_rule_changes,
    suggest_plan,
)
from envctl.cli.render.console.project.signing_keys import describe_untrusted
from envctl.cli.render.markdown.page.markup import (
    FAIL,
    NEUTRAL,
    OK,
    WARN,
    bold,
    escape,
    format_hint_cell,
    render_next_step,
    render_page,
    render_table,
)
from envctl.cli.render.markdown.refusals import GUARD_HEADS, format_guard, render_refusal_row
from envctl.usecases.approval.explain_refusal import Answer, Why


def render_why(why: Why) -> str:
    mark = FAIL if why.refusals else OK
    return render_page(
        f"## {escape(format_question(why))}",
        f"{mark} {bold(format_conclusion(why))} {escape(format_opening_time(why.opens, why.now, UTC))}",
        render_table(GUARD_HEADS, (_render_answer_row(answer, why) for answer in why.answers)),
        _render_gates(why),
        "\n".join(f"- {WARN} {escape(each)}" for each in (*describe_unseen(why), *list_rule_changes(why))),
        "\n".join(f"- {WARN} {escape(each)}" for each in describe_untrusted(why.unbelieved, UTC)),
        render_next_step(why.next),
    )


def _render_answer_row(answer: Answer, why: Why) -> tuple[str, str, str]:
    if answer.refusal:
        return render_refusal_row(answer.refusal, why.now)
    name = format_guard(answer.code, answer.guard)
    match answer.outcome:
        case "moot":
            return NEUTRAL, name, f"moot: rests on {find_dependency(answer)}"
        case "unplanned":
            return NEUTRAL, name, format_hint_cell(suggest_plan(why))
        case _:
            return OK, name, escape(answer.outcome)


def _render_gates(why: Why) -> str:
    if not why.gates:
        return ""
    rows = (
        (OK if given >= wanted else NEUTRAL, escape(gate), f"{given} of {wanted}")
        for gate, (given, wanted) in why.gates.items()
    )
    approvers = f"What is missing can be given by {escape(why.who)}." if why.who else ""
    return "\n\n".join(filter(None, (render_table(("", "gate", "approvals"), rows), approvers)))
