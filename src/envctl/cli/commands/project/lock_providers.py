"""`envctl lock-providers`."""

from typing import Annotated

import typer

from envctl.cli.boundary import run_partial_use_case
from envctl.cli.completion.candidates import complete_platforms as offered


def lock_providers(
    context: typer.Context,
    *,
    platforms: Annotated[
        list[str] | None,
        typer.Option(
            "--platform",
            metavar="OS_ARCH",
            help="A platform. Repeatable. Default: all common ones.",
            autocompletion=offered,
        ),
    ] = None,
    upgrade: Annotated[
        bool, typer.Option("--upgrade", help="Use the newest versions allowed by all stacks, not the locked ones.")
    ] = False,
) -> None:
    """Write the provider lock for all stacks and platforms; for this machine's platform, Terraform writes it. Needs no
    credentials. Exit code 1: a provider has no package for a given platform.
    """
    from envctl.usecases.project.lock_providers import lock_providers as use

    dry_run = context.obj.dry_run
    run_partial_use_case(context, lambda ports: use(ports, platforms or (), upgrade=upgrade, dry_run=dry_run))
