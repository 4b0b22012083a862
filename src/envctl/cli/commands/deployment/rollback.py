"""`envctl rollback ENV`."""

from typing import Annotated

import typer

from envctl.cli.boundary import change_only, run_use_case
from envctl.cli.completion.candidates import complete_releases
from envctl.cli.options.arguments import RELEASE_NAMES, FullPlans, environment_argument, show_full_plans
from envctl.cli.options.deploy_options import BreakGlass, NoVerify, Partial, WaitOk, parse_deploy_options


def rollback(
    context: typer.Context,
    environment: Annotated[str, environment_argument("The environment to roll back.")],
    *,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="RELEASE",
            autocompletion=complete_releases,
            help=f"The release. Default: the last verified one before. {RELEASE_NAMES}",
        ),
    ] = None,
    no_verify: NoVerify = False,
    break_glass: BreakGlass = None,
    partial: Partial = False,
    wait_ok: WaitOk = False,
    full: FullPlans = False,
) -> None:
    """Deploy an earlier release verified there, and put the current one on hold."""
    from envctl.usecases.deployment.next_command import add_next_command
    from envctl.usecases.deployment.rollback import rollback as use

    show_full_plans(full=full)
    options = parse_deploy_options(context, break_glass, no_verify=no_verify, partial=partial, wait_ok=wait_ok)
    change_only(context, environment)
    run_use_case(context, lambda ports: add_next_command(ports, use(ports, environment, options, to=to)))
