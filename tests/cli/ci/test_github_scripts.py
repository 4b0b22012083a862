"""The shell lines of the generated workflows, run as a runner of GitHub does: `bash -eo pipefail`."""

import signal
import stat
import subprocess
import sys
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from tests.cli.ci.github_shapes import make_repository
from tests.programs import SYSTEM_PATH

HOSTILE = {
    "a command": "$(touch x)",
    "backquotes": "`touch x`",
    "the end of a quote": '"; touch x; "',
    "a single quote": "'; touch x; '",
    "an option": "--yes",
    "another option": "-y --break-glass=x",
    "a second line": "abc\n--yes",
    "an expression": "${{ secrets.GITHUB_TOKEN }}",
    "a pattern": "*",
    "a folder": "../../x",
}
# Writes what it was started with, and then waits for a signal if it was told to.
PROGRAM = """#!{python}
import json, os, signal, sys, time
def note(number, frame):
    open("signal", "w").write(str(number))
    sys.exit(130)
signal.signal(signal.SIGINT, note)
signal.signal(signal.SIGTERM, note)
json.dump(sys.argv[1:], open("arguments.tmp", "w"))
os.rename("arguments.tmp", "arguments")
if os.environ.get("WAIT"):
    time.sleep(30)
"""


STARTED = ["-I", "-m", "envctl", "--no-warm"]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    top = make_repository(tmp_path / "repository", "plain")
    program = tmp_path / "temp" / "envctl" / "bin" / "python"
    program.parent.mkdir(parents=True)
    program.write_text(PROGRAM.format(python=sys.executable))
    program.chmod(stat.S_IRWXU)
    return top


@cache
def parse_workflow(text: str) -> Mapping[str, Any]:
    """Parse each text once: that takes longer than most of these scripts."""
    return yaml.safe_load(text)  # type: ignore[no-any-return]


def find_script(repository: Path, workflow: str, job: str) -> str:
    document = parse_workflow((repository / f".github/workflows/envctl-{workflow}.yml").read_text())
    (step,) = (step for step in document["jobs"][job]["steps"] if step.get("id") == "envctl")
    return str(step["run"])


def start(repository: Path, script: str, **environment: str) -> "subprocess.Popen[str]":
    file = repository.parent / "step.sh"
    file.write_text(script)
    temp = {"RUNNER_TEMP": f"{repository.parent / 'temp'}", "GITHUB_WORKSPACE": f"{repository}"}
    return subprocess.Popen(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", file],
        cwd=repository,
        env={"PATH": SYSTEM_PATH, "REASON": "", "RELEASE": "", **temp, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run_script(repository: Path, script: str, **environment: str) -> tuple[int, list[str], str]:
    process = start(repository, script, **environment)
    said, _ = process.communicate(timeout=60)
    arguments = repository / "arguments"
    return process.returncode, yaml.safe_load(arguments.read_text()) if arguments.exists() else [], said


@pytest.mark.parametrize(
    ("inputs", "arguments"),
    [
        ({"WHAT": "rollback"}, ["rollback", "prod", "--yes"]),
        ({"WHAT": "rollback", "RELEASE": "3fa9c1"}, ["rollback", "prod", "--yes", "--to=3fa9c1"]),
        ({"WHAT": "recover"}, ["recover", "prod", "--yes"]),
        ({"WHAT": "unlock", "REASON": "it is done"}, ["unlock", "prod", "--yes", "--reason=it is done"]),
        ({"WHAT": "unlock", "RELEASE": "3fa9c1"}, ["unlock", "prod", "--yes", "--release=3fa9c1"]),
        ({"WHAT": "drift-fix"}, ["drift", "prod", "--fix", "--yes"]),
        ({"WHAT": "recover-import"}, ["recover", "prod", "--yes", "--import=reported"]),
        ({"WHAT": "promote", "RELEASE": "#42"}, ["promote", "staging", "prod", "--yes", "--release=#42"]),
        ({"WHAT": "promote-partial"}, ["promote", "staging", "prod", "--yes", "--partial"]),
    ],
)
def test_each_operation_is_one_command(repository: Path, inputs: dict[str, str], arguments: list[str]) -> None:
    script = find_script(repository, "operate", "operate-prod")
    assert run_script(repository, script, **inputs)[:2] == (0, [*STARTED, *arguments])


def test_first_environment_has_nothing_to_promote(repository: Path) -> None:
    code, arguments, said = run_script(
        repository, find_script(repository, "operate", "operate-dev"), WHAT="promote", RELEASE="3fa9c1"
    )
    assert (code, arguments) == (64, [])
    assert "run the workflow envctl deploy" in said


@pytest.mark.parametrize("what", ["rollback", "unlock", "promote"])
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_release_is_refused(repository: Path, what: str, text: str) -> None:
    for job in ("operate-prod", *(["plan-prod"] if what == "promote" else [])):
        code, arguments, said = run_script(repository, find_script(repository, "operate", job), WHAT=what, RELEASE=text)
        assert (code, arguments) == (64, [])
        assert "::error title=envctl::The release must be" in said
        assert not (repository / "x").exists()


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_reason_stays_one_word(repository: Path, text: str) -> None:
    script = find_script(repository, "operate", "operate-prod")
    code, arguments, _ = run_script(repository, script, WHAT="unlock", REASON=text)
    assert (code, arguments[len(STARTED) :]) == (0, ["unlock", "prod", "--yes", f"--reason={text}"])
    assert not (repository / "x").exists()


@pytest.mark.parametrize("text", [*HOSTILE.values(), "destroy", ""])
def test_hostile_operation_is_refused(repository: Path, text: str) -> None:
    code, arguments, _ = run_script(repository, find_script(repository, "operate", "operate-prod"), WHAT=text)
    assert (code, arguments) == (64, [])
    assert not (repository / "x").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    ("workflow", "job"),
    [
        ("plan", "plan"),
        ("deploy", "deploy-dev"),
        ("deploy", "deploy-prod"),
        ("operate", "operate-prod"),
        ("drift", "drift"),
    ],
)
def test_signal_to_the_step_reaches_envctl(repository: Path, workflow: str, job: str, number: signal.Signals) -> None:
    """GitHub sends it to the shell of the step alone."""
    process = start(repository, find_script(repository, workflow, job), WAIT="yes", WHAT="recover", RELEASE="3fa9c1")
    deadline = time.monotonic() + 30
    while not (repository / "arguments").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == 130
    assert (repository / "signal").read_text() == str(int(number))


def test_module_of_the_project_does_not_replace_a_package(repository: Path) -> None:
    """-I: Python imports nothing from the folder that it runs in."""
    (repository / "envctl.py").write_text("raise SystemExit('hijacked')")
    (repository / "json.py").write_text("raise SystemExit('hijacked')")
    words = [sys.executable, "-I", "-m", "envctl", "--version"]
    said = subprocess.check_output(words, cwd=repository, text=True, timeout=60)
    assert said.startswith("envctl ")


def test_missing_role_says_what_to_set_up(repository: Path) -> None:
    document = parse_workflow((repository / ".github/workflows/envctl-deploy.yml").read_text())
    (step,) = (each for each in document["jobs"]["deploy-prod"]["steps"] if each["name"] == "A role is missing")
    code, _, said = run_script(repository, step["run"])
    assert code == 78
    assert said.startswith("::error title=E145::ENVCTL_ROLE is not set in the environment prod")
    assert said.count("\n") == 1, "an annotation is one line"
    assert len(said.split("%0A")) <= 24, "one screen"


@pytest.mark.parametrize(
    ("problems", "code", "word"), [("G106", 0, "notice"), ("G106 G109", 4, "error"), ("G109", 4, "recover, prod")]
)
def test_waiting_passes_unless_a_deployment_may_be_dead(repository: Path, problems: str, code: int, word: str) -> None:
    document = parse_workflow((repository / ".github/workflows/envctl-deploy.yml").read_text())
    (step,) = (each for each in document["jobs"]["deploy-prod"]["steps"] if each["name"] == "The deployment waits")
    found, _, said = run_script(repository, step["run"], PROBLEMS=problems)
    assert found == code
    assert word in said
