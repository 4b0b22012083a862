"""`envctl settings ENV`."""

from typing import Annotated

import typer

from envctl.cli.boundary import run_use_case
from envctl.cli.options.arguments import environment_argument


def settings(
    context: typer.Context, environment: Annotated[str, environment_argument("The environment, for example prod.")]
) -> None:
    """Show each setting of an environment, with its file and line."""
    from envctl.usecases.inspect.settings import resolve_settings as use

    run_use_case(context, lambda ports: use(ports, environment))
