"""`envctl lock ENV` and `envctl unlock ENV`."""

from typing import Annotated

import typer

from envctl.cli.boundary import refuse_dry_run, run_use_case
from envctl.cli.options.arguments import environment_argument, release_option


def lock(
    context: typer.Context,
    environment: Annotated[str, environment_argument("The environment, for example prod.")],
    reason: Annotated[str, typer.Option(help="The reason, shown with each refusal.")],
) -> None:
    """Block all changes of an environment until it is unlocked. Running deployments are not stopped."""
    from envctl.usecases.approval.locking import lock_environment as use

    refuse_dry_run(context)
    run_use_case(context, lambda ports: use(ports, environment, reason))


def unlock(
    context: typer.Context,
    environment: Annotated[str, environment_argument("The environment, for example prod.")],
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    release: Annotated[str | None, release_option("Lift the hold on this release; keep the lock.")] = None,
) -> None:
    """Unlock an environment, or lift the hold on a release."""
    from envctl.usecases.approval.locking import unlock_environment as use

    refuse_dry_run(context)
    run_use_case(context, lambda ports: use(ports, environment, reason, release=release))
