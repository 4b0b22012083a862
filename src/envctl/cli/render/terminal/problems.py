"""Problems, each with its code, its place in a file and the way on."""

from collections.abc import Sequence

from rich.console import Console

from envctl.cli.render.terminal.text import hinted, joined, say, whole
from envctl.domain.errors import Problem


def show_problems(problems: Sequence[Problem], out: Console, word: str, style: str, indent: int = 0) -> None:
    """`word` stands before each code; it may be empty."""
    for position, problem in enumerate(problems):
        # The same advice is given once, after the last problem that it belongs to.
        following = problems[position + 1] if position + 1 < len(problems) else None
        hint = "" if following and following.hint == problem.hint else problem.hint
        summary, _, detail = problem.message.partition("\n")
        say(out, joined((f"{word} {problem.code}: ".lstrip(), style), summary), indent)
        if problem.location:
            whole(out, joined("at ", (str(problem.location), "bold")), indent + 2)
        if detail.strip():
            say(out, detail.strip("\n"), indent + 4)
        hinted(out, hint, indent + 2)
