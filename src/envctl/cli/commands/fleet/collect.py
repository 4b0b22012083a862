"""`envctl collect [RUN]`."""

from typing import Annotated

import typer

from envctl.cli.boundary import keep_results, only_look, refuse_dry_run, run_use_case
from envctl.cli.options.arguments import FullPlans, show_full_plans
from envctl.cli.options.shard_options import Results


def collect(
    context: typer.Context,
    run: Annotated[str, typer.Argument(help="The run. Default: the last one not collected.")] = "",
    *,
    pending: Annotated[
        bool, typer.Option("--pending", help="For drift runs: exit code 2 also for pending changes.")
    ] = False,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="For plan runs: exit code 2 if there are changes.")
    ] = False,
    results: Results = None,
    full: FullPlans = False,
) -> None:
    """Merge the results of a matrix run, and record drift once, as envctl drift does. Results of unfinished jobs are
    unknown: the exit code is then 1. Collect again after those jobs have run.
    """
    from envctl.usecases.fleet.collect import collect_run as use
    from envctl.usecases.fleet.merge import Plans

    show_full_plans(full=full)

    def exit_code(result: object) -> int:
        if isinstance(result, Plans):
            return int(result.exit_code(detailed=detailed_exitcode))
        return int(result.exit_code(pending=pending))  # type: ignore[attr-defined]

    refuse_dry_run(context)
    only_look(context)
    keep_results(context, results)
    run_use_case(context, lambda ports: use(ports, run), exit_code)
