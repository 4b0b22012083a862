"""`envctl recover ENV`."""

from typing import Annotated

import typer

from envctl.cli.boundary import run_use_case
from envctl.cli.options.arguments import environment_argument

_IMPORT_PATTERN = r"""(?P<address>(?:[^\["=]|\["(?:[^"\\]|\\.)*"\]|\[\d+\])+)=(?P<id>.+)"""


def recover(
    context: typer.Context,
    environment: Annotated[str, environment_argument("The blocked environment.")],
    existing: Annotated[
        list[str] | None,
        typer.Option(
            "--import",
            metavar="ADDRESS=ID",
            help="Import an existing resource into the state of its stack: STACK:TYPE.NAME=ID. Repeatable."
            " Or `reported`: all that the last deployment found to exist (E367).",
        ),
    ] = None,
) -> None:
    """Inspect an interrupted deployment and close it, to allow the next one."""
    from envctl.usecases.deployment.recovery.recover import recover as use

    dry_run, imports = context.obj.dry_run, [parse_import(each) for each in existing or ()]
    run_use_case(context, lambda ports: use(ports, environment, imports, dry_run=dry_run))


def parse_import(text: str) -> tuple[str, str]:
    """Parse ADDRESS=ID, or `reported`; keys in the address and the id may contain `=`. Raises UsageError."""
    import re

    from envctl.domain.plan.import_ids import REPORTED

    if text == REPORTED:
        return REPORTED, ""
    found = re.fullmatch(_IMPORT_PATTERN, text, re.DOTALL)
    if found is None:
        from envctl.domain.errors import Problem, UsageError

        message = f"--import {text} is not in the form ADDRESS=ID"
        hint = "copy it from the error message: --import 'STACK:TYPE.NAME=ID'"
        raise UsageError(Problem("E368", message, hint))
    return found["address"], found["id"]
