"""`envctl rules ENV` and `envctl rules reset ENV`."""

from typing import Annotated

import typer

from envctl.cli.boundary import refuse_dry_run, run_use_case
from envctl.cli.options.arguments import environment_argument
from envctl.domain.command_lines import format_command
from envctl.domain.errors import Problem, UsageError

RESET = "reset"


def rules(
    context: typer.Context,
    first: Annotated[str, environment_argument("The environment; or `reset` followed by the environment.", "ENV")],
    second: Annotated[str, environment_argument("The environment, after `reset`.", "[ENV]")] = "",
    *,
    reason: Annotated[str, typer.Option(help="With `reset`: the reason.")] = "",
    withdraw: Annotated[
        bool, typer.Option("--withdraw", help="With `reset`: withdraw it, and keep the recorded rules.")
    ] = False,
) -> None:
    """Show the rules of an environment, from envctl.toml and from its last deployment, with the source of each.

    `envctl rules reset ENV` drops the recorded rules after 7 days, if their approvers have left.
    """
    if first == RESET and second:
        refuse_dry_run(context)
        if withdraw:
            from envctl.usecases.approval.reset_rules import withdraw_reset

            run_use_case(context, lambda ports: withdraw_reset(ports, second, reason))
        from envctl.usecases.approval.reset_rules import reset_rules

        run_use_case(context, lambda ports: reset_rules(ports, second, reason))
    if second or reason or withdraw:
        message = "--reason, --withdraw and a second name can only be used with `envctl rules reset ENV`"
        raise UsageError(Problem("E012", message, format_command("rules", first)))
    from envctl.usecases.inspect.rules import load_environment_rules as use

    run_use_case(context, lambda ports: use(ports, first))
