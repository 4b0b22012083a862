"""`envctl apply ENV`."""

from dataclasses import replace
from typing import Annotated

import typer

from envctl.cli.boundary import change_only, run_use_case
from envctl.cli.options.arguments import FullPlans, environment_argument, show_full_plans
from envctl.cli.options.deploy_options import BreakGlass, NoVerify, Older, Partial, WaitOk, parse_deploy_options
from envctl.cli.options.stack_options import Stacks, WithDownstream, WithUpstream, parse_selection


def apply(
    context: typer.Context,
    environment: Annotated[str, environment_argument("The environment, for example dev.")],
    *,
    stack: Stacks = None,
    with_upstream: WithUpstream = False,
    with_downstream: WithDownstream = False,
    no_verify: NoVerify = False,
    break_glass: BreakGlass = None,
    older: Older = False,
    partial: Partial = False,
    wait_ok: WaitOk = False,
    full: FullPlans = False,
) -> None:
    """Deploy the working tree to the first environment; in others, deploy today's settings with their release.

    With --stack, only a part is deployed: it is verified only after an apply of all stacks.
    """
    from envctl.usecases.deployment.apply import apply as use
    from envctl.usecases.deployment.next_command import add_next_command

    show_full_plans(full=full)
    selected = parse_selection(stack, upstream=with_upstream, downstream=with_downstream)
    options = replace(
        parse_deploy_options(context, break_glass, no_verify=no_verify, older=older, partial=partial, wait_ok=wait_ok),
        selection=selected,
    )
    change_only(context, environment)
    run_use_case(context, lambda ports: add_next_command(ports, use(ports, environment, options)))
