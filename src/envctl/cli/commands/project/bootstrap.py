"""`envctl bootstrap [ENV …]`."""

from typing import Annotated

import typer

from envctl.cli.boundary import run_use_case
from envctl.cli.options.arguments import Environments


def bootstrap(
    context: typer.Context,
    names: Environments = None,
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing: say what is missing or weaker than it should be.")
    ] = False,
    as_me: Annotated[
        bool, typer.Option("--as-me", help="With your own credentials, rather than the role of each environment.")
    ] = False,
) -> None:
    """Make the buckets that envctl needs, or make them stronger: one for the states of each environment, and, where no
    environment is named, that of the store. Shows what it will do first. With --check it exits with 2 where something
    is missing or weaker than it should be, and with 1 where something could not be looked at.
    """
    from envctl.usecases.account import bootstrap as use

    exit_code = lambda result: int(result.exit_code)  # noqa: E731
    if check:
        run_use_case(context, lambda ports: use.check_buckets(ports, names or (), as_me=as_me), exit_code)
    dry_run = context.obj.dry_run
    run_use_case(context, lambda ports: use.bootstrap(ports, names or (), dry_run=dry_run, as_me=as_me), exit_code)
