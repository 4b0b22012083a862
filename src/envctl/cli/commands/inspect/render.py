"""`envctl render ENV`."""

from typing import Annotated

import typer

from envctl.cli.boundary import run_use_case
from envctl.cli.options.arguments import environment_argument


def render(
    context: typer.Context, environment: Annotated[str, environment_argument("The environment, for example prod.")]
) -> None:
    """Show the root modules of an environment, as Terraform reads them."""
    from envctl.usecases.inspect.render import render_environment as use

    run_use_case(context, lambda ports: use(ports, environment))
