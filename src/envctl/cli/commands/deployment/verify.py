"""`envctl verify ENV`."""

from typing import Annotated

import typer

from envctl.cli.boundary import answer, refuse_dry_run
from envctl.cli.options.arguments import an_environment


def verify(
    context: typer.Context,
    environment: Annotated[str, an_environment("The environment, for example staging.")],
) -> None:
    """Run the project's checks on what an environment runs, and record whether it is proven."""
    from envctl.usecases.deployment.verification import verify as use

    refuse_dry_run(context)
    answer(context, lambda ports: use(ports, environment))


def register(app: typer.Typer) -> None:
    app.command(short_help="Check what an environment runs, and record it.")(verify)
