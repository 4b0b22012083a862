"""`envctl output ENV [NAME]`."""

from typing import TYPE_CHECKING, Annotated

import typer

from envctl.cli.boundary import answer, answer_in_part, refuse_dry_run
from envctl.cli.completion.candidates import outputs
from envctl.cli.options.arguments import an_environment
from envctl.cli.output.redaction import current

if TYPE_CHECKING:
    from envctl.usecases.inspect.outputs import OneOutput


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
    from envctl.usecases.inspect import outputs as uses

    refuse_dry_run(context)
    if name:
        answer(context, lambda ports: _demand_open(uses.output(ports, environment, name, reveal=reveal), reveal=reveal))
    if reveal:
        from envctl.domain.errors import Problem, UsageError

        message = "--reveal shows one output alone, and none was named"
        raise UsageError(Problem("E017", message, f"name it: envctl output {environment} NAME --reveal"))
    answer_in_part(context, lambda ports: uses.outputs(ports, environment))


def _demand_open(found: "OneOutput", *, reveal: bool) -> "OneOutput":
    """A script gets the whole value or none: never one with a mark in it."""
    if reveal or current().redact_all(found.value) is found.value:
        return found
    from envctl.domain.errors import Problem, UsageError

    name = f"{found.stack}.{found.name}"
    message = f"{name} is not declared sensitive and holds a sensitive value: it is not shown"
    way = f"envctl output {found.environment} {name} --reveal"
    hint = f"declare the output sensitive; where nobody else reads along: {way}"
    raise UsageError(Problem("E487", message, hint))


def register(app: typer.Typer) -> None:
    app.command(short_help="Show outputs, or print one for a script.")(output)
