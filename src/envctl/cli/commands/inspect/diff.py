"""`envctl diff A B`."""

from typing import Annotated

import typer

from envctl.cli.boundary import answer
from envctl.cli.completion.candidates import environments


def diff(
    context: typer.Context,
    first: Annotated[
        str,
        typer.Argument(
            metavar="A", help="An environment, for example staging.", autocompletion=environments, show_default=False
        ),
    ],
    second: Annotated[
        str,
        typer.Argument(metavar="B", help="Another one, in any order.", autocompletion=environments, show_default=False),
    ],
    *,
    patch: Annotated[bool, typer.Option("--patch", "--code", help="Show the changed code line by line.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Show what is equal, too.")] = False,
    detailed_exitcode: Annotated[
        bool,
        typer.Option("--detailed-exitcode", help="Exit with 2 where they differ in more than [parity] allows."),
    ] = False,
) -> None:
    """Show how two environments differ: releases and what lies between them, artifacts, and each setting with the line
    that it comes from. Exits with 1 where something of it is not known.
    """
    from envctl.usecases.inspect.diff import diff as use

    def exit_code(result: object) -> int:
        if getattr(result, "unknown", False):
            return 1
        return 2 if detailed_exitcode and getattr(result, "differs", False) else 0

    answer(context, lambda ports: use(ports, first, second, patch=patch, everything=everything), exit_code)


def register(app: typer.Typer) -> None:
    app.command(short_help="Show how two environments differ.")(diff)
