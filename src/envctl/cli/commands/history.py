"""`envctl history [ENV]`."""

from typing import Annotated

import typer

from envctl.cli.boundary import answer
from envctl.cli.complete import environments


def history(
    context: typer.Context,
    environment: Annotated[
        str,
        typer.Argument(help="Only what speaks of this environment.", autocompletion=environments, show_default=False),
    ] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="How many entries, newest first.")] = 20,
) -> None:
    """Show what happened: who, what, when."""
    from envctl.usecases.history import history as use

    answer(context, lambda ports: use(ports, environment, limit=limit))


def register(app: typer.Typer) -> None:
    app.command(short_help="Show who did what, and when.")(history)
