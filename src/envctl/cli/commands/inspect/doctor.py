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
        bool, typer.Option("--probe", help="Try that nothing in the store can be written over; it writes one object.")
    ] = False,
) -> None:
    """Look at all that has to be right before anything can be deployed: the project's files, Terraform and its
    providers, your credentials and the clock, the store and its ledger, and each environment. Says how to mend what is
    not. Exits with 1 where something is bad, and with 78 where that is the project's own files.
    """
    from envctl.usecases.inspect.doctor.doctor import diagnose_project as use

    refuse_dry_run(context)
    exit_code = lambda result: int(result.exit_code)  # noqa: E731
    run_use_case(context, lambda ports: use(ports, names or (), probe=probe), exit_code)
