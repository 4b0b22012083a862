"""What came of setting right what had drifted."""

from dataclasses import replace

from rich.console import Console

from envctl.cli.render.console.deployment.deployment import show_deployed
from envctl.cli.render.console.plan.drift import show_drift
from envctl.cli.render.terminal.problems import show_problems
from envctl.cli.render.terminal.text import joined, say
from envctl.usecases.drift.fix import Fixed
from envctl.usecases.drift.result import Drift


def show_fixed(fixed: Fixed, out: Console) -> None:
    show_drift(without_next(fixed.drift), out)
    for mended in fixed.mended:
        out.print()
        if mended.deployed:
            show_deployed(mended.deployed, out)
        if mended.problems or not mended.deployed:
            told = " was not set right as a whole" if mended.deployed else " was not set right"
            say(out, joined((mended.environment, "bold"), (told, "bold red")))
            show_problems(mended.problems, out, "", "bold", 2)


def without_next(drift: Drift) -> Drift:
    """What was to be done next is done."""
    return Drift(tuple(replace(each, next="") for each in drift.environments))
