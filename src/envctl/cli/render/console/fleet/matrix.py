"""A run as its jobs need it: a line for GitHub Actions, or a buildspec for a batch of AWS CodeBuild."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from envctl import __version__
from envctl.cli.render.terminal.next_commands import to_type

if TYPE_CHECKING:
    from envctl.usecases.fleet.matrix import Job, Matrix

# An image that has envctl is not asked to fetch it.
_FROM = f"${{ENVCTL_PACKAGE:?has to say where envctl {__version__} comes from}}"
_INSTALL = f'command -v envctl || python3 -m pip install "{_FROM}"'


def matrix_text(matrix: "Matrix") -> str:
    return codebuild(matrix) if matrix.format == "codebuild" else github(matrix)


def github(matrix: "Matrix") -> str:
    """What `fromJSON` makes a matrix of: an output of a job is one line."""
    return json.dumps({"include": [asdict(job) for job in matrix.jobs]}, separators=(",", ":"))


def codebuild(matrix: "Matrix") -> str:
    """A build for each shard, and one that collects what they said, be it that some have failed."""
    look = f'envctl {matrix.kind} --run "$ENVCTL_RUN" --shard "$ENVCTL_SHARD"'
    build = to_type(f'if [ -n "$ENVCTL_SHARD" ]; then {look}; else envctl collect "$ENVCTL_RUN"; fi')
    return "\n".join(
        (
            "version: 0.2",
            "batch:",
            "  fast-fail: false",
            "  build-graph:",
            *(line for job in matrix.jobs for line in _shard(job)),
            *_collect(matrix),
            "phases:",
            "  install:",
            "    commands:",
            f"      - {_quoted(_INSTALL)}",
            "  build:",
            "    commands:",
            f"      - {_quoted(build)}",
        )
    )


def _shard(job: "Job") -> Iterator[str]:
    yield f"    - identifier: shard_{job.shard}"
    yield from _variables({"ENVCTL_RUN": job.run, "ENVCTL_SHARD": str(job.shard)})
    # What it could not look at is told by the one that collects, which waits for it.
    yield "      ignore-failure: true"


def _collect(matrix: "Matrix") -> Iterator[str]:
    yield "    - identifier: collect"
    yield from _variables({"ENVCTL_RUN": matrix.run})
    if matrix.jobs:
        yield "      depend-on:"
        yield from (f"        - shard_{job.shard}" for job in matrix.jobs)


def _variables(values: dict[str, str]) -> Iterator[str]:
    yield "      env:"
    yield "        variables:"
    yield from (f"          {name}: {_quoted(value)}" for name, value in values.items())


def _quoted(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"
