"""`envctl approval list` and `envctl approval show`."""

from typing import Annotated

import typer

from envctl.cli.boundary import run_use_case
from envctl.cli.options.arguments import environment_argument


def list(
    context: typer.Context,
    environment: Annotated[str, environment_argument("Only approvals for this environment.")] = "",
    limit: Annotated[
        int | None,
        typer.Option("--limit", "-n", min=1, help="The number of approvals, newest first. Default: 20."),
    ] = None,
) -> None:
    """List the given approvals, newest first: who, when, for which release, and the number of the entry."""
    from envctl.usecases.approval.approval_pages import list_approvals

    run_use_case(context, lambda ports: list_approvals(ports, environment, limit))


def show(
    context: typer.Context,
    number: Annotated[int, typer.Argument(help="The number of the approval's entry.")],
) -> None:
    """Show what an approver read: all that the approval binds. It is kept for 400 days."""
    from envctl.usecases.approval.approval_pages import show_approval

    run_use_case(context, lambda ports: show_approval(ports, number))
