"""Refusals and warnings of guards: reason, times, people who can unblock, and hint; and the approvals at each gate."""

from collections.abc import Mapping
from datetime import datetime

from rich.console import Console

from envctl.cli.render.terminal.text import print_hint, print_text, show_problems
from envctl.cli.render.text.escapes import to_one_line
from envctl.cli.render.words.approval import guards as words
from envctl.cli.render.words.approval.approvals import list_gate_details, list_stack_lines
from envctl.domain.guards import Refusal, RefusedError
from envctl.domain.guards.gate_approvals import GateApprovals

# Width of the longest answer, to align the guard names.
ANSWER_WIDTH = 12
INDENT = 2 + ANSWER_WIDTH


def show_refusals(error: RefusedError, err: Console, now: datetime) -> None:
    opens = words.find_opening_time(error.refusals)
    print_text(err, (words.summarize_refusals(error.refusals), "bold red"), words.format_opening_time(opens, now))
    for refusal in error.refusals:
        show_refusal(refusal, err, now)
    if others := words.list_other_problems(error):
        show_problems(others, err, "error", "bold red")


def show_refusal(refusal: Refusal, out: Console, now: datetime) -> None:
    answer = ("! warns", "bold yellow") if refusal.warns else ("✗ refuses", "bold red")
    for_now = " (for now)" if refusal.for_now else ""
    name = (f"{refusal.code} {refusal.guard}", "bold")
    print_text(out, (answer[0].ljust(ANSWER_WIDTH), answer[1]), name, for_now, indent=2)
    print_text(out, to_one_line(refusal.message), indent=INDENT)
    show_problems(refusal.because, out, "", "bold", INDENT)
    for word, detail in words.list_refusal_details(refusal, now):
        print_text(out, (f"{word}: ", "dim"), detail, indent=INDENT)
    print_hint(out, refusal.hint, INDENT)


def show_gates(gates: Mapping[str, GateApprovals], out: Console, now: datetime) -> None:
    for name, gate in gates.items():
        mark, style = ("✗ missing", "yellow") if gate.missing else ("✓ met", "green")
        print_text(out, (mark.ljust(ANSWER_WIDTH), style), f"{name} {gate.have}/{gate.need}", indent=2)
        for detail in (*list_gate_details(gate, now), *list_stack_lines(gate)):
            print_text(out, detail, indent=INDENT)
