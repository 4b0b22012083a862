"""`envctl plan ENV`."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from envctl.cli.arguments import an_environment
from envctl.cli.boundary import answer
from envctl.cli.complete import releases

if TYPE_CHECKING:
    from envctl.usecases.ports import Ports


def plan(
    context: typer.Context,
    environment: Annotated[str, an_environment("The environment, for example dev.")],
    *,
    release: Annotated[
        str | None,
        typer.Option(
            help="A release, be it one that may not go there yet.", autocompletion=releases, show_default=False
        ),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="By cause: new code, changed settings, or drift that it undoes.")
    ] = False,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit with 2 where there are changes.")
    ] = False,
) -> None:
    """Show what `envctl apply ENV` would change; or what a release would change, whether it may go there or not."""

    def exit_code(result: object) -> int:
        return 2 if detailed_exitcode and getattr(result, "changes", False) else 0

    answer(context, _use(environment, release, explain=explain), exit_code)


def _use(environment: str, release: str | None, *, explain: bool) -> "Callable[[Ports], object]":
    if explain:
        from envctl.usecases.explain import explain as explained

        return lambda ports: explained(ports, environment, release=release)
    if release is not None:
        from envctl.usecases.preview import plan_of

        return lambda ports: plan_of(ports, environment, release)
    from envctl.usecases.plan import plan as use

    return lambda ports: use(ports, environment)


def register(app: typer.Typer) -> None:
    app.command(short_help="Show what an apply would change.")(plan)
