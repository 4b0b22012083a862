"""`envctl render ENV`."""

from typing import Annotated

import typer

from envctl.cli.boundary import answer
from envctl.cli.complete import environments


def render(
    context: typer.Context,
    environment: Annotated[
        str, typer.Argument(help="The environment, for example prod.", autocompletion=environments, show_default=False)
    ],
) -> None:
    """Show the root modules that Terraform gets for an environment."""
    from envctl.usecases.render import render as use

    answer(context, lambda ports: use(ports, environment))


def register(app: typer.Typer) -> None:
    app.command(short_help="Show the root modules that Terraform gets.")(render)
