"""`envctl drift [ENV …]`."""

from typing import Annotated, NoReturn

import typer

from envctl.cli.boundary import answer, refuse_dry_run
from envctl.cli.options.arguments import Environments
from envctl.cli.options.deploy_options import BreakGlass, NoVerify, wishes
from envctl.cli.options.shard_options import Run, Shard, Units, in_part, of_a_job
from envctl.cli.options.stack_options import Stacks, WithDownstream, WithUpstream, selection


def drift(
    context: typer.Context,
    names: Environments = None,
    *,
    pending: Annotated[bool, typer.Option("--pending", help="Exit with 2 for pending changes, too.")] = False,
    fix: Annotated[
        bool, typer.Option("--fix", help="Deploy again what runs where there is drift, through the guards.")
    ] = False,
    stack: Stacks = None,
    with_upstream: WithUpstream = False,
    with_downstream: WithDownstream = False,
    unit: Units = None,
    run: Run = None,
    shard: Shard = None,
    no_verify: NoVerify = False,
    break_glass: BreakGlass = None,
) -> None:
    """Say where reality differs from the state (drift), and where the configuration does (pending). Drift takes the
    proof of a release away. Exits with 2 where there is some, and with 1 where something could not be looked at.
    """
    refuse_dry_run(context)
    others = {"ENV": names, "--fix": fix, "--stack": stack}
    if in_part(unit, run, shard, others):
        _in_part(context, unit, run or "", shard or 0, pending=pending)
    wanted = wishes(context, break_glass, no_verify=no_verify)
    if not fix and (no_verify or break_glass):
        from envctl.domain.errors import Problem, UsageError

        flag = "--no-verify" if no_verify else "--break-glass"
        raise UsageError(Problem("E012", f"{flag} goes with --fix alone", "envctl drift --help"))
    chosen = selection(stack, upstream=with_upstream, downstream=with_downstream)
    if fix and chosen.names:
        from envctl.domain.errors import Problem, UsageError

        raise UsageError(Problem("E012", "--fix is about all stacks, and does not go with --stack", "leave one out"))
    if fix:
        from envctl.usecases.drift.fix import fix as mend

        fixed = lambda ports: mend(ports, names or (), wanted)  # noqa: E731
        answer(context, fixed, lambda found: int(found.exit_code(pending=pending)))  # type: ignore[attr-defined]
    from envctl.usecases.drift.drift import drift as use

    looked = lambda ports: use(ports, names or (), chosen)  # noqa: E731
    answer(context, looked, lambda found: int(found.exit_code(pending=pending)))  # type: ignore[attr-defined]


def _in_part(context: typer.Context, units: Units, run: str, shard: int, *, pending: bool) -> NoReturn:
    from envctl.usecases.fleet.shard import drift_shard, drift_units

    if units:
        looked = lambda ports: drift_units(ports, units)  # noqa: E731
        answer(context, looked, lambda found: int(found.exit_code(pending=pending)))  # type: ignore[attr-defined]
    answer(context, lambda ports: drift_shard(ports, run, shard), of_a_job)


def register(app: typer.Typer) -> None:
    app.command(short_help="Say where reality differs from the state.")(drift)
