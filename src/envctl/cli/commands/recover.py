"""`envctl recover ENV`."""

from typing import Annotated

import typer

from envctl.cli.arguments import an_environment
from envctl.cli.boundary import answer, refuse_dry_run


def recover(
    context: typer.Context,
    environment: Annotated[str, an_environment("The environment that is blocked.")],
    existing: Annotated[
        list[tuple[str, str]] | None,
        typer.Option(
            "--import",
            metavar="ADDRESS ID",
            help="Take what exists into the state of its stack. More than once for several.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Look at what an interrupted deployment left, and declare it to be over, so that the next one may begin."""
    from envctl.usecases.recover import recover as use

    refuse_dry_run(context)
    answer(context, lambda ports: use(ports, environment, existing or ()))


def register(app: typer.Typer) -> None:
    app.command(short_help="Declare an interrupted deployment to be over.")(recover)
