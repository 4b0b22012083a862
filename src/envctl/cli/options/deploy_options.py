"""The options of all deploying commands, and their conversion for use cases."""

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from envctl.usecases.deployment.request import DeployOptions

NoVerify = Annotated[
    bool, typer.Option("--no-verify", help="Skip the checks at the end; the release stays unverified.")
]
BreakGlass = Annotated[
    str | None,
    typer.Option(
        "--break-glass",
        metavar="REASON",
        help="Override the guards listed as waivable in the environment. Recorded as a debt until cleared.",
    ),
]
Older = Annotated[bool, typer.Option("--older", help="Deploy this release over a newer one (G111). Recorded.")]
Partial = Annotated[
    bool, typer.Option("--partial", help="Deploy the approved stacks, and stop before those not approved yet (G113).")
]
WaitOk = Annotated[
    bool,
    typer.Option("--wait-ok", help="Exit with 0 instead of 4 if it is refused only for now, for jobs of CI."),
]


def parse_deploy_options(
    context: typer.Context,
    break_glass: str | None = None,
    *,
    no_verify: bool = False,
    older: bool = False,
    partial: bool = False,
    state_lost: bool = False,
    wait_ok: bool = False,
) -> "DeployOptions":
    from envctl.cli.options.wait_ok import WAIT_OK
    from envctl.domain.errors import Problem, UsageError
    from envctl.usecases.deployment.request import DeployOptions

    if break_glass is not None and not break_glass.strip():
        raise UsageError(Problem("E008", "the reason is empty", 'give a reason: --break-glass "…"'))
    WAIT_OK.set(wait_ok)
    reason = (break_glass or "").strip()
    return DeployOptions(
        dry_run=context.obj.dry_run,
        verify=not no_verify,
        break_glass=reason,
        partial=partial,
        older=older,
        state_lost=state_lost,
    )
