"""`envctl release show RELEASE`."""

from typing import Annotated

import typer

from envctl.cli.boundary import run_use_case
from envctl.cli.completion.candidates import complete_releases


def show(
    context: typer.Context,
    release: Annotated[
        str,
        typer.Argument(
            help="Any part from the beginning of its id or commit, or its number: '#42'.",
            autocompletion=complete_releases,
        ),
    ],
) -> None:
    """Show one release: its commit, who made it, what it holds, and where it was deployed and verified."""
    from envctl.usecases.inspect.releases import show_release

    run_use_case(context, lambda ports: show_release(ports, release))
