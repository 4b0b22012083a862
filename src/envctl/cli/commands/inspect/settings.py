"""`envctl settings ENV`."""

from typing import Annotated

import typer

from envctl.cli.boundary import answer
from envctl.cli.options.arguments import an_environment


def settings(
    context: typer.Context,
    environment: Annotated[str, an_environment("The environment, for example prod.")],
) -> None:
    """Show each setting of an environment, with the file and line that it comes from."""
    from envctl.usecases.inspect.settings import settings as use

    answer(context, lambda ports: use(ports, environment))


def register(app: typer.Typer) -> None:
    app.command(short_help="Show each setting and where it comes from.")(settings)
