"""Problems, each with its code, location and hint."""

from collections.abc import Sequence

from rich.console import Console

from envctl.cli.project_folder import to_typed_path
from envctl.cli.render.terminal.text import print_hint, print_nowrap, print_text
from envctl.domain.errors import Problem


def show_problems(problems: Sequence[Problem], out: Console, word: str, style: str, indent: int = 0) -> None:
    """Print each problem; `word` precedes its code and may be empty."""
    for position, problem in enumerate(problems):
        # A hint shared by consecutive problems is printed once, after the last of them.
        following = problems[position + 1] if position + 1 < len(problems) else None
        hint = "" if following and following.hint == problem.hint else problem.hint
        summary, _, detail = problem.message.partition("\n")
        print_text(out, (f"{word} {problem.code}: ".lstrip(), style), summary, indent=indent)
        if problem.location:
            print_nowrap(out, "at ", (to_typed_path(str(problem.location)), "bold"), indent=indent + 2)
        if detail.strip():
            print_text(out, detail.strip("\n"), indent=indent + 4)
        print_hint(out, hint, indent + 2)
