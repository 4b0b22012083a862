"""`envctl releases [ENV]`."""

from typing import Annotated

import typer

from envctl.cli.boundary import run_use_case
from envctl.cli.options.arguments import environment_argument


def releases(
    context: typer.Context,
    environment: Annotated[str, environment_argument("Only releases deployed there.")] = "",
    limit: Annotated[
        int | None,
        typer.Option("--limit", "-n", min=1, help="How many releases, newest first: 20."),
    ] = None,
) -> None:
    """List the releases, newest first: what each is known by, and where it runs and is verified."""
    from envctl.usecases.inspect.releases import list_releases

    run_use_case(context, lambda ports: list_releases(ports, environment, limit=limit))
