"""`envctl recover ENV`."""

from typing import Annotated

import typer

from envctl.cli.boundary import run_use_case
from envctl.cli.options.arguments import environment_argument

_IMPORT_PATTERN = r"""(?P<address>(?:[^\["=]|\["(?:[^"\\]|\\.)*"\]|\[\d+\])+)=(?P<id>.+)"""


def recover(
    context: typer.Context,
    environment: Annotated[str, environment_argument("The environment that is blocked.")],
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

    dry_run, imports = context.obj.dry_run, [parse_import(each) for each in existing or ()]
    run_use_case(context, lambda ports: use(ports, environment, imports, dry_run=dry_run))


def parse_import(text: str) -> tuple[str, str]:
    """Parse ADDRESS=ID; keys in the address and the id may contain `=`. Raises UsageError."""
    import re

    found = re.fullmatch(_IMPORT_PATTERN, text, re.DOTALL)
    if found is None:
        from envctl.domain.errors import Problem, UsageError

        message = f"--import {text} is not of the form ADDRESS=ID"
        hint = "write it as the error says that told you so: --import 'module.STACK.TYPE.NAME=ID'"
        raise UsageError(Problem("E368", message, hint))
    return found["address"], found["id"]
