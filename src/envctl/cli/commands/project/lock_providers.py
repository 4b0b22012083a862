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
            help="Only this one; may be given several times. Default: all that people commonly work on.",
            autocompletion=offered,
            show_default=False,
        ),
    ] = None,
    upgrade: Annotated[
        bool, typer.Option("--upgrade", help="Take the newest versions that suit all stacks, not those in the lock.")
    ] = False,
) -> None:
    """Write the provider lock for all stacks of the working tree and for all platforms that people work on. Terraform
    itself writes it for the machine that it runs on. Needs no credentials. Exits with 1 where a provider is not to be
    had for a platform that was named.
    """
    from envctl.usecases.project.lock_providers import lock_providers as use

    dry_run = context.obj.dry_run
    run_partial_use_case(context, lambda ports: use(ports, platforms or (), upgrade=upgrade, dry_run=dry_run))
