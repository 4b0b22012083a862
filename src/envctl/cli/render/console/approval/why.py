"""Answers of all guards about the next promotion."""

from rich.console import Console

from envctl.cli.render.console.approval.guards import (
    ANSWER_WIDTH,
    INDENT,
    format_opening_time,
    format_verdict,
    show_refusal,
)
from envctl.cli.render.console.project.signing_keys import describe_untrusted
from envctl.cli.render.terminal.counting import format_count
from envctl.cli.render.terminal.next_commands import add_sandbox_flag
from envctl.cli.render.terminal.text import (
    join_text,
    print_advice,
    print_hint,
    print_item,
    print_text,
    to_one_line,
    to_text,
)
from envctl.domain.guards import GUARDS
from envctl.domain.text.lists import join_names
from envctl.domain.text.short_ids import shorten_id
from envctl.usecases.approval.explain_refusal import Answer, Why

_MARKS = {"passes": ("✓", "green"), "moot": ("-", "dim"), "unplanned": ("?", "dim")}


def show_why(why: Why, out: Console) -> None:
    print_text(out, join_text(format_question(why)[: -len(why.target) - 1], (why.target, "bold"), "?"))
    out.print()
    for answer in why.answers:
        _show_answer(answer, why, out)
    if list_unplanned(why):
        print_advice(out, to_text(""), suggest_plan(why), INDENT)
    if why.gates:
        _show_gates(why, out)
    for remark in describe_unseen(why):
        print_item(out, join_text(("! ", "bold yellow"), remark), INDENT)
    for remark in list_rule_changes(why):
        print_item(out, join_text(("! ", "bold yellow"), remark), INDENT)
    _show_untrusted_entries(why, out)
    out.print()
    _show_verdict(why, out)
    print_hint(out, why.next)


def format_question(why: Why) -> str:
    what = f"release {shorten_id(why.release)}" if why.release else "a release" if why.source else "the working tree"
    move = f"be promoted from {why.source} to" if why.source else "be applied to"
    return f"May {what} {move} {why.target}?"


def list_unplanned(why: Why) -> tuple[Answer, ...]:
    return tuple(answer for answer in why.answers if answer.outcome == "unplanned")


def describe_unseen(why: Why) -> tuple[str, ...]:
    """Return a line for each stack not covered by an approval of the plan."""
    return tuple(
        f"not seen: {stack} (waits for {join_names(waits_for)}). An approval covers it only with --unseen {stack}"
        for stack, waits_for in why.not_seen.items()
    )


def list_rule_changes(why: Why) -> tuple[str, ...]:
    """Return rule changes made by the last deployment and pending for the next one."""
    changed = [
        f"the last deployment changed the rules of {why.target}: {to_one_line(each)}" for each in why.rules_changed
    ]
    differ = [f"envctl.toml changes the rules of {why.target}: {to_one_line(each)}" for each in why.rules_differ]
    return (*changed, *differ)


def suggest_plan(why: Why) -> str:
    """Return the advice shared by all guards waiting for a plan."""
    if why.release is None:
        return "asked once there is something to plan"
    return add_sandbox_flag(f"asked once it is planned: envctl why {why.target} --plan")


def find_dependency(answer: Answer) -> str:
    return next((guard.depends_on for guard in GUARDS if guard.code == answer.code), "")


def format_conclusion(why: Why) -> str:
    """Summarize all answers in a sentence."""
    if why.refusals:
        return format_verdict(why.refusals, why.opens)
    warns = sum(answer.outcome == "warns" for answer in why.answers)
    but = f", but {format_count(warns, 'guard')} {'warns' if warns == 1 else 'warn'}" if warns else ""
    return f"Nothing stands against it{' so far' if list_unplanned(why) else ''}{but}."


def _show_answer(answer: Answer, why: Why, out: Console) -> None:
    if answer.refusal:
        show_refusal(answer.refusal, out, why.now)
        return
    mark, style = _MARKS[answer.outcome]
    moot = f" (rests on {find_dependency(answer)})" if answer.outcome == "moot" else ""
    print_text(
        out,
        join_text((f"{mark} {answer.outcome}".ljust(ANSWER_WIDTH), style), f"{answer.code} {answer.guard}{moot}"),
        2,
    )


def _show_gates(why: Why, out: Console) -> None:
    out.print()
    print_text(out, f"gates of {why.target}{f' ({why.where})' if why.where else ''}")
    for gate, (given, wanted) in why.gates.items():
        missing = wanted - given
        mark, style = ("✗ open", "yellow") if missing else ("✓ met", "green")
        left = f" ({format_count(missing, 'approval')} missing)" if missing else ""
        print_text(out, join_text((mark.ljust(ANSWER_WIDTH), style), f"{gate} {given}/{wanted}{left}"), 2)
    if why.who:
        print_item(out, join_text("  ", ("who".ljust(ANSWER_WIDTH), "dim"), why.who), INDENT)


def _show_untrusted_entries(why: Why, out: Console) -> None:
    found = describe_untrusted(why.unbelieved)
    if found:
        out.print()
    for sentence in found:
        print_item(out, join_text(("! ledger: ", "bold red"), sentence))


def _show_verdict(why: Why, out: Console) -> None:
    style = "bold red" if why.refusals else "green"
    print_text(out, join_text((format_conclusion(why), style), format_opening_time(why.opens, why.now)))
