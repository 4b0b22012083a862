"""`envctl promote SOURCE TARGET`."""

from typing import Annotated

import typer

from envctl.cli.boundary import change_only, run_use_case
from envctl.cli.completion.candidates import complete_sources, complete_targets
from envctl.cli.options.arguments import FullPlans, release_option, show_full_plans
from envctl.cli.options.deploy_options import BreakGlass, NoVerify, Older, Partial, WaitOk, parse_deploy_options


def promote(
    context: typer.Context,
    source: Annotated[
        str,
        typer.Argument(help="The environment with the verified release.", autocompletion=complete_sources),
    ],
    target: Annotated[str, typer.Argument(help="The next environment.", autocompletion=complete_targets)],
    *,
    release: Annotated[
        str | None, release_option("An earlier release verified in SOURCE. Default: the running one.")
    ] = None,
    no_verify: NoVerify = False,
    break_glass: BreakGlass = None,
    older: Older = False,
    partial: Partial = False,
    wait_ok: WaitOk = False,
    full: FullPlans = False,
) -> None:
    """Deploy the release that runs in SOURCE to TARGET, unchanged, after all guards pass."""
    from envctl.usecases.deployment.next_command import add_next_command
    from envctl.usecases.deployment.promote import promote as use

    show_full_plans(full=full)
    options = parse_deploy_options(
        context, break_glass, no_verify=no_verify, older=older, partial=partial, wait_ok=wait_ok
    )
    change_only(context, target)
    run_use_case(context, lambda ports: add_next_command(ports, use(ports, source, target, options, release=release)))
