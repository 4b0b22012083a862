"""Results of `envctl drift --fix`."""

from rich.console import Console

from envctl.cli.render.console.deployment.deployment import show_deployment
from envctl.cli.render.console.plan.drift import show_drift
from envctl.cli.render.terminal.text import print_text, show_problems
from envctl.cli.render.words.plan.drift import remove_next_commands
from envctl.usecases.drift.fix import DriftFix


def show_drift_fix(fixed: DriftFix, out: Console) -> None:
    show_drift(remove_next_commands(fixed.drift), out)
    for mended in fixed.mended:
        out.print()
        if mended.deployed:
            if not mended.problems:
                # The verdict above is that of the drift that was found.
                print_text(out, (mended.environment, "bold"), (" was fixed", "bold green"))
            show_deployment(mended.deployed, out)
        if mended.problems or not mended.deployed:
            failure = " was fixed only partly" if mended.deployed else " was not fixed"
            print_text(out, (mended.environment, "bold"), (failure, "bold red"))
            show_problems(mended.problems, out, "", "bold", 2)
