"""Errors as text: each problem with its code, location and hint."""

from datetime import UTC, datetime

from rich.console import Console

from envctl.cli.render.console.approval.guards import show_refusals
from envctl.cli.render.terminal.text import print_item, print_text, show_problems
from envctl.cli.render.words.stack_outcomes import group_outcomes
from envctl.domain.errors import EnvctlError, InterruptedByUserError
from envctl.domain.guards import RefusedError


def show_error(error: EnvctlError, err: Console, now: datetime | None = None) -> None:
    """Print an error. Times are relative to `now`, by default the current time."""
    if isinstance(error, RefusedError):
        show_refusals(error, err, now or datetime.now(UTC))
    else:
        interrupted = isinstance(error, InterruptedByUserError)
        word, style = ("stopped", "bold yellow") if interrupted else ("error", "bold red")
        # Several stacks may have the same one, such as a missing program.
        problems = tuple(dict.fromkeys(error.problems))
        show_problems(problems, err, word, style)
        if len(problems) > 1:
            print_text(err, f"{len(problems)} problems")
    for outcome, names in group_outcomes(error.stacks):
        print_item(err, (f"{outcome}: ", "bold"), names, indent=2)
