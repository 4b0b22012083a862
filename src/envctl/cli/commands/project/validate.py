"""`envctl validate [ENV]`."""

from typing import Annotated

import typer

from envctl.cli.boundary import answer
from envctl.cli.options.arguments import an_environment


def validate(
    context: typer.Context,
    environment: Annotated[str, an_environment("Only this environment. Default: all.")] = "",
    *,
    settings: Annotated[
        bool, typer.Option("--settings", help="Only whether the settings fit: no keys, no secrets, no images.")
    ] = False,
) -> None:
    """Check the project file, the modules and the settings. Needs no Terraform and no credentials."""
    from envctl.usecases.inspect.settings import validate as use

    answer(context, lambda ports: use(ports, environment, only_settings=settings))


def register(app: typer.Typer) -> None:
    app.command(short_help="Check project, modules and settings.")(validate)
