"""`envctl why TARGET`."""

from typing import Annotated

import typer

from envctl.cli.boundary import answer
from envctl.cli.completion.candidates import releases
from envctl.cli.options.arguments import an_environment


def why(
    context: typer.Context,
    target: Annotated[str, an_environment("The environment to be reached.")],
    *,
    release: Annotated[
        str | None, typer.Option(help="Another release than the next one in line.", autocompletion=releases)
    ] = None,
    planned: Annotated[
        bool, typer.Option("--plan", help="Plan too, so that the guards of the plan can answer.")
    ] = False,
) -> None:
    """Say what every guard thinks of the next promotion to TARGET, without doing anything."""
    from envctl.usecases.approval.explain_refusal import why as use

    answer(context, lambda ports: use(ports, target, release=release, planned=planned))


def register(app: typer.Typer) -> None:
    app.command(short_help="Say why a promotion is refused, or that it is not.")(why)
