"""`envctl completion SHELL`."""

from typing import Annotated, Literal

import typer

from envctl.cli.boundary import refuse_dry_run


def completion(
    context: typer.Context,
    shell: Annotated[Literal["bash", "zsh", "fish"], typer.Argument(help="bash, zsh or fish.")],
) -> None:
    """Print the completion script of a shell, for environments, stacks, releases and gates."""
    from envctl.cli.shell_completion import render_completion_script

    refuse_dry_run(context)
    typer.echo(render_completion_script(shell))
