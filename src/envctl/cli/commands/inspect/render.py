"""`envctl render ENV`."""

from typing import Annotated

import typer

from envctl.cli.boundary import run_use_case
from envctl.cli.options.arguments import environment_argument, release_option
from envctl.cli.options.stack_options import Stacks, parse_selection


def render(
    context: typer.Context,
    environment: Annotated[str, environment_argument("The environment, for example prod.")],
    *,
    release: Annotated[str | None, release_option("A release, with today's settings.")] = None,
    stack: Stacks = None,
) -> None:
    """Show the root modules of an environment, as Terraform reads them, and its Kubernetes objects. In the first
    environment they are made from the working tree, and in others from the running release.
    """
    from envctl.usecases.inspect.render import render_environment as use

    selection = parse_selection(stack)
    run_use_case(context, lambda ports: use(ports, environment, selection, release_name=release))
