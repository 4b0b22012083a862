"""`envctl plan ENV`."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from envctl.cli.boundary import keep_results, only_look, run_use_case
from envctl.cli.options.arguments import (
    DetailedExitcode,
    FullPlans,
    environment_argument,
    release_option,
    show_full_plans,
)
from envctl.cli.options.shard_options import Results, Run, Shard, Units, has_shard_options, shard_exit_code
from envctl.cli.options.stack_options import Stacks, WithDownstream, WithUpstream, parse_selection
from envctl.domain.command_lines import format_command

if TYPE_CHECKING:
    from envctl.usecases.ports.core import Ports


def plan(
    context: typer.Context,
    environment: Annotated[str, environment_argument("The environment, for example dev.")] = "",
    *,
    release: Annotated[str | None, release_option("A release, allowed there or not.")] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Group changes by cause: new code, changed settings, or drift.")
    ] = False,
    stack: Stacks = None,
    with_upstream: WithUpstream = False,
    with_downstream: WithDownstream = False,
    unit: Units = None,
    run: Run = None,
    shard: Shard = None,
    results: Results = None,
    detailed_exitcode: DetailedExitcode = False,
    full: FullPlans = False,
) -> None:
    """Show what `envctl apply ENV` would change; with --release, what a release would change, allowed there or not."""
    from envctl.domain.errors import Problem, UsageError

    show_full_plans(full=full)
    only_look(context)
    keep_results(context, results)
    if results and None in (run, shard):
        raise UsageError(Problem("E026", "--results needs --run and --shard", format_command("plan", help=True)))

    def exit_code(result: object) -> int:
        return 2 if detailed_exitcode and getattr(result, "changes", False) else 0

    others = {"ENV": environment, "--release": release, "--explain": explain, "--stack": stack}
    if has_shard_options(unit, run, shard, others):
        from envctl.usecases.fleet.shard import plan_shard, plan_units

        if unit:
            plan_all = lambda ports: plan_units(ports, unit)  # noqa: E731
            run_use_case(context, plan_all, lambda result: int(result.exit_code(detailed=detailed_exitcode)))  # type: ignore[attr-defined]
        run_use_case(context, lambda ports: plan_shard(ports, run or "", shard or 0), shard_exit_code)
    if not environment:
        raise UsageError(Problem("E000", "Missing argument 'ENVIRONMENT'.", format_command("plan", help=True)))
    selected = parse_selection(stack, upstream=with_upstream, downstream=with_downstream)
    if explain or release is not None:
        if selected.names:
            flag = "--explain" if explain else "--release"
            message = f"{flag} always covers all stacks, and can't be combined with --stack"
            raise UsageError(Problem("E012", message, "remove one of them"))
        run_use_case(context, _choose_use_case(environment, release, explain=explain), exit_code)
    from envctl.cli.commands.inspect.plan_tree import plan_tree

    plan_tree(context, environment, selected, exit_code)


def _choose_use_case(environment: str, release: str | None, *, explain: bool) -> "Callable[[Ports], object]":
    from envctl.usecases.deployment.next_command import add_plan_command

    is_stored = release is not None
    if explain:
        from envctl.usecases.inspect.explain_plan import explain_plan as use

        def explain_all(ports: "Ports") -> object:
            found = use(ports, environment, release=release)
            return replace(found, plan=add_plan_command(ports, found.plan, is_stored=is_stored))

        return explain_all
    from envctl.usecases.inspect.preview import plan_stored_release

    return lambda ports: add_plan_command(
        ports, plan_stored_release(ports, environment, release or ""), is_stored=is_stored
    )
