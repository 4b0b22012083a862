"""`envctl validate [ENV]`."""

from typing import Annotated

import typer

from envctl.cli.boundary import answer
from envctl.cli.complete import environments


def validate(
    context: typer.Context,
    environment: Annotated[
        str,
        typer.Argument(help="Only this environment. Default: all.", autocompletion=environments, show_default=False),
    ] = "",
) -> None:
    """Check the project file, the modules and the settings. Needs no Terraform and no credentials."""
    from envctl.usecases.settings import validate as use

    answer(context, lambda ports: use(ports, environment))


def register(app: typer.Typer) -> None:
    app.command(short_help="Check project, modules and settings.")(validate)
