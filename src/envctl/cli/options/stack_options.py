"""The options that limit a command to some stacks."""

from typing import TYPE_CHECKING, Annotated

import typer

from envctl.cli.completion.candidates import complete_stacks

if TYPE_CHECKING:
    from envctl.usecases.concurrency.dag_runner import StackSelection

Stacks = Annotated[
    list[str] | None,
    typer.Option("--stack", metavar="NAME", help="Only this stack. Repeatable.", autocompletion=complete_stacks),
]
WithUpstream = Annotated[bool, typer.Option("--with-upstream", help="Also the stacks they need.")]
WithDownstream = Annotated[bool, typer.Option("--with-downstream", help="Also the stacks needing them.")]


def parse_selection(names: "Stacks", *, upstream: bool = False, downstream: bool = False) -> "StackSelection":
    from envctl.domain.errors import Problem, UsageError
    from envctl.usecases.concurrency.dag_runner import StackSelection

    if (upstream or downstream) and not names:
        flag = "--with-upstream" if upstream else "--with-downstream"
        raise UsageError(Problem("E029", f"{flag} needs --stack", "add --stack NAME"))
    return StackSelection(tuple(dict.fromkeys(names or ())), upstream, downstream)
