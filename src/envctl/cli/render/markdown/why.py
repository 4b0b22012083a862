"""The answers of all guards to the next promotion."""

from collections.abc import Mapping
from datetime import UTC, datetime

from envctl.cli.render.markdown.page import markup as md
from envctl.cli.render.markdown.refusals import GUARD_HEADS, format_guard, render_refusal_row
from envctl.cli.render.text.detail import SHOW_ALL_GUARDS
from envctl.cli.render.text.sentences import capitalize
from envctl.cli.render.words.approval import why as words
from envctl.cli.render.words.approval.approvals import list_gate_details, list_stack_lines
from envctl.cli.render.words.approval.guards import format_opening_time
from envctl.cli.render.words.approval.verdict import format_verdict
from envctl.cli.render.words.events import describe_untrusted
from envctl.domain.guards.gate_approvals import GateApprovals
from envctl.usecases.approval.explain_refusal import Answer, Why


def render_why(why: Why) -> str:
    mark = md.OK if why.allowed else md.FAIL
    shown = [answer for answer in why.answers if SHOW_ALL_GUARDS.get() or answer.refusal]
    return md.render_page(
        f"## {mark} {md.escape(format_verdict(why))}",
        md.escape(f"{capitalize(words.describe_move(why))}.{format_opening_time(why.opens, why.now, UTC)}"),
        md.render_table(GUARD_HEADS, (_render_answer_row(answer, why) for answer in shown)),
        capitalize(md.escape(words.count_other_answers(why))),
        render_gate_table(why.approvals, why.now) if why.release else "",
        capitalize(md.escape(why.written)) if why.release else "",
        "\n".join(
            f"- {md.WARN} {md.escape(each)}"
            for each in (
                *words.describe_unseen(why),
                *words.list_rule_changes(why),
                *words.describe_waivers(why, UTC),
            )
        ),
        "\n".join(f"- {md.WARN} {md.escape(each)}" for each in describe_untrusted(why.unbelieved, UTC)),
        f"SHA-256 of the page for approvers: {md.code(why.reading)}" if why.reading else "",
        md.render_next_step(why.next),
    )


def _render_answer_row(answer: Answer, why: Why) -> tuple[str, str, str]:
    if answer.refusal:
        return render_refusal_row(answer.refusal, why.now)
    name = format_guard(answer.code, answer.guard)
    match answer.outcome:
        case "moot":
            return md.NEUTRAL, name, f"skipped{words.describe_outcome(answer)}"
        case "unplanned":
            return md.NEUTRAL, name, md.format_hint_cell(words.suggest_plan(why))
        case "not_applicable":
            return md.NEUTRAL, name, f"n/a{words.describe_outcome(answer)}"
        case _:
            return md.OK, name, md.escape(answer.outcome)


def render_gate_table(gates: Mapping[str, GateApprovals], now: datetime | None = None) -> str:
    rows = (
        (
            md.NEUTRAL if gate.missing else md.OK,
            md.escape(name),
            f"{gate.have} of {gate.need}",
            "<br>".join(map(md.escape, (*list_gate_details(gate, now, UTC), *list_stack_lines(gate)))),
        )
        for name, gate in gates.items()
    )
    return md.render_table(("", "gate", "approvals", "approver, expiry, missing approvals"), rows)
