"""`envctl output ENV [NAME]`."""

from typing import Annotated

import typer

from envctl.cli.arguments import an_environment
from envctl.cli.boundary import answer, answer_in_part, refuse_dry_run
from envctl.cli.complete import outputs


def output(
    context: typer.Context,
    environment: Annotated[str, an_environment("The environment, for example dev.")],
    name: Annotated[
        str,
        typer.Argument(
            help="One output alone, as OUTPUT or STACK.OUTPUT: its bare value.",
            autocompletion=outputs,
            show_default=False,
        ),
    ] = "",
    *,
    reveal: Annotated[bool, typer.Option("--reveal", help="Print the value of NAME although it is sensitive.")] = False,
) -> None:
    """Show the outputs of an environment's stacks, or the bare value of one for a script."""
    from envctl.usecases import outputs as uses

    refuse_dry_run(context)
    if name:
        answer(context, lambda ports: uses.output(ports, environment, name, reveal=reveal))
    if reveal:
        from envctl.domain.errors import Problem, UsageError

        message = "--reveal shows one output alone, and none was named"
        raise UsageError(Problem("E017", message, f"name it: envctl output {environment} NAME --reveal"))
    answer_in_part(context, lambda ports: uses.outputs(ports, environment))


def register(app: typer.Typer) -> None:
    app.command(short_help="Show outputs, or print one for a script.")(output)
