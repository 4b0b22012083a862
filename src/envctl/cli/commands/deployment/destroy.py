"""`envctl destroy ENV`."""

from typing import Annotated

import typer

from envctl.cli.boundary import run_use_case
from envctl.cli.options.arguments import FullPlans, environment_argument, show_full_plans
from envctl.cli.options.deploy_options import BreakGlass, parse_deploy_options


def destroy(
    context: typer.Context,
    environment: Annotated[str, environment_argument("The environment, for example dev.")],
    *,
    break_glass: BreakGlass = None,
    state_lost: Annotated[
        bool,
        typer.Option(
            "--state-lost", help="Accept lost states. Resources of their stacks may remain; this is recorded."
        ),
    ] = False,
    full: FullPlans = False,
) -> None:
    """Destroy all resources of an environment, and delete its Kubernetes objects. Refused if it is protected, requires
    approvals, or lost a state.
    """
    from envctl.usecases.deployment.destroy import destroy as use

    show_full_plans(full=full)
    options = parse_deploy_options(context, break_glass, state_lost=state_lost)
    run_use_case(context, lambda ports: use(ports, environment, options))
