"""`envctl lock ENV` and `envctl unlock ENV`."""

from typing import Annotated

import typer

from envctl.cli.boundary import answer, refuse_dry_run
from envctl.cli.completion.candidates import releases
from envctl.cli.options.arguments import an_environment


def lock(
    context: typer.Context,
    environment: Annotated[str, an_environment("The environment, for example prod.")],
    reason: Annotated[str, typer.Option(help="Why. Whoever is refused reads it.", show_default=False)],
) -> None:
    """Let nothing change an environment until it is unlocked. What runs already is not stopped."""
    from envctl.usecases.inspect.locking import lock as use

    refuse_dry_run(context)
    answer(context, lambda ports: use(ports, environment, reason))


def unlock(
    context: typer.Context,
    environment: Annotated[str, an_environment("The environment, for example prod.")],
    reason: Annotated[str, typer.Option(help="Why.", show_default=False)] = "",
    release: Annotated[
        str | None,
        typer.Option(
            help="Lift the hold on this release, and not the lock.", autocompletion=releases, show_default=False
        ),
    ] = None,
) -> None:
    """Lift the lock of an environment, or the hold on a release."""
    from envctl.usecases.inspect.locking import unlock as use

    refuse_dry_run(context)
    answer(context, lambda ports: use(ports, environment, reason, release=release))


def register(app: typer.Typer) -> None:
    app.command(short_help="Let nothing change an environment.")(lock)
    app.command(short_help="Lift the lock of an environment, or a hold.")(unlock)
