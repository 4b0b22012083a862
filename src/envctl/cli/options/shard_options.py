"""The options of the verbs that look at single stacks, by name or as a job of a run that `envctl matrix` began."""

from collections.abc import Mapping
from typing import Annotated

import typer

Units = Annotated[
    list[str] | None,
    typer.Option(
        "--unit", metavar="ENV/STACK", help="Only this; may be repeated. Nothing is recorded.", show_default=False
    ),
]
Run = Annotated[
    str | None,
    typer.Option("--run", metavar="RUN", help="As a job of this run of envctl matrix.", show_default=False),
]
Shard = Annotated[int | None, typer.Option("--shard", metavar="N", help="Which job of it.", show_default=False)]


def of_a_job(found: object) -> int:
    """Its exit code. What was found is told by whoever collects the run: a job has done its part where it could look at
    everything, and is run again where it could not.
    """
    from envctl.domain.errors import ExitCode

    code = int(found.exit_code())  # type: ignore[attr-defined]
    return int(ExitCode.DONE) if code == ExitCode.CHANGES else code


def in_part(units: "Units", run: "Run", shard: "Shard", others: Mapping[str, object]) -> bool:
    """Whether one of these was given. `others` are what does not go with them, by how it is typed."""
    told = [name for name, value in (("--unit", units), ("--run", run), ("--shard", shard is not None)) if value]
    if not told:
        return False
    given = [*told[1:], *(name for name, value in others.items() if value)]
    if told not in (["--unit"], ["--run", "--shard"]) or given != told[1:]:
        from envctl.domain.errors import Problem, UsageError

        message = f"{told[0]} does not go with {given[-1]}" if given else f"{told[0]} alone says nothing"
        raise UsageError(Problem("E026", message, "give --run and --shard together, or --unit alone"))
    return True
