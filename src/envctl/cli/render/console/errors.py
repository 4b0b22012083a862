"""What went wrong, as advice: every problem with its code, its place and the way on."""

from datetime import UTC, datetime

from rich.console import Console

from envctl.cli.render.console.approval.guards import show_refused
from envctl.cli.render.console.deployment.stack_outcomes import account
from envctl.cli.render.terminal.problems import show_problems
from envctl.cli.render.terminal.text import hanging, joined, say
from envctl.domain.errors import EnvctlError, InterruptedByUserError
from envctl.domain.guards import RefusedError


def show_error(error: EnvctlError, err: Console, now: datetime | None = None) -> None:
    """`now` is what times are counted from: the moment at which it is read, unless another one is given."""
    if isinstance(error, RefusedError):
        show_refused(error, err, now or datetime.now(UTC))
    else:
        _show_problems(error, err)
    for told, names in account(error.stacks):
        hanging(err, joined((f"{told}: ", "bold"), names), 2)


def _show_problems(error: EnvctlError, err: Console) -> None:
    word, style = ("stopped", "bold yellow") if isinstance(error, InterruptedByUserError) else ("error", "bold red")
    show_problems(error.problems, err, word, style)
    if len(error.problems) > 1:
        say(err, f"{len(error.problems)} problems")
