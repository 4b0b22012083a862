"""`envctl preview [ENV …]`."""

from typing import Annotated

import typer

from envctl.cli.boundary import only_look, refuse_dry_run, run_use_case
from envctl.cli.options.arguments import DetailedExitcode, Environments, release_option
from envctl.cli.options.plan_options import FullPlans, show_full_plans


def preview(
    context: typer.Context,
    names: Environments = None,
    *,
    release: Annotated[str | None, release_option("A release, instead of the working tree.")] = None,
    detailed_exitcode: DetailedExitcode = False,
    full: FullPlans = False,
) -> None:
    """Plan the working tree or a release in all environments, before a promotion. Records nothing."""
    from envctl.usecases.inspect.preview import preview_environments as use

    show_full_plans(full=full)
    refuse_dry_run(context)
    only_look(context)
    exit_code = lambda result: int(result.exit_code(detailed=detailed_exitcode))  # noqa: E731
    run_use_case(context, lambda ports: use(ports, names or (), release=release), exit_code)
