"""*Why not*: what each guard says of the next promotion."""

from rich.console import Console

from envctl.cli.render.console.approval.guards import ANSWER, INDENT, opens_by_itself, show_refusal, verdict
from envctl.cli.render.console.project.signing_keys import mistrusted
from envctl.cli.render.terminal.counting import counted
from envctl.cli.render.terminal.next_commands import to_type
from envctl.cli.render.terminal.text import advised, hanging, hinted, joined, one_line, plain, say
from envctl.domain.guards import GUARDS
from envctl.domain.text.lists import listed
from envctl.domain.text.short_ids import short
from envctl.usecases.approval.explain_refusal import Answer, Why

_MARKS = {"passes": ("✓", "green"), "moot": ("-", "dim"), "unplanned": ("?", "dim")}


def show_why(why: Why, out: Console) -> None:
    say(out, joined(question(why)[: -len(why.target) - 1], (why.target, "bold"), "?"))
    out.print()
    for answer in why.answers:
        _answer(answer, why, out)
    if unplanned(why):
        advised(out, plain(""), to_ask_them_too(why), INDENT)
    if why.gates:
        _gates(why, out)
    for told in not_seen(why):
        hanging(out, joined(("! ", "bold yellow"), told), INDENT)
    for told in rules_told(why):
        hanging(out, joined(("! ", "bold yellow"), told), INDENT)
    _mistrusted(why, out)
    out.print()
    _verdict(why, out)
    hinted(out, why.next)


def question(why: Why) -> str:
    what = f"release {short(why.release)}" if why.release else "a release" if why.source else "the working tree"
    move = f"be promoted from {why.source} to" if why.source else "be applied to"
    return f"May {what} {move} {why.target}?"


def unplanned(why: Why) -> tuple[Answer, ...]:
    return tuple(answer for answer in why.answers if answer.outcome == "unplanned")


def not_seen(why: Why) -> tuple[str, ...]:
    """What an approval of the plan does not cover, a line for each stack."""
    return tuple(
        f"not seen: {stack} (waits for {listed(waits_for)}). An approval covers it only with --unseen {stack}"
        for stack, waits_for in why.not_seen.items()
    )


def rules_told(why: Why) -> tuple[str, ...]:
    """What changed of the rules with the last deployment, and what would change with the next one."""
    changed = [f"the last deployment changed the rules of {why.target}: {one_line(each)}" for each in why.rules_changed]
    differ = [f"envctl.toml changes the rules of {why.target}: {one_line(each)}" for each in why.rules_differ]
    return (*changed, *differ)


def to_ask_them_too(why: Why) -> str:
    """The same advice for all that only a plan can answer."""
    if why.release is None:
        return "asked once there is something to plan"
    return to_type(f"asked once it is planned: envctl why {why.target} --plan")


def rests_on(answer: Answer) -> str:
    return next((guard.rests_on for guard in GUARDS if guard.code == answer.code), "")


def conclusion(why: Why) -> str:
    """The whole answer in a sentence."""
    if why.refusals:
        return verdict(why.refusals, why.opens)
    warns = sum(answer.outcome == "warns" for answer in why.answers)
    but = f", but {counted(warns, 'guard')} {'warns' if warns == 1 else 'warn'}" if warns else ""
    return f"Nothing stands against it{' so far' if unplanned(why) else ''}{but}."


def _answer(answer: Answer, why: Why, out: Console) -> None:
    if answer.refusal:
        show_refusal(answer.refusal, out, why.now)
        return
    mark, style = _MARKS[answer.outcome]
    moot = f" (rests on {rests_on(answer)})" if answer.outcome == "moot" else ""
    say(out, joined((f"{mark} {answer.outcome}".ljust(ANSWER), style), f"{answer.code} {answer.guard}{moot}"), 2)


def _gates(why: Why, out: Console) -> None:
    out.print()
    say(out, f"gates of {why.target}{f' ({why.where})' if why.where else ''}")
    for gate, (given, wanted) in why.gates.items():
        missing = wanted - given
        mark, style = ("✗ open", "yellow") if missing else ("✓ met", "green")
        left = f" ({counted(missing, 'approval')} missing)" if missing else ""
        say(out, joined((mark.ljust(ANSWER), style), f"{gate} {given}/{wanted}{left}"), 2)
    if why.who:
        hanging(out, joined("  ", ("who".ljust(ANSWER), "dim"), why.who), INDENT)


def _mistrusted(why: Why, out: Console) -> None:
    found = mistrusted(why.unbelieved)
    if found:
        out.print()
    for told in found:
        hanging(out, joined(("! ledger: ", "bold red"), told))


def _verdict(why: Why, out: Console) -> None:
    style = "bold red" if why.refusals else "green"
    say(out, joined((conclusion(why), style), opens_by_itself(why.opens, why.now)))
