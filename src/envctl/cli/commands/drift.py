"""`envctl drift [ENV]`."""

from typing import Annotated

import typer

from envctl.cli.boundary import answer, refuse_dry_run
from envctl.cli.complete import environments


def drift(
    context: typer.Context,
    environment: Annotated[
        str, typer.Argument(help="Only this environment.", autocompletion=environments, show_default=False)
    ] = "",
) -> None:
    """Say where reality differs from the state. Drift takes the proof of a release away; exits with 2 where there is
    some.
    """
    from envctl.usecases.drift import drift as use

    refuse_dry_run(context)
    answer(context, lambda ports: use(ports, environment), lambda found: 2 if getattr(found, "found", False) else 0)


def register(app: typer.Typer) -> None:
    app.command(short_help="Say where reality differs from the state.")(drift)
