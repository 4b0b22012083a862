"""`envctl approve ENV --gate NAME`."""

from typing import Annotated

import typer

from envctl.cli.boundary import answer, refuse_dry_run
from envctl.cli.complete import gated, gates, releases


def approve(
    context: typer.Context,
    environment: Annotated[
        str, typer.Argument(help="The environment that asks for it.", autocompletion=gated, show_default=False)
    ],
    gate: Annotated[str, typer.Option(help="The gate, for example peer.", autocompletion=gates, show_default=False)],
    *,
    release: Annotated[
        str | None,
        typer.Option(help="The release. Default: the one that the environment before runs.", autocompletion=releases),
    ] = None,
    plan: Annotated[
        str | None,
        typer.Option(
            "--plan",
            metavar="FINGERPRINT",
            help="Approve the plan that `envctl why ENV --plan` made, without planning.",
            show_default=False,
        ),
    ] = None,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take back what you approved.")] = False,
) -> None:
    """Show what the next release would change in an environment, and approve exactly that at one of its gates."""
    from envctl.usecases import approve as uses

    refuse_dry_run(context)
    if withdraw:
        answer(context, lambda ports: uses.withdraw(ports, environment, gate, release=release))
    answer(context, lambda ports: uses.approve(ports, environment, gate, release=release, fingerprint=plan))


def register(app: typer.Typer) -> None:
    app.command(short_help="Approve what the next release would change.")(approve)
