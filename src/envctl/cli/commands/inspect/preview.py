"""`envctl preview [ENV …]`."""

from typing import Annotated

import typer

from envctl.cli.boundary import answer, refuse_dry_run
from envctl.cli.completion.candidates import releases
from envctl.cli.options.arguments import Environments


def preview(
    context: typer.Context,
    names: Environments = None,
    *,
    release: Annotated[
        str | None,
        typer.Option(help="A release, instead of the working tree.", autocompletion=releases, show_default=False),
    ] = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit with 2 where there are changes.")
    ] = False,
) -> None:
    """Plan the working tree, or a release, against all environments, before it may go there. Nothing is recorded."""
    from envctl.usecases.inspect.preview import preview as use

    refuse_dry_run(context)
    answer(
        context,
        lambda ports: use(ports, names or (), release=release),
        lambda told: int(told.exit_code(detailed=detailed_exitcode)),  # type: ignore[attr-defined]
    )


def register(app: typer.Typer) -> None:
    app.command(short_help="Show what a release would do everywhere.")(preview)
