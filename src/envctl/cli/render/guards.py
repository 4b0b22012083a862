"""*Why not*: what each guard says, and the way on."""

from collections.abc import Sequence

from rich.console import Console

from envctl.cli.render.text import counted, hinted, joined, say
from envctl.domain.guards import Refusal, RefusedError, short
from envctl.usecases.why import Answer, Why


def show_why(why: Why, out: Console) -> None:
    release = f"release {short(why.release)}" if why.release else "a release" if why.source else "the working tree"
    asked = f"promote {release} from {why.source} to" if why.source else f"apply {release} to"
    say(out, joined(f"May envctl {asked} ", (why.target, "bold"), "?"))
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


def show_refusal(refusal: Refusal, out: Console) -> None:
    for_now = " (for now)" if refusal.for_now else ""
    say(out, joined(("✗ refuses ", "bold red"), (f"{refusal.code} {refusal.guard}", "bold"), for_now), 2)
    say(out, refusal.message, 12)
    hinted(out, refusal.hint, 12)


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
        say(out, _refused(why.refusals))
    else:
        say(out, joined(("Nothing stands against it.", "green")))


def _refused(refusals: Sequence[Refusal]) -> str:
    guards = "1 guard says" if len(refusals) == 1 else f"{len(refusals)} guards say"
    opens = all(refusal.for_now for refusal in refusals)
    return f"Refused for now: {guards} no, and it can open later." if opens else f"Refused: {guards} no."


def show_refused(error: RefusedError, err: Console) -> None:
    say(err, joined((_refused(error.refusals), "bold red")))
    for refusal in error.refusals:
        show_refusal(refusal, err)
