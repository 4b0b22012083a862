"""`envctl promote SOURCE TARGET`."""

from typing import Annotated

import typer

from envctl.cli.boundary import answer
from envctl.cli.completion.candidates import releases, sources, targets
from envctl.cli.options.deploy_options import BreakGlass, NoVerify, Older, wishes


def promote(
    context: typer.Context,
    source: Annotated[
        str, typer.Argument(help="Where the release is proven.", autocompletion=sources, show_default=False)
    ],
    target: Annotated[
        str, typer.Argument(help="The environment right after it.", autocompletion=targets, show_default=False)
    ],
    *,
    release: Annotated[
        str | None,
        typer.Option(help="An earlier release that SOURCE proved. Default: the one it runs.", autocompletion=releases),
    ] = None,
    no_verify: NoVerify = False,
    break_glass: BreakGlass = None,
    older: Older = False,
) -> None:
    """Deploy to TARGET the very bundle that SOURCE runs, through every guard."""
    from envctl.usecases.deployment.promote import promote as use

    wanted = wishes(context, break_glass, no_verify=no_verify, older=older)
    answer(context, lambda ports: use(ports, source, target, wanted, release=release))


def register(app: typer.Typer) -> None:
    app.command(short_help="Deploy what one environment proved to the next.")(promote)
