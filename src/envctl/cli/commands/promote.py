"""`envctl promote SOURCE TARGET`."""

from typing import Annotated

import typer

from envctl.cli.boundary import answer


def promote(
    context: typer.Context,
    source: Annotated[str, typer.Argument(help="Where the release is proven.", show_default=False)],
    target: Annotated[str, typer.Argument(help="The environment right after it.", show_default=False)],
    release: Annotated[
        str | None, typer.Option(help="An earlier release that SOURCE proved. Default: the one it runs.")
    ] = None,
) -> None:
    """Deploy to TARGET the very bundle that SOURCE runs, through every guard."""
    from envctl.usecases.promote import promote as use

    answer(context, lambda ports: use(ports, source, target, release=release, dry_run=context.obj.dry_run))


def register(app: typer.Typer) -> None:
    app.command(short_help="Deploy what one environment proved to the next.")(promote)
