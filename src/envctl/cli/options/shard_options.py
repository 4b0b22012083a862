"""The options for a part of a plan or drift run: single stacks, or a shard of a run started by `envctl matrix`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

Units = Annotated[
    list[str] | None,
    typer.Option("--unit", metavar="ENV/STACK", help="Only this stack. Repeatable. Records nothing."),
]
Run = Annotated[str | None, typer.Option("--run", metavar="RUN", help="The matrix run of this job.")]
Shard = Annotated[int | None, typer.Option("--shard", metavar="N", help="The shard of this job in the run.")]
Results = Annotated[
    Path | None,
    typer.Option("--results", metavar="DIR", help="For plan runs: keep their results in this folder, not the store."),
]


def shard_exit_code(found: object) -> int:
    """Return the exit code of a shard. Changes count as success: `envctl collect` reports them later. A failure means
    that the job must be repeated.
    """
    from envctl.domain.exit_codes import ExitCode

    code = int(found.exit_code())  # type: ignore[attr-defined]
    return int(ExitCode.DONE) if code == ExitCode.CHANGES else code


def has_shard_options(units: "Units", run: "Run", shard: "Shard", others: Mapping[str, object]) -> bool:
    """Check for shard options. `others` are incompatible options by name. Raises UsageError for wrong combinations."""
    present = [name for name, value in (("--unit", units), ("--run", run), ("--shard", shard is not None)) if value]
    if not present:
        return False
    extra = [*present[1:], *(name for name, value in others.items() if value)]
    if present not in (["--unit"], ["--run", "--shard"]) or extra != present[1:]:
        from envctl.domain.errors import Problem, UsageError

        message = f"{present[0]} can't be combined with {extra[-1]}" if extra else f"{present[0]} is incomplete"
        raise UsageError(Problem("E026", message, "use --run with --shard, or only --unit"))
    return True
