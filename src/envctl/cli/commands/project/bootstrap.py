"""`envctl bootstrap [ENV …]`."""

from typing import Annotated

import typer

from envctl.cli.boundary import run_use_case
from envctl.cli.options.arguments import Environments


def bootstrap(
    context: typer.Context,
    names: Environments = None,
    *,
    check: Annotated[bool, typer.Option("--check", help="Only check: show missing buckets and weak settings.")] = False,
    as_me: Annotated[
        bool, typer.Option("--as-me", help="Use your own credentials, not the role of each environment.")
    ] = False,
) -> None:
    """Create or secure the buckets of envctl: one for the states of each environment, and, if no environment is given,
    one for the store. Shows the steps first. With --check, exit code 2: a bucket is missing or has weak settings; 1:
    some of it could not be checked.
    """
    from envctl.usecases.account import bootstrap as use

    exit_code = lambda result: int(result.exit_code)  # noqa: E731
    if check:
        run_use_case(context, lambda ports: use.check_buckets(ports, names or (), as_me=as_me), exit_code)
    dry_run = context.obj.dry_run
    run_use_case(context, lambda ports: use.bootstrap(ports, names or (), dry_run=dry_run, as_me=as_me), exit_code)
