"""A refusal, and the way on."""

from collections.abc import Sequence

from rich.console import Console

from envctl.cli.render.text import hinted, joined, say
from envctl.domain.guards import Refusal, RefusedError


def show_refused(error: RefusedError, err: Console) -> None:
    say(err, joined((verdict(error.refusals), "bold red")))
    for refusal in error.refusals:
        show_refusal(refusal, err)


def show_refusal(refusal: Refusal, out: Console) -> None:
    for_now = " (for now)" if refusal.for_now else ""
    say(out, joined(("✗ refuses ", "bold red"), (f"{refusal.code} {refusal.guard}", "bold"), for_now), 2)
    say(out, refusal.message, 12)
    hinted(out, refusal.hint, 12)


def verdict(refusals: Sequence[Refusal]) -> str:
    guards = "1 guard says" if len(refusals) == 1 else f"{len(refusals)} guards say"
    opens = all(refusal.for_now for refusal in refusals)
    return f"Refused for now: {guards} no, and it can open later." if opens else f"Refused: {guards} no."
