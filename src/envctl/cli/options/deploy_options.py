"""The options of all deploying commands, and their conversion for use cases."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from envctl.usecases.deployment.request import DeployOptions

NoVerify = Annotated[bool, typer.Option("--no-verify", help="Do not run the checks at the end; it stays unproven.")]
BreakGlass = Annotated[
    str | None,
    typer.Option(
        "--break-glass",
        metavar="REASON",
        help="Override the guards that the environment lists as waivable. Recorded, and owed until it is cleared.",
        show_default=False,
    ),
]
Older = Annotated[
    bool, typer.Option("--older", help="Deploy this release although a newer one runs there (G111). Recorded.")
]


def parse_deploy_options(
    context: typer.Context,
    break_glass: str | None = None,
    *,
    no_verify: bool = False,
    older: bool = False,
    state_lost: bool = False,
) -> "DeployOptions":
    from envctl.domain.errors import Problem, UsageError
    from envctl.usecases.deployment.request import DeployOptions

    if break_glass is not None and not break_glass.strip():
        raise UsageError(Problem("E008", "a reason can't be empty", 'say why: --break-glass "…"'))
    reason = (break_glass or "").strip()
    return DeployOptions(context.obj.dry_run, not no_verify, reason, older=older, state_lost=state_lost)
