"""`envctl rollback ENV`."""

from typing import Annotated

import typer

from envctl.cli.boundary import answer
from envctl.cli.completion.candidates import releases
from envctl.cli.options.arguments import an_environment
from envctl.cli.options.deploy_options import BreakGlass, NoVerify, wishes


def rollback(
    context: typer.Context,
    environment: Annotated[str, an_environment("The environment that goes back.")],
    *,
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            metavar="RELEASE",
            autocompletion=releases,
            help="The release. Default: the last one before that still holds.",
        ),
    ] = None,
    no_verify: NoVerify = False,
    break_glass: BreakGlass = None,
) -> None:
    """Deploy an earlier release again that was verified there, and put the one that is left on hold."""
    from envctl.usecases.deployment.rollback import rollback as use

    wanted = wishes(context, break_glass, no_verify=no_verify)
    answer(context, lambda ports: use(ports, environment, wanted, to=to))


def register(app: typer.Typer) -> None:
    app.command(short_help="Go back to an earlier release that was verified.")(rollback)
