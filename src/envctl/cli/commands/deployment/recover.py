"""`envctl recover ENV`."""

from typing import Annotated

import typer

from envctl.cli.boundary import answer, refuse_dry_run
from envctl.cli.options.arguments import an_environment

_IMPORT = r"""(?P<address>(?:[^\["=]|\["(?:[^"\\]|\\.)*"\]|\[\d+\])+)=(?P<id>.+)"""


def recover(
    context: typer.Context,
    environment: Annotated[str, an_environment("The environment that is blocked.")],
    existing: Annotated[
        list[str] | None,
        typer.Option(
            "--import",
            metavar="ADDRESS=ID",
            help="Take what exists already into the state of its stack: module.STACK.TYPE.NAME=ID. May be repeated.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Look at what an interrupted deployment left, and declare it to be over, so that the next one may begin."""
    from envctl.usecases.deployment.recovery.recover import recover as use

    refuse_dry_run(context)
    answer(context, lambda ports: use(ports, environment, [parted(each) for each in existing or ()]))


def parted(text: str) -> tuple[str, str]:
    """The address and the id. A key in an address may hold a `=`, and so may the id."""
    import re

    found = re.fullmatch(_IMPORT, text, re.DOTALL)
    if found is None:
        from envctl.domain.errors import Problem, UsageError

        message = f"--import {text} is not of the form ADDRESS=ID"
        hint = "write it as the error says that told you so: --import 'module.STACK.TYPE.NAME=ID'"
        raise UsageError(Problem("E368", message, hint))
    return found["address"], found["id"]


def register(app: typer.Typer) -> None:
    app.command(short_help="Declare an interrupted deployment to be over.")(recover)
