"""The answers of all guards to the next promotion."""

from datetime import UTC

from envctl.cli.render.console.approval import why as console
from envctl.cli.render.console.approval.guards import format_opening_time
from envctl.cli.render.console.project.signing_keys import describe_untrusted
from envctl.cli.render.markdown.page import markup as md
from envctl.cli.render.markdown.refusals import GUARD_HEADS, format_guard, render_refusal_row
from envctl.usecases.approval.explain_refusal import Answer, Why


def render_why(why: Why) -> str:
    mark = md.FAIL if why.refusals else md.OK
    return md.render_page(
        f"## {md.escape(console.format_question(why))}",
        f"{mark} {md.bold(console.format_conclusion(why))} {md.escape(format_opening_time(why.opens, why.now, UTC))}",
        md.render_table(GUARD_HEADS, (_render_answer_row(answer, why) for answer in why.answers)),
        _render_gates(why),
        "\n".join(
            f"- {md.WARN} {md.escape(each)}"
            for each in (*console.describe_unseen(why), *console.list_rule_changes(why))
        ),
        "\n".join(f"- {md.WARN} {md.escape(each)}" for each in describe_untrusted(why.unbelieved, UTC)),
        md.render_next_step(why.next),
    )


def _render_answer_row(answer: Answer, why: Why) -> tuple[str, str, str]:
    if answer.refusal:
        return render_refusal_row(answer.refusal, why.now)
    name = format_guard(answer.code, answer.guard)
    match answer.outcome:
        case "moot":
            return md.NEUTRAL, name, f"moot: rests on {console.find_dependency(answer)}"
        case "unplanned":
            return md.NEUTRAL, name, md.format_hint_cell(console.suggest_plan(why))
        case _:
            return md.OK, name, md.escape(answer.outcome)


def _render_gates(why: Why) -> str:
    if not why.gates:
        return ""
    rows = (
        (md.OK if given >= wanted else md.NEUTRAL, md.escape(gate), f"{given} of {wanted}")
        for gate, (given, wanted) in why.gates.items()
    )
    approvers = f"What is missing can be given by {md.escape(why.who)}." if why.who else ""
    return "\n\n".join(filter(None, (md.render_table(("", "gate", "approvals"), rows), approvers)))
