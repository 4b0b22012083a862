"""`envctl collect [RUN]`."""

from typing import Annotated

import typer

from envctl.cli.boundary import refuse_dry_run, run_use_case
from envctl.cli.options.plan_options import FullPlans, show_full_plans


def collect(
    context: typer.Context,
    run: Annotated[str, typer.Argument(help="A run; by default the last one that waits.", show_default=False)] = "",
    *,
    pending: Annotated[
        bool, typer.Option("--pending", help="Of a look for drift: exit with 2 for pending changes, too.")
    ] = False,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Of plans: exit with 2 where there are changes.")
    ] = False,
    full: FullPlans = False,
) -> None:
    """Tell what the jobs of a run saw, as if one had looked, and record drift as envctl drift does: once. What no job
    has looked at is unknown: then it exits with 1, and can be run again after that job was.
    """
    from envctl.usecases.fleet.collect import collect_run as use
    from envctl.usecases.fleet.merge import Plans

    show_full_plans(full=full)

    def exit_code(result: object) -> int:
        if isinstance(result, Plans):
            return int(result.exit_code(detailed=detailed_exitcode))
        return int(result.exit_code(pending=pending))  # type: ignore[attr-defined]

    refuse_dry_run(context)
    run_use_case(context, lambda ports: use(ports, run), exit_code)
