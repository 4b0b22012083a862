"""`envctl recover ENV`."""

from typing import Annotated

import typer

from envctl.cli.boundary import answer, refuse_dry_run


def recover(
    context: typer.Context,
    environment: Annotated[str, typer.Argument(help="The environment that is blocked.", show_default=False)],
) -> None:
    """Declare an interrupted deployment, whose end nobody recorded, to be over."""
    from envctl.usecases.recover import recover as use

    refuse_dry_run(context)
    answer(context, lambda ports: use(ports, environment))


def register(app: typer.Typer) -> None:
    app.command(short_help="Declare an interrupted deployment to be over.")(recover)
