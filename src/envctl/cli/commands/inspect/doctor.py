"""`envctl doctor [ENV …]`."""

from typing import Annotated

import typer

from envctl.cli.boundary import refuse_dry_run, run_use_case
from envctl.cli.options.arguments import Environments


def doctor(
    context: typer.Context,
    names: Environments = None,
    *,
    probe: Annotated[
        bool, typer.Option("--probe", help="Test the write protection of the store; writes one object.")
    ] = False,
) -> None:
    """Check all requirements of a deployment: the project's files, Terraform and its providers, your credentials and
    the clock, the store and its ledger, and each environment. Shows how to fix each problem. Exit code 1: problems
    found; 78: problems in the project's own files.
    """
    from envctl.usecases.inspect.doctor.doctor import diagnose_project as use

    refuse_dry_run(context)
    exit_code = lambda result: int(result.exit_code)  # noqa: E731
    run_use_case(context, lambda ports: use(ports, names or (), probe=probe), exit_code)
