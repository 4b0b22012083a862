"""What went wrong, as advice: every problem with its code, its place and the way on."""

from rich.console import Console

from envctl.cli.render.guards import show_refused
from envctl.cli.render.text import hinted, joined, say, whole
from envctl.domain.errors import EnvctlError, InterruptedByUserError, Problem
from envctl.domain.guards import RefusedError


def show_error(error: EnvctlError, err: Console) -> None:
    if isinstance(error, RefusedError):
        show_refused(error, err)
        return
    word, style = ("stopped", "bold yellow") if isinstance(error, InterruptedByUserError) else ("error", "bold red")
    for position, problem in enumerate(error.problems):
        # The same advice is given once, after the last problem that it belongs to.
        following = error.problems[position + 1] if position + 1 < len(error.problems) else None
        _problem(problem, word, style, err, hint="" if following and following.hint == problem.hint else problem.hint)
    if len(error.problems) > 1:
        say(err, f"{len(error.problems)} problems")


def _problem(problem: Problem, word: str, style: str, err: Console, *, hint: str) -> None:
    summary, _, detail = problem.message.partition("\n")
    say(err, joined((f"{word} {problem.code}: ", style), summary))
    if problem.location:
        whole(err, joined("at ", (str(problem.location), "bold")), 2)
    if detail.strip():
        say(err, detail.strip("\n"), 4)
    hinted(err, hint, 2)
