"""`envctl apply ENV`."""

from typing import Annotated

import typer

from envctl.cli.arguments import an_environment
from envctl.cli.boundary import answer
from envctl.cli.wishes import BreakGlass, NoVerify, wishes


def apply(
    context: typer.Context,
    environment: Annotated[str, an_environment("The environment, for example dev.")],
    *,
    no_verify: NoVerify = False,
    break_glass: BreakGlass = None,
) -> None:
    """Apply the working tree to the first environment; elsewhere, today's settings to the release that is there."""
    from envctl.usecases.apply import apply as use

    wanted = wishes(context, break_glass, no_verify=no_verify)
    answer(context, lambda ports: use(ports, environment, wanted))


def register(app: typer.Typer) -> None:
    app.command(short_help="Deploy the working tree to the first environment.")(apply)
