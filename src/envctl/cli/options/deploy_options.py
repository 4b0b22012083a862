"""The options of every verb that deploys, and what they mean to a use case."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from envctl.usecases.deployment.run import Wishes

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


def wishes(
    context: typer.Context,
    break_glass: str | None = None,
    *,
    no_verify: bool = False,
    older: bool = False,
    state_lost: bool = False,
) -> "Wishes":
    from envctl.domain.errors import Problem, UsageError
    from envctl.usecases.deployment.run import Wishes

    if break_glass is not None and not break_glass.strip():
        raise UsageError(Problem("E008", "a reason can't be empty", 'say why: --break-glass "…"'))
    reason = (break_glass or "").strip()
    return Wishes(context.obj.dry_run, not no_verify, reason, older=older, state_lost=state_lost)
