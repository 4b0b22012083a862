"""`envctl diff A B`."""

from typing import Annotated

import typer

from envctl.cli.boundary import only_look, run_use_case
from envctl.cli.options.arguments import environment_argument


def diff(
    context: typer.Context,
    first: Annotated[str, environment_argument("An environment, for example staging.", "A")],
    second: Annotated[str, environment_argument("Another environment, in any order.", "B")],
    *,
    patch: Annotated[bool, typer.Option("--patch", "--code", help="Show the changed code line by line.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Also show equal values.")] = False,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit code 2 for differences not allowed by [parity].")
    ] = False,
) -> None:
    """Show how two environments differ: releases and the changes between them, artifacts, each setting with its line,
    and Kubernetes objects as they are rendered. Exit code 1: some of it is unknown.
    """
    from envctl.usecases.inspect.diff import diff_environments as use

    def exit_code(result: object) -> int:
        if getattr(result, "unknown", False):
            return 1
        return 2 if detailed_exitcode and getattr(result, "differs", False) else 0

    only_look(context)
    run_use_case(context, lambda ports: use(ports, first, second, patch=patch, everything=everything), exit_code)
