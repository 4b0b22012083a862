"""`envctl doctor [ENV …]`."""

from typing import Annotated

import typer

from envctl.cli.boundary import refuse_dry_run, run_use_case
from envctl.cli.options.arguments import Environments
from envctl.domain.command_lines import format_command
from envctl.domain.errors import Problem, UsageError


def doctor(
    context: typer.Context,
    names: Environments = None,
    *,
    probe: Annotated[
        bool, typer.Option("--probe", help="Test the write protection of the store; writes one object.")
    ] = False,
    ci: Annotated[
        bool, typer.Option("--ci", help="Check CI: in a job its token and roles, elsewhere the forge's settings.")
    ] = False,
) -> None:
    """Check all requirements of a deployment: the project's files, Terraform and its providers, kubectl and helm, your
    credentials and the clock, the store and its ledger, and each environment with its clusters. Shows how to fix each
    problem. With --ci it checks who can deploy through CI instead: in a job the token and each role, on your machine
    the settings of GitHub or GitLab. Exit code 1: problems found; 78: problems in the project's own files, or CI is
    not set up.
    """
    refuse_dry_run(context)
    exit_code = lambda result: int(result.exit_code)  # noqa: E731
    if ci and probe:
        raise UsageError(Problem("E012", "--ci and --probe can't be combined", format_command("doctor", help=True)))
    if ci:
        from envctl.usecases.inspect.doctor.ci import diagnose_ci

        run_use_case(context, lambda ports: diagnose_ci(ports, names or ()), exit_code)
    from envctl.usecases.inspect.doctor.doctor import diagnose_project as use

    run_use_case(context, lambda ports: use(ports, names or (), probe=probe), exit_code)
