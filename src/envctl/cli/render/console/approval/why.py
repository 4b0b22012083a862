"""Answers of all guards about the next promotion."""

from rich.console import Console

from envctl.cli.render.console.approval import guards
from envctl.cli.render.console.approval.guards import show_gates
from envctl.cli.render.terminal.text import print_advice, print_hint, print_item, print_text, print_warnings
from envctl.cli.render.text.detail import SHOW_ALL_GUARDS
from envctl.cli.render.text.escapes import to_one_line
from envctl.cli.render.words.approval import why as words
from envctl.cli.render.words.approval.guards import format_opening_time
from envctl.cli.render.words.approval.verdict import format_verdict
from envctl.cli.render.words.events import describe_untrusted
from envctl.usecases.approval.explain_refusal import Answer, Why

_MARKS = {"passes": ("✓ passes", "green"), "moot": ("- skipped", "dim"), "not_applicable": ("- n/a", "dim")}
_UNKNOWN = ("? unknown", "dim")


def show_why(why: Why, out: Console) -> None:
    verdict = (format_verdict(why), "bold red" if why.refusals and not why.waiver else "bold green")
    print_text(out, verdict, format_opening_time(why.opens, why.now))
    print_text(out, (words.describe_move(why), "dim"))
    out.print()
    shown = [answer for answer in why.answers if SHOW_ALL_GUARDS.get() or answer.refusal]
    for answer in shown:
        _show_answer(answer, why, out)
    if counted := words.count_other_answers(why):
        print_text(out, (counted, "dim"), indent=2)
    if any(answer.outcome == "unplanned" for answer in why.answers):
        print_advice(out, "", words.suggest_plan(why), 2)
    if why.approvals and why.release:
        out.print()
        print_text(out, f"approvals for {why.target}{f' ({why.where})' if why.where else ''}")
        show_gates(why.approvals, out, why.now)
        if why.written:
            print_text(out, (to_one_line(why.written), "dim"), indent=2)
    print_warnings(
        out,
        (*words.describe_unseen(why), *words.list_rule_changes(why), *words.describe_waivers(why)),
        indent=guards.INDENT,
    )
    untrusted = describe_untrusted(why.unbelieved)
    if untrusted:
        out.print()
    for sentence in untrusted:
        print_item(out, ("! ledger: ", "bold red"), sentence)
    out.print()
    print_hint(out, why.next)


def _show_answer(answer: Answer, why: Why, out: Console) -> None:
    if answer.refusal:
        guards.show_refusal(answer.refusal, out, why.now)
        return
    mark, style = _MARKS.get(answer.outcome, _UNKNOWN)
    name = f"{answer.code} {answer.guard}{words.describe_outcome(answer)}"
    print_text(out, (mark.ljust(guards.ANSWER_WIDTH), style), name, indent=2)
