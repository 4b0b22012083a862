"""`envctl output ENV [NAME]`."""

from typing import TYPE_CHECKING, Annotated

import typer

from envctl.cli.boundary import only_look, refuse_dry_run, run_partial_use_case, run_use_case
from envctl.cli.completion.candidates import complete_outputs
from envctl.cli.options.arguments import environment_argument
from envctl.cli.output.redaction import current_redaction
from envctl.domain.command_lines import format_command

if TYPE_CHECKING:
    from envctl.usecases.inspect.outputs import OneOutput


def output(
    context: typer.Context,
    environment: Annotated[str, environment_argument("The environment, for example dev.")],
    name: Annotated[
        str,
        typer.Argument(
            help="Print the bare value of one output: OUTPUT or STACK.OUTPUT.",
            autocompletion=complete_outputs,
        ),
    ] = "",
    *,
    reveal: Annotated[bool, typer.Option("--reveal", help="Print the value of NAME, even if it is sensitive.")] = False,
) -> None:
    """Show the outputs of an environment's stacks, or the bare value of one for a script."""
    from envctl.usecases.inspect import outputs as uses

    refuse_dry_run(context)
    if not reveal:
        # Secrets are shown to the role of the environment alone.
        only_look(context)
    if name:
        run_use_case(
            context,
            lambda ports: _require_unredacted(uses.read_output(ports, environment, name, reveal=reveal), reveal=reveal),
        )
    if reveal:
        from envctl.domain.errors import Problem, UsageError

        message = "--reveal needs the name of one output"
        hint = f"add its name: {format_command('output', environment, 'NAME', reveal=True)}"
        raise UsageError(Problem("E017", message, hint))
    run_partial_use_case(context, lambda ports: uses.read_outputs(ports, environment))


def _require_unredacted(found: "OneOutput", *, reveal: bool) -> "OneOutput":
    """Refuse a value with redacted parts: a script must get the exact value or none. Raises UsageError."""
    if reveal or current_redaction().redact_all(found.value) is found.value:
        return found
    from envctl.domain.errors import Problem, UsageError

    name = f"{found.stack}.{found.name}"
    message = f"{name} is not declared sensitive but has a sensitive value: it is not shown"
    way = format_command("output", found.environment, name, reveal=True)
    hint = f"declare the output sensitive; or, on a private screen: {way}"
    raise UsageError(Problem("E487", message, hint))
