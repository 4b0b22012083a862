"""`envctl why TARGET`."""

from typing import Annotated

import typer

from envctl.cli.boundary import run_use_case
from envctl.cli.options.arguments import environment_argument, release_option


def why(
    context: typer.Context,
    target: Annotated[str, environment_argument("The environment to be reached.")],
    *,
    release: Annotated[str | None, release_option("Another release than the next one in line.")] = None,
    planned: Annotated[
        bool, typer.Option("--plan", help="Plan too, so that the guards of the plan can answer.")
    ] = False,
) -> None:
    """Say what every guard thinks of the next promotion to TARGET, without doing anything."""
    from envctl.usecases.approval.explain_refusal import explain_refusal as use

    run_use_case(context, lambda ports: use(ports, target, release=release, planned=planned))
