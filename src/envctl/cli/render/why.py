"""*Why not*: what each guard says of the next promotion."""

from rich.console import Console

from envctl.cli.render.guards import show_refusal, verdict
from envctl.cli.render.line import counted
from envctl.cli.render.text import hinted, joined, say
from envctl.domain.guards import short
from envctl.usecases.why import Answer, Why


def show_why(why: Why, out: Console) -> None:
    what = f"release {short(why.release)}" if why.release else "a release" if why.source else "the working tree"
    move = f"be promoted from {why.source} to" if why.source else "be applied to"
    say(out, joined(f"May {what} {move} ", (why.target, "bold"), "?"))
    out.print()
    for answer in why.answers:
        _answer(answer, out)
    if why.gates:
        _gates(why, out)
    out.print()
    _verdict(why, out)
    hinted(out, why.next)


def _answer(answer: Answer, out: Console) -> None:
    if answer.refusal:
        show_refusal(answer.refusal, out)
    else:
        say(out, joined(("✓ pass    ", "green"), f"{answer.code} {answer.guard}"), 2)


def _gates(why: Why, out: Console) -> None:
    out.print()
    say(out, f"gates of {why.target}")
    for gate, (given, wanted) in why.gates.items():
        missing = wanted - given
        mark = ("✗ open    ", "yellow") if missing else ("✓ met     ", "green")
        left = f" ({counted(missing, 'approval')} missing)" if missing else ""
        say(out, joined(mark, f"{gate} {given}/{wanted}{left}"), 2)


def _verdict(why: Why, out: Console) -> None:
    if why.refusals:
        say(out, verdict(why.refusals))
    else:
        say(out, joined(("Nothing stands against it.", "green")))
