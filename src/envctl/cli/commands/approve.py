"""`envctl approve ENV --gate NAME`."""

from typing import Annotated

import typer

from envctl.cli.boundary import answer, refuse_dry_run


def approve(
    context: typer.Context,
    environment: Annotated[str, typer.Argument(help="The environment that asks for it.", show_default=False)],
    gate: Annotated[str, typer.Option(help="The gate, for example peer.", show_default=False)],
    release: Annotated[
        str | None, typer.Option(help="The release. Default: the one that the environment before runs.")
    ] = None,
) -> None:
    """Approve the next release of an environment at one of its gates, with today's settings."""
    from envctl.usecases.approve import approve as use

    refuse_dry_run(context)
    answer(context, lambda ports: use(ports, environment, gate, release=release))


def register(app: typer.Typer) -> None:
    app.command(short_help="Approve the next release of an environment.")(approve)
