"""`envctl settings ENV`."""

from typing import Annotated

import typer

from envctl.cli.boundary import run_use_case
from envctl.cli.options.arguments import environment_argument
from envctl.cli.options.stack_options import Stacks, parse_selection


def settings(
    context: typer.Context,
    environment: Annotated[str, environment_argument("The environment, for example prod.")],
    stack: Stacks = None,
    set_only: Annotated[bool, typer.Option("--set-only", help="Without the defaults of modules.")] = False,
) -> None:
    """Show each setting of an environment, with its file and line."""
    from envctl.usecases.inspect.settings import resolve_settings as use

    selection = parse_selection(stack)
    run_use_case(context, lambda ports: use(ports, environment, selection, set_only=set_only))
