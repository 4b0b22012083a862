"""The workflow and the buildspec of docs/matrix.md: what they run exists, and what was found is told, come what may."""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml  # type: ignore[import-untyped]

from envctl.cli.app import build_app
from envctl.cli.options.global_options import move_global_options_first
from envctl.cli.render.words.matrix import format_codebuild_batch, format_matrix
from envctl.usecases.fleet.matrix import Job, Matrix
from tests.cli.pages.test_docs import _parse as parse

PAGE = (Path(__file__).parents[3] / "docs" / "matrix.md").read_text()
WORKFLOW, SPEC = (text for text in re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
RUN = "20261125T014000Z-drift-3f2a91c0"


def steps() -> Iterator[dict[str, Any]]:
    for job in yaml.safe_load(WORKFLOW)["jobs"].values():
        yield from job["steps"]


def commands(script: str) -> Iterator[str]:
    """What envctl is called with, in one line of a script or within it."""
    for line in script.splitlines():
        yield from re.findall(r"(?:^|\$\(|; |then |else )envctl ([^;)>|]+)", line)


def test_jobs_are_ordered_and_result_is_always_collected() -> None:
    jobs = yaml.safe_load(WORKFLOW)["jobs"]
    assert {name: job.get("needs") for name, job in jobs.items()} == {
        "matrix": None,
        "drift": "matrix",
        "collect": ["matrix", "drift"],
    }
    assert jobs["collect"]["if"].startswith("always()")
    assert jobs["drift"]["strategy"]["fail-fast"] is False
    # Where there is nothing to look at, there is no such job: a matrix without entries is an error to GitHub.
    nothing = format_matrix(Matrix(RUN, "drift", "github"))
    assert jobs["drift"]["if"] == f"needs.matrix.outputs.matrix != '{nothing}'"


def test_workflow_uses_fields_of_every_matrix_entry() -> None:
    entry = json.loads(format_matrix(Matrix(RUN, "drift", "github", (Job(1, RUN, 1, 2, 3.0),))))["include"][0]
    assert set(re.findall(r"\{\{ matrix\.(\w+) \}\}", WORKFLOW)) == {"run", "shard"} <= entry.keys()
    assert re.findall(r"include\[0\]\.(\w+)", WORKFLOW) == ["run"]


def test_no_script_interpolates_expressions() -> None:
    """It would be run, whatever it is."""
    scripts = [step["run"] for step in steps() if "run" in step]
    assert len(scripts) == 6
    assert [script for script in scripts if "${{" in script] == []


@pytest.mark.parametrize(
    "line", [*(line for step in steps() for line in commands(step.get("run", ""))), *commands(SPEC)]
)
def test_every_documented_command_exists(line: str) -> None:
    words = [{"$ENVCTL_SHARD": "1", "$SHARD": "1"}.get(word, word) for word in shlex.split(line)]
    parse(typer.main.get_command(build_app()), move_global_options_first(words))


def test_buildspec_equals_the_generated_one() -> None:
    assert SPEC.rstrip("\n") == format_codebuild_batch(Matrix(RUN, "drift", "codebuild", (Job(1, RUN, 1, 2, 3.0),)))


LINTERS = {
    "actionlint": ("actionlint",),
    "zizmor": ("zizmor", "--offline", "--persona", "auditor", ".github"),
    "schema": ("check-jsonschema", "--builtin-schema", "vendor.github-workflows", ".github/workflows/drift.yml"),
}


@pytest.mark.parametrize("linter", LINTERS)
def test_workflow_has_no_finding(tmp_path: Path, linter: str) -> None:
    (tmp_path / ".git").mkdir()
    file = tmp_path / ".github" / "workflows" / "drift.yml"
    file.parent.mkdir(parents=True)
    file.write_text(WORKFLOW)
    program, *words = LINTERS[linter]

    def lint() -> int:
        command = [str(Path(sys.executable).with_name(program)), *words]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=False).returncode

    assert lint() == 0
    file.write_text(WORKFLOW.replace("name: Begin", "nam: ${{ github.event.head_commit.message }}"))
    if linter == "zizmor":
        file.write_text(WORKFLOW.replace("run: envctl drift", "run: envctl ${{ github.head_ref }} drift"))
    assert lint() != 0
