"""`envctl apply ENV`."""

from dataclasses import replace
from typing import Annotated

import typer

from envctl.cli.boundary import answer
from envctl.cli.options.arguments import an_environment
from envctl.cli.options.deploy_options import BreakGlass, NoVerify, Older, wishes
from envctl.cli.options.stack_options import Stacks, WithDownstream, WithUpstream, selection


def apply(
    context: typer.Context,
    environment: Annotated[str, an_environment("The environment, for example dev.")],
    *,
    stack: Stacks = None,
    with_upstream: WithUpstream = False,
    with_downstream: WithDownstream = False,
    no_verify: NoVerify = False,
    break_glass: BreakGlass = None,
    older: Older = False,
) -> None:
    """Apply the working tree to the first environment; elsewhere, today's settings to the release that is there.

    With --stack only a part of it: that proves nothing, until an apply of all stacks completes it.
    """
    from envctl.usecases.deployment.apply import apply as use

    chosen = selection(stack, upstream=with_upstream, downstream=with_downstream)
    wanted = replace(wishes(context, break_glass, no_verify=no_verify, older=older), selection=chosen)
    answer(context, lambda ports: use(ports, environment, wanted))


def register(app: typer.Typer) -> None:
    app.command(short_help="Deploy the working tree to the first environment.")(apply)
