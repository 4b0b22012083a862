"""`envctl ci github`."""

from typing import Annotated

import typer

from envctl.cli.boundary import answer_in_part, refuse_dry_run, show_help

_app = typer.Typer(help="Workflows for systems of CI, made for this project.", rich_markup_mode=None)


@_app.callback(invoke_without_command=True)
def ci(context: typer.Context) -> None:
    """Workflows for systems of CI, made for this project."""
    if context.invoked_subcommand is None:
        show_help(context)


@_app.command("github", short_help="Write the workflows of GitHub Actions, or check them.")
def github(
    context: typer.Context,
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 where they are not as they would be written.")
    ] = False,
    branch: Annotated[
        str, typer.Option("--branch", metavar="NAME", help="The branch from which is deployed.")
    ] = "main",
) -> None:
    """Write workflows that plan on pull requests, promote from environment to environment, and look for drift at night.
    What envctl has not written itself is never written over.
    """
    refuse_dry_run(context)
    from envctl import __version__
    from envctl.usecases.workflows import workflows

    command = "envctl --sandbox" if context.obj.sandbox else "envctl"
    answer_in_part(
        context, lambda ports: workflows(ports, check=check, branch=branch, version=__version__, command=command)
    )


def register(app: typer.Typer) -> None:
    app.add_typer(_app, name="ci")
