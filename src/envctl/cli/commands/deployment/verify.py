"""`envctl verify ENV`."""

from typing import Annotated

import typer

from envctl.cli.boundary import refuse_dry_run, run_use_case
from envctl.cli.options.arguments import environment_argument


def verify(
    context: typer.Context, environment: Annotated[str, environment_argument("The environment, for example staging.")]
) -> None:
    """Run the project's checks on an environment, and record whether its release is verified."""
    from envctl.usecases.deployment.verification import verify as use

    refuse_dry_run(context)
    run_use_case(context, lambda ports: use(ports, environment))
