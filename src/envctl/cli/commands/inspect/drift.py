"""`envctl drift [ENV …]`."""

from collections.abc import Callable
from typing import Annotated, NoReturn

import typer

from envctl.cli.boundary import only_look, refuse_dry_run, run_use_case
from envctl.cli.options.arguments import Environments, FullPlans, show_full_plans
from envctl.cli.options.deploy_options import BreakGlass, NoVerify, WaitOk, parse_deploy_options
from envctl.cli.options.shard_options import Run, Shard, Units, has_shard_options, shard_exit_code
from envctl.cli.options.stack_options import Stacks, WithDownstream, WithUpstream, parse_selection
from envctl.domain.command_lines import format_command


def drift(
    context: typer.Context,
    names: Environments = None,
    *,
    pending: Annotated[bool, typer.Option("--pending", help="Exit code 2 also for pending changes.")] = False,
    fix: Annotated[
        bool,
        typer.Option("--fix", help="Deploy the running release again to drifted environments, after all guards pass."),
    ] = False,
    locked: Annotated[
        bool,
        typer.Option(
            "--locked", help="Check under the state lock, with the environment's own role: clears fixed drift."
        ),
    ] = False,
    stack: Stacks = None,
    with_upstream: WithUpstream = False,
    with_downstream: WithDownstream = False,
    unit: Units = None,
    run: Run = None,
    shard: Shard = None,
    no_verify: NoVerify = False,
    break_glass: BreakGlass = None,
    wait_ok: WaitOk = False,
    full: FullPlans = False,
) -> None:
    """Compare the real resources with the state (drift), and with the configuration (pending). Kubernetes objects are
    compared with the running release. Drift invalidates the verification of a release. Exit code 2: drift found; 1:
    some of it could not be checked.
    """
    from envctl.domain.errors import Problem, UsageError

    show_full_plans(full=full)
    refuse_dry_run(context)
    exit_code = lambda result: int(result.exit_code(pending=pending))  # noqa: E731
    if not (fix or locked):
        only_look(context)
    others = {"ENV": names, "--fix": fix, "--locked": locked, "--stack": stack}
    if has_shard_options(unit, run, shard, others):
        _check_shard(context, unit, run or "", shard or 0, exit_code)
    options = parse_deploy_options(context, break_glass, no_verify=no_verify, wait_ok=wait_ok)
    if not fix and (no_verify or break_glass or wait_ok):
        flag = "--no-verify" if no_verify else "--break-glass" if break_glass else "--wait-ok"
        raise UsageError(Problem("E012", f"{flag} can only be used with --fix", format_command("drift", help=True)))
    selected = parse_selection(stack, upstream=with_upstream, downstream=with_downstream)
    if fix and selected.names:
        message = "--fix always covers all stacks, and can't be combined with --stack"
        raise UsageError(Problem("E012", message, "remove one of them"))
    if fix:
        from envctl.usecases.drift.fix import fix_drift as use_fix

        run_use_case(context, lambda ports: use_fix(ports, names or (), options), exit_code)
    from envctl.usecases.drift.early_start import run_drift_check as use

    run_use_case(context, lambda ports: use(ports, names or (), selected, locked=locked), exit_code)


def _check_shard(
    context: typer.Context, units: Units, run: str, shard: int, exit_code: Callable[[object], int]
) -> NoReturn:
    from envctl.usecases.fleet.shard import check_shard_drift, check_unit_drift

    if units:
        run_use_case(context, lambda ports: check_unit_drift(ports, units), exit_code)
    run_use_case(context, lambda ports: check_shard_drift(ports, run, shard), shard_exit_code)
