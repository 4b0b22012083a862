"""Answers of all guards about the next promotion."""

from rich.console import Console

from envctl.cli.render.console.approval import guards
from envctl.cli.render.console.approval.gates import show_gates
from envctl.cli.render.console.approval.verdict import format_verdict
from envctl.cli.render.console.project.signing_keys import describe_untrusted
from envctl.cli.render.terminal.detail import SHOW_ALL_GUARDS
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
from envctl.usecases.approval.explain_refusal import Answer, Outcome, Why

_MARKS = {"passes": ("✓ passes", "green"), "moot": ("- skipped", "dim"), "not_applicable": ("- n/a", "dim")}
_UNKNOWN = ("? unknown", "dim")
# Counted in one line, unless `--all` lists each.
_COUNTED: tuple[tuple[Outcome, str, str], ...] = (
    ("passes", "passes", "pass"),
    ("moot", "is skipped", "are skipped"),
    ("unplanned", "needs a plan", "need a plan"),
    ("not_applicable", "does not apply", "do not apply"),
)


def show_why(why: Why, out: Console) -> None:
    verdict = (format_verdict(why), "bold red" if why.refusals else "bold green")
    print_text(out, verdict, guards.format_opening_time(why.opens, why.now))
    print_text(out, (describe_move(why), "dim"))
    out.print()
    shown = [answer for answer in why.answers if SHOW_ALL_GUARDS.get() or answer.refusal]
    for answer in shown:
        _show_answer(answer, why, out)
    if counted := count_other_answers(why):
        print_text(out, (counted, "dim"), indent=2)
    if any(answer.outcome == "unplanned" for answer in why.answers):
        print_advice(out, "", suggest_plan(why), 2)
    if why.approvals and why.release:
        _show_gates(why, out)
    print_warnings(out, (*describe_unseen(why), *list_rule_changes(why)), indent=guards.INDENT)
    untrusted = describe_untrusted(why.unbelieved)
    if untrusted:
        out.print()
    for sentence in untrusted:
        print_item(out, ("! ledger: ", "bold red"), sentence)
    out.print()
    print_hint(out, why.next)


def describe_move(why: Why) -> str:
    """Return the release and its way, in a line below the verdict."""
    other = "no release" if why.source else "the working tree"
    what = f"release {format_label_or_id(why.label, why.release)}" if why.release else other
    return f"{what}, from {why.source} to {why.target}" if why.source else f"{what}, to {why.target}"


def count_other_answers(why: Why) -> str:
    """Return the counts of the guards that are not shown; empty with `--all`."""
    if SHOW_ALL_GUARDS.get():
        return ""
    outcomes = [answer.outcome for answer in why.answers]
    counts = ((outcomes.count(outcome), one, many) for outcome, one, many in _COUNTED)
    parts = [f"{count} {one if count == 1 else many}" for count, one, many in counts if count]
    return f"guards: {', '.join(parts)} (--all shows each)" if parts else ""


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
        return "guards that need a plan are checked once there is a release to plan"
    command = format_command("why", why.target, plan=True)
    return add_sandbox_flag(f"to check the guards that need a plan: {command}")


def find_dependency(answer: Answer) -> str:
    return next((guard.depends_on or "" for guard in GUARDS if guard.code == answer.code), "")


def _show_answer(answer: Answer, why: Why, out: Console) -> None:
    if answer.refusal:
        guards.show_refusal(answer.refusal, out, why.now)
        return
    mark, style = _MARKS.get(answer.outcome, _UNKNOWN)
    name = f"{answer.code} {answer.guard}{describe_outcome(answer)}"
    print_text(out, (mark.ljust(guards.ANSWER_WIDTH), style), name, indent=2)


def describe_outcome(answer: Answer) -> str:
    """Return why a guard gave no answer, in brackets."""
    match answer.outcome:
        case "moot":
            return f" (depends on {find_dependency(answer)})"
        case "unplanned":
            return " (needs a plan)"
        case "not_applicable":
            return " (nothing to approve)"
        case _:
            return ""


def _show_gates(why: Why, out: Console) -> None:
    out.print()
    print_text(out, f"approvals for {why.target}{f' ({why.where})' if why.where else ''}")
    show_gates(why.approvals, out, why.now)
