"""Job matrices: a JSON line for GitHub Actions, or a batch buildspec for AWS CodeBuild."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

from envctl.cli.render.text.next_commands import add_sandbox_flag
from envctl.domain.ci.codebuild_install import FOLDER, INSTALL_FILE

if TYPE_CHECKING:
    from envctl.usecases.fleet.matrix import Job, Matrix

_HOME = "/tmp/envctl"  # noqa: S108 (in the container of one build)
# The script and its lock files are those of the commit: `envctl ci codebuild` writes them.
_INSTALL = f"sh {FOLDER}/{INSTALL_FILE} {_HOME}"


def format_matrix(matrix: "Matrix") -> str:
    if matrix.format == "codebuild":
        return format_codebuild_batch(matrix)
    # On one line, as `fromJSON` needs it from a job output.
    return json.dumps({"include": [asdict(job) for job in matrix.jobs]}, separators=(",", ":"))


def format_codebuild_batch(matrix: "Matrix") -> str:
    """Return a buildspec with a build for each shard, and one to collect the results, even of failed shards."""
    look = f'envctl {matrix.kind} --run "$ENVCTL_RUN" --shard "$ENVCTL_SHARD"'
    build = f"PATH={_HOME}/bin:$PATH; " + add_sandbox_flag(
        f'if [ -n "$ENVCTL_SHARD" ]; then {look}; else envctl collect "$ENVCTL_RUN"; fi'
    )
    return "\n".join(
        (
            "version: 0.2",
            "batch:",
            "  fast-fail: false",
            "  build-graph:",
            *(line for job in matrix.jobs for line in _format_shard_build(job)),
            *_format_collect_build(matrix),
            "phases:",
            "  install:",
            "    commands:",
            f"      - {_quote_yaml(_INSTALL)}",
            "  build:",
            "    commands:",
            f"      - {_quote_yaml(build)}",
        )
    )


def _format_shard_build(job: "Job") -> Iterator[str]:
    yield f"    - identifier: shard_{job.shard}"
    yield from _format_variables({"ENVCTL_RUN": job.run, "ENVCTL_SHARD": str(job.shard)})
    # The collecting build waits for this one and reports its failures.
    yield "      ignore-failure: true"


def _format_collect_build(matrix: "Matrix") -> Iterator[str]:
    yield "    - identifier: collect"
    yield from _format_variables({"ENVCTL_RUN": matrix.run})
    if matrix.jobs:
        yield "      depend-on:"
        yield from (f"        - shard_{job.shard}" for job in matrix.jobs)


def _format_variables(values: dict[str, str]) -> Iterator[str]:
    yield "      env:"
    yield "        variables:"
    yield from (f"          {name}: {_quote_yaml(value)}" for name, value in values.items())


def _quote_yaml(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"
