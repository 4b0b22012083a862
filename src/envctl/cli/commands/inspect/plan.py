"""`envctl plan ENV`."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from envctl.cli.boundary import answer, answer_in_part
from envctl.cli.completion.candidates import releases
from envctl.cli.options.arguments import an_environment
from envctl.cli.options.shard_options import Run, Shard, Units, in_part, of_a_job
from envctl.cli.options.stack_options import Stacks, WithDownstream, WithUpstream, selection

if TYPE_CHECKING:
    from envctl.domain.errors import EnvctlError
    from envctl.usecases.ports.core import Ports


def plan(
    context: typer.Context,
    environment: Annotated[str, an_environment("The environment, for example dev.")] = "",
    *,
    release: Annotated[
        str | None,
        typer.Option(
            help="A release, be it one that may not go there yet.", autocompletion=releases, show_default=False
        ),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="By cause: new code, changed settings, or drift that it undoes.")
    ] = False,
    stack: Stacks = None,
    with_upstream: WithUpstream = False,
    with_downstream: WithDownstream = False,
    unit: Units = None,
    run: Run = None,
    shard: Shard = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit with 2 where there are changes.")
    ] = False,
) -> None:
    """Show what `envctl apply ENV` would change; or what a release would change, whether it may go there or not."""

    def exit_code(result: object) -> int:
        return 2 if detailed_exitcode and getattr(result, "changes", False) else 0

    if in_part(unit, run, shard, {"ENV": environment, "--release": release, "--explain": explain, "--stack": stack}):
        _in_part(context, unit, run or "", shard or 0, detailed=detailed_exitcode)
    if not environment:
        raise _nowhere()
    wanted = selection(stack, upstream=with_upstream, downstream=with_downstream)
    if explain or release is not None:
        if wanted.names:
            flag = "--explain" if explain else "--release"
            raise _not_together(flag)
        answer(context, _use(environment, release, explain=explain), exit_code)
    from envctl.usecases.inspect.plan import plan as use

    answer_in_part(context, lambda ports: use(ports, environment, wanted, priced=True), exit_code)


def _use(environment: str, release: str | None, *, explain: bool) -> "Callable[[Ports], object]":
    if explain:
        from envctl.usecases.inspect.explain_plan import explain as explained

        return lambda ports: explained(ports, environment, release=release)
    from envctl.usecases.inspect.preview import plan_of

    return lambda ports: plan_of(ports, environment, release or "")


def _in_part(context: typer.Context, units: Units, run: str, shard: int, *, detailed: bool) -> NoReturn:
    from envctl.usecases.fleet.shard import plan_shard, plan_units

    if units:
        planned = lambda ports: plan_units(ports, units)  # noqa: E731
        answer(context, planned, lambda told: int(told.exit_code(detailed=detailed)))  # type: ignore[attr-defined]
    answer(context, lambda ports: plan_shard(ports, run, shard), of_a_job)


def _nowhere() -> "EnvctlError":
    from envctl.domain.errors import Problem, UsageError

    return UsageError(Problem("E000", "Missing argument 'ENVIRONMENT'.", "envctl plan --help"))


def _not_together(flag: str) -> "EnvctlError":
    from envctl.domain.errors import Problem, UsageError

    return UsageError(Problem("E012", f"{flag} is about all stacks, and does not go with --stack", "leave one out"))


def register(app: typer.Typer) -> None:
    app.command(short_help="Show what an apply would change.")(plan)
