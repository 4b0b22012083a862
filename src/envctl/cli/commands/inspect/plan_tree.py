"""The plan of the working tree, for `envctl plan ENV` with and without Typer."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from envctl.cli.boundary import CommandContext, run_partial_use_case
from envctl.usecases.concurrency.dag_runner import ALL_STACKS, StackSelection
from envctl.usecases.inspect.early_command import EarlyPlanCommand
from envctl.usecases.inspect.plan import plan_environment

if TYPE_CHECKING:
    from envctl.domain.errors import EnvctlError
    from envctl.domain.plan.changes import EnvironmentPlan
    from envctl.usecases.ports.core import Ports


def plan_tree(
    context: CommandContext,
    environment: str,
    selected: StackSelection = ALL_STACKS,
    exit_code: Callable[[object], int] = lambda _: 0,
) -> NoReturn:
    """Plan the selected stacks, and show the next command."""

    def plan_all(ports: "Ports") -> "tuple[EnvironmentPlan, EnvctlError | None]":
        with EarlyPlanCommand(ports, environment) as following:
            found, error = plan_environment(ports, environment, selected, priced=True, following=following)
            return (found, error) if error is not None else (following.add_command(found), None)

    run_partial_use_case(context, plan_all, exit_code)
