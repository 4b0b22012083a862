"""`envctl history [ENV]`."""

from typing import Annotated

import typer

from envctl.cli.boundary import run_use_case
from envctl.cli.options.arguments import Since, Until, environment_argument


def history(
    context: typer.Context,
    environment: Annotated[str, environment_argument("Only entries of this environment.")] = "",
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit",
            "-n",
            min=1,
            help="The number of entries, newest first. Default: 20, or all with --since.",
        ),
    ] = None,
    since: Since = "",
    until: Until = "",
) -> None:
    """Show the entries of the ledger: who, what, when."""
    from envctl.usecases.inspect.history import read_history as use

    run_use_case(context, lambda ports: use(ports, environment, limit=limit, since=since, until=until))
