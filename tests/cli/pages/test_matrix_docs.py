"""The workflows of docs/matrix.md and docs/matrix-plans.md, and the buildspec: what they run exists, and what was found
is told, come what may.
"""

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
from envctl.domain.ci import run_documents as documents
from envctl.domain.ci.pins import UPLOAD_ACTION
from envctl.usecases.fleet.matrix import Job, Matrix
from tests.cli.pages.test_docs import _parse as parse

DOCS = Path(__file__).parents[3] / "docs"


def read_blocks(page: str) -> list[str]:
    return re.findall(r"^```yaml\n(.*?)^```$", (DOCS / page).read_text(), re.MULTILINE | re.DOTALL)


DRIFT, SPEC = read_blocks("matrix.md")
(PLAN,) = read_blocks("matrix-plans.md")
WORKFLOWS = {"drift": DRIFT, "plan": PLAN}
each_workflow = pytest.mark.parametrize("kind", WORKFLOWS)
RUN = "20261125T014000Z-drift-3f2a91c0"


def steps(kind: str) -> Iterator[dict[str, Any]]:
    for job in yaml.safe_load(WORKFLOWS[kind])["jobs"].values():
        yield from job["steps"]


def commands(script: str) -> Iterator[str]:
    """What envctl is called with, in one line of a script or within it."""
    for line in script.splitlines():
        yield from re.findall(r"(?:^|\$\(|; |then |else )envctl ([^;)>|]+)", line)


@each_workflow
def test_jobs_are_ordered_and_result_is_always_collected(kind: str) -> None:
    jobs = yaml.safe_load(WORKFLOWS[kind])["jobs"]
    assert {name: job.get("needs") for name, job in jobs.items()} == {
        "matrix": None,
        kind: "matrix",
        "collect": ["matrix", kind],
    }
    # A pull request that was pushed to again needs no result of its last commit.
    assert re.match(r"always\(\) &&" if kind == "drift" else r"\$\{\{ !cancelled\(\) &&", jobs["collect"]["if"])
    assert jobs[kind]["strategy"]["fail-fast"] is False
    # Where there is nothing to look at, there is no such job: a matrix without entries is an error to GitHub.
    nothing = format_matrix(Matrix(RUN, "drift", "github"))
    assert jobs[kind]["if"] == f"needs.matrix.outputs.matrix != '{nothing}'"


@each_workflow
def test_workflow_uses_fields_of_every_matrix_entry(kind: str) -> None:
    entry = json.loads(format_matrix(Matrix(RUN, "drift", "github", (Job(1, RUN, 1, 2, 3.0),))))["include"][0]
    assert set(re.findall(r"\{\{ matrix\.(\w+) \}\}", WORKFLOWS[kind])) == {"run", "shard"} <= entry.keys()
    assert re.findall(r"include\[0\]\.(\w+)", WORKFLOWS[kind]) == ["run"]


def test_artifacts_hand_on_what_the_next_job_reads() -> None:
    """What an upload takes, at its place, and what a download brings: as both actions document it."""
    folder, results = "${{ runner.temp }}", "$RUNNER_TEMP/results"
    jobs = yaml.safe_load(PLAN)["jobs"]
    moved = {
        name: [
            (
                each["uses"].partition("@")[0].removeprefix("actions/"),
                each["with"]["path"].replace(folder, "$RUNNER_TEMP"),
            )
            for each in job["steps"]
            if "artifact" in each.get("uses", "")
        ]
        for name, job in jobs.items()
    }
    answers = f"{results}/{documents.ANSWERS_FOLDER.rstrip('/')}"
    assert moved == {
        "matrix": [("upload-artifact", results)],
        "plan": [("download-artifact", results), ("upload-artifact", answers)],
        "collect": [("download-artifact", results), ("download-artifact", answers)],
    }
    assert {step["uses"] for step in steps("plan") if "upload" in step.get("uses", "")} == {UPLOAD_ACTION.split()[0]}
    lines = [line for step in steps("plan") for line in commands(step.get("run", ""))]
    assert [f'--results "{results}"' in line for line in lines] == [True, True, True]
    # A job of a shard whose plan failed has an answer too.
    upload = jobs["plan"]["steps"][-1]
    assert upload["if"] == "${{ !cancelled() }}"


def test_pull_request_of_a_fork_runs_no_job() -> None:
    jobs = yaml.safe_load(PLAN)["jobs"]
    assert jobs["matrix"]["if"] == "github.event.pull_request.head.repo.full_name == github.repository"


@each_workflow
def test_no_script_interpolates_expressions(kind: str) -> None:
    """It would be run, whatever it is."""
    scripts = [step["run"] for step in steps(kind) if "run" in step]
    assert len(scripts) == 6
    assert [script for script in scripts if "${{" in script] == []


@pytest.mark.parametrize(
    "line",
    [
        *(line for kind in WORKFLOWS for step in steps(kind) for line in commands(step.get("run", ""))),
        *commands(SPEC),
    ],
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


@each_workflow
@pytest.mark.parametrize("linter", LINTERS)
def test_workflow_has_no_finding(tmp_path: Path, linter: str, kind: str) -> None:
    workflow = WORKFLOWS[kind]
    (tmp_path / ".git").mkdir()
    file = tmp_path / ".github" / "workflows" / "drift.yml"
    file.parent.mkdir(parents=True)
    file.write_text(workflow)
    program, *words = LINTERS[linter]

    def lint() -> int:
        command = [str(Path(sys.executable).with_name(program)), *words]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=False).returncode

    assert lint() == 0
    file.write_text(workflow.replace("name: Begin", "nam: ${{ github.event.head_commit.message }}"))
    if linter == "zizmor":
        file.write_text(workflow.replace(f"run: envctl {kind}", f"run: envctl ${{{{ github.head_ref }}}} {kind}"))
    assert lint() != 0
