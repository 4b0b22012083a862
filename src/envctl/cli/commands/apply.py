"""`envctl apply ENV`."""

from typing import Annotated

import typer

from envctl.cli.boundary import answer


def apply(
    context: typer.Context,
    environment: Annotated[str, typer.Argument(help="The environment, for example dev.", show_default=False)],
) -> None:
    """Apply the working tree to the first environment; elsewhere, today's settings to the release that is there."""
    from envctl.usecases.apply import apply as use

    answer(context, lambda ports: use(ports, environment, dry_run=context.obj.dry_run))


def register(app: typer.Typer) -> None:
    app.command(short_help="Deploy the working tree to the first environment.")(apply)
