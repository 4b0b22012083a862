"""`envctl render ENV`."""

from typing import Annotated

import typer

from envctl.cli.boundary import answer
from envctl.cli.options.arguments import an_environment


def render(
    context: typer.Context,
    environment: Annotated[str, an_environment("The environment, for example prod.")],
) -> None:
    """Show the root modules that Terraform gets for an environment."""
    from envctl.usecases.inspect.render import render as use

    answer(context, lambda ports: use(ports, environment))


def register(app: typer.Typer) -> None:
    app.command(short_help="Show the root modules that Terraform gets.")(render)
