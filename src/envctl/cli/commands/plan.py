"""`envctl plan ENV`."""

from typing import Annotated

import typer

from envctl.cli.boundary import answer
from envctl.cli.complete import environments


def plan(
    context: typer.Context,
    environment: Annotated[
        str, typer.Argument(help="The environment, for example dev.", autocompletion=environments, show_default=False)
    ],
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit with 2 where there are changes.")
    ] = False,
) -> None:
    """Show what `envctl apply ENV` would change."""
    from envctl.usecases.plan import plan as use

    def exit_code(result: object) -> int:
        return 2 if detailed_exitcode and getattr(result, "changes", False) else 0

    answer(context, lambda ports: use(ports, environment), exit_code)


def register(app: typer.Typer) -> None:
    app.command(short_help="Show what an apply would change.")(plan)
