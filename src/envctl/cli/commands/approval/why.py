"""`envctl why TARGET`."""

from typing import Annotated

import typer

from envctl.cli.boundary import only_look, run_use_case
from envctl.cli.options.arguments import FullPlans, environment_argument, release_option, show_full_plans


def why(
    context: typer.Context,
    target: Annotated[str, environment_argument("The target environment.")],
    *,
    release: Annotated[str | None, release_option("A release. Default: the next one to promote.")] = None,
    planned: Annotated[bool, typer.Option("--plan", help="Also plan, to check the guards that need a plan.")] = False,
    show_all: Annotated[bool, typer.Option("--all", help="Also show passing guards.")] = False,
    full: FullPlans = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit code 4 if blocked for now, 3 if blocked otherwise.")
    ] = False,
) -> None:
    """Check whether the next release can be promoted to TARGET, and what blocks it. Changes nothing."""
    from envctl.cli.render.text.detail import SHOW_ALL_GUARDS
    from envctl.usecases.approval.explain_refusal import Why
    from envctl.usecases.approval.explain_refusal import explain_refusal as use

    SHOW_ALL_GUARDS.set(show_all)
    show_full_plans(full=full)
    only_look(context)

    run_use_case(
        context,
        lambda ports: use(ports, target, release=release, planned=planned),
        lambda result: int(result.exit_code) if exit_code and isinstance(result, Why) else 0,
    )
