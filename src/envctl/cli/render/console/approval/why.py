"""Answers of all guards about the next promotion."""

from rich.console import Console

from envctl.cli.render.console.approval import guards
from envctl.cli.render.console.project.signing_keys import describe_untrusted
from envctl.cli.render.terminal.counting import format_count
from envctl.cli.render.terminal.next_commands import add_sandbox_flag
from envctl.cli.render.terminal.text import (
    print_advice,
    print_hint,
    print_item,
    print_text,
    print_warnings,
    to_one_line,
)
from envctl.domain.command_lines import format_command
from envctl.domain.guards import GUARDS
from envctl.domain.release_label import format_label_or_id
from envctl.domain.text.lists import join_names
from envctl.usecases.approval.explain_refusal import Answer, Why

_MARKS = {"passes": ("✓", "green"), "moot": ("-", "dim"), "unplanned": ("?", "dim")}


def show_why(why: Why, out: Console) -> None:
    print_text(out, format_question(why)[: -len(why.target) - 1], (why.target, "bold"), "?")
    out.print()
    for answer in why.answers:
        _show_answer(answer, why, out)
    if any(answer.outcome == "unplanned" for answer in why.answers):
        print_advice(out, "", suggest_plan(why), guards.INDENT)
    if why.gates:
        _show_gates(why, out)
    print_warnings(out, (*describe_unseen(why), *list_rule_changes(why)), indent=guards.INDENT)
    untrusted = describe_untrusted(why.unbelieved)
    if untrusted:
        out.print()
    for sentence in untrusted:
        print_item(out, ("! ledger: ", "bold red"), sentence)
    out.print()
    verdict = (format_conclusion(why), "bold red" if why.refusals else "green")
    print_text(out, verdict, guards.format_opening_time(why.opens, why.now))
    print_hint(out, why.next)


def format_question(why: Why) -> str:
    other = "a release" if why.source else "the working tree"
    what = f"release {format_label_or_id(why.label, why.release)}" if why.release else other
    move = f"be promoted from {why.source} to" if why.source else "be applied to"
    return f"May {what} {move} {why.target}?"


def describe_unseen(why: Why) -> tuple[str, ...]:
    """Return a line for each stack not covered by an approval of the plan."""
    return tuple(
        f"not seen: {stack} (waits for {join_names(waits_for)}). An approval covers it only with --unseen {stack}"
        for stack, waits_for in why.not_seen.items()
    )


def list_rule_changes(why: Why) -> tuple[str, ...]:
    """Return rule changes made by the last deployment and pending for the next one."""
    return (
        *(f"the last deployment changed the rules of {why.target}: {to_one_line(each)}" for each in why.rules_changed),
        *(f"envctl.toml changes the rules of {why.target}: {to_one_line(each)}" for each in why.rules_differ),
    )


def suggest_plan(why: Why) -> str:
    """Return the advice shared by all guards waiting for a plan."""
    if why.release is None:
        return "asked once there is something to plan"
    return add_sandbox_flag(f"asked once it is planned: {format_command('why', why.target, plan=True)}")


def find_dependency(answer: Answer) -> str:
    return next((guard.depends_on or "" for guard in GUARDS if guard.code == answer.code), "")


def format_conclusion(why: Why) -> str:
    """Summarize all answers in a sentence."""
    if why.refusals:
        return guards.format_verdict(why.refusals, why.opens)
    outcomes = [answer.outcome for answer in why.answers]
    warns = outcomes.count("warns")
    but = f", but {format_count(warns, 'guard')} {'warns' if warns == 1 else 'warn'}" if warns else ""
    return f"Nothing stands against it{' so far' if 'unplanned' in outcomes else ''}{but}."


def _show_answer(answer: Answer, why: Why, out: Console) -> None:
    if answer.refusal:
        guards.show_refusal(answer.refusal, out, why.now)
        return
    mark, style = _MARKS[answer.outcome]
    moot = f" (rests on {find_dependency(answer)})" if answer.outcome == "moot" else ""
    outcome = (f"{mark} {answer.outcome}".ljust(guards.ANSWER_WIDTH), style)
    print_text(out, outcome, f"{answer.code} {answer.guard}{moot}", indent=2)


def _show_gates(why: Why, out: Console) -> None:
    out.print()
    print_text(out, f"gates of {why.target}{f' ({why.where})' if why.where else ''}")
    for gate, (given, wanted) in why.gates.items():
        missing = wanted - given
        mark, style = ("✗ open", "yellow") if missing else ("✓ met", "green")
        left = f" ({format_count(missing, 'approval')} missing)" if missing else ""
        print_text(out, (mark.ljust(guards.ANSWER_WIDTH), style), f"{gate} {given}/{wanted}{left}", indent=2)
    if why.who:
        print_item(out, "  ", ("who".ljust(guards.ANSWER_WIDTH), "dim"), why.who, indent=guards.INDENT)
