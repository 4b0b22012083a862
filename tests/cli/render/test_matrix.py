"""What many jobs are given is what GitHub Actions and AWS CodeBuild take."""

import json
import subprocess
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from jsonschema import Draft202012Validator

from envctl.cli.boundary import show_result
from envctl.cli.options.global_options import Options
from envctl.cli.render.words.matrix import format_codebuild_batch, format_matrix
from envctl.cli.render.words.one_line import render_one_line
from envctl.domain.ci.run_documents import RunKind
from envctl.domain.ci.shard_planner import MAX_JOBS
from envctl.domain.errors import Problem
from envctl.domain.exit_codes import ExitCode
from envctl.usecases.fleet.matrix import Job, Matrix
from envctl.usecases.fleet.merge import Plans
from envctl.usecases.inspect.preview import EnvironmentPreview

RUN = "20261125T014000Z-drift-3f2a91c0"
TEXT = {"type": "string", "minLength": 1}
# As AWS documents a batch with a graph of builds: nothing here may be left out, and nothing is there that AWS ignores.
BUILD = {
    "type": "object",
    "required": ["identifier", "env"],
    "additionalProperties": False,
    "properties": {
        "identifier": {"type": "string", "pattern": "^[A-Za-z0-9_]{1,128}$"},
        "env": {
            "type": "object",
            "required": ["variables"],
            "additionalProperties": False,
            "properties": {"variables": {"type": "object", "additionalProperties": TEXT}},
        },
        "ignore-failure": {"type": "boolean"},
        "depend-on": {"type": "array", "items": TEXT, "minItems": 1, "uniqueItems": True},
    },
}
PHASE = {
    "type": "object",
    "required": ["commands"],
    "additionalProperties": False,
    "properties": {"commands": {"type": "array", "items": TEXT, "minItems": 1}},
}
BUILDSPEC = {
    "type": "object",
    "required": ["version", "batch", "phases"],
    "additionalProperties": False,
    "properties": {
        "version": {"const": 0.2},
        "batch": {
            "type": "object",
            "required": ["build-graph"],
            "additionalProperties": False,
            "properties": {"fast-fail": {"const": False}, "build-graph": {"type": "array", "items": BUILD}},
        },
        "phases": {"type": "object", "properties": {"install": PHASE, "build": PHASE}, "additionalProperties": False},
    },
}


def of(jobs: int, kind: RunKind = "drift", form: Any = "codebuild") -> Matrix:
    return Matrix(RUN, kind, form, tuple(Job(number, RUN, 1, 2, 30.0) for number in range(1, jobs + 1)))


@pytest.mark.parametrize("jobs", [0, 1, 100])
def test_buildspec_is_valid(jobs: int) -> None:
    spec = yaml.safe_load(format_codebuild_batch(of(jobs)))
    Draft202012Validator(BUILDSPEC).validate(spec)
    *shards, collecting = spec["batch"]["build-graph"]
    names = [f"shard_{number}" for number in range(1, jobs + 1)]
    assert [shard["identifier"] for shard in shards] == names
    assert [shard["env"]["variables"]["ENVCTL_SHARD"] for shard in shards] == [str(n + 1) for n in range(jobs)]
    # Whatever became of them, what they found is told.
    assert all(shard["ignore-failure"] for shard in shards)
    assert collecting["identifier"] == "collect"
    assert collecting.get("depend-on", []) == names
    assert {build["env"]["variables"]["ENVCTL_RUN"] for build in spec["batch"]["build-graph"]} == {RUN}


@pytest.mark.parametrize("kind", ["drift", "plan"])
@pytest.mark.parametrize(("shard", "expected"), [("7", "{kind} --run {run} --shard 7"), ("", "collect {run}")])
def test_each_build_runs_its_own_command(kind: RunKind, shard: str, expected: str) -> None:
    spec = yaml.safe_load(format_codebuild_batch(of(7, kind)))
    (command,) = spec["phases"]["build"]["commands"]
    done = subprocess.run(
        ["/bin/sh", "-ec", f'envctl() {{ echo "$*"; }}\n{command}'],
        env={"ENVCTL_RUN": RUN, **({"ENVCTL_SHARD": shard} if shard else {})},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == expected.format(kind=kind, run=RUN)


def test_github_matrix_is_one_line_with_all_shards() -> None:
    text = format_matrix(of(3, form="github"))
    assert "\n" not in text
    assert [entry["shard"] for entry in json.loads(text)["include"]] == [1, 2, 3]
    assert {entry["run"] for entry in json.loads(text)["include"]} == {RUN}


def test_largest_matrix_fits_into_a_job_output() -> None:
    """A job's outputs may be 1 MB, counted as UTF-16."""
    assert len(format_matrix(of(MAX_JOBS, form="github")).encode("utf-16")) < 100_000


def test_matrix_is_printed_without_table_modules() -> None:
    assert render_one_line(of(1, form="github")) == format_matrix(of(1, form="github"))
    assert render_one_line(of(1)) == format_codebuild_batch(of(1))


@pytest.mark.parametrize("part", ["code", "message", "hint", "stack", "address"])
def test_forged_problem_draws_nothing(part: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The job of a pull request may have written the whole result."""
    parts: dict[str, Any] = {
        "code": "E470",
        "message": "no result",
        "hint": "run it again",
        "stack": "web",
        "address": "a.b",
    }
    parts[part] = "\x1b[31m[red](https://evil.example)"
    problem = Problem(**parts)
    plans = Plans(RUN, (EnvironmentPreview("dev", problems=(problem,), exit_code=ExitCode.FAILED),))
    for options in (Options(), Options(markdown=True)):
        show_result(options, "collect", plans, 1)
        shown = capsys.readouterr().out
        assert "\x1b" not in shown
        assert not options.markdown or "[red](" not in shown
