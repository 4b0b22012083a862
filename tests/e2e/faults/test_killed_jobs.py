"""A job of GitHub is killed at every stage boundary: the next run of the same job goes on, or says what to run.

GitHub sends SIGINT to a cancelled job, SIGTERM after 7.5 seconds, and SIGKILL after 2.5 more.
"""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests import provider_start, warm
from tests.by_day import keep_by_day
from tests.e2e.conftest import CommandResult, PreparedProjects
from tests.e2e.faults.test_crashes import BOUNDARIES, KILLED, Doomed, a_project, made, one_release

pytestmark = pytest.mark.terraform

SIGNALS = {
    "killed at once": "os.kill(os.getpid(), signal.SIGKILL)",
    "asked to end, and killed": (
        "import subprocess; "
        "subprocess.Popen(['sh', '-c', f'sleep 1; kill -KILL {os.getpid()}'], start_new_session=True); "
        "os.kill(os.getpid(), signal.SIGTERM)"
    ),
}
COMMANDS = {
    "apply": (("apply", "dev", "--yes"), a_project),
    "promote": (("promote", "dev", "staging", "--yes"), one_release),
}
# By day a few; each is one more run of Terraform.
STEP, BY_DAY = 11, (3,)


def describe_job(project: Doomed) -> dict[str, Any]:
    files = {name: project.root / ".git-job" / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
    for file in files.values():
        file.parent.mkdir(exist_ok=True)
        file.unlink(missing_ok=True)
    workspace = {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": os.fspath(project.root)}
    return workspace | {name: os.fspath(file) for name, file in files.items()}


def run_killed(project: Doomed, boundary: int, how: str, words: tuple[str, ...]) -> "subprocess.CompletedProcess[str]":
    program = KILLED.replace(SIGNALS["killed at once"], SIGNALS[how])
    environment = project.build_environment(**describe_job(project))
    return warm.run_code(program, [f"{boundary}", *provider_start.add_options(words)], project.root, environment, 120)


@pytest.mark.parametrize("how", keep_by_day(list(SIGNALS), "killed at once"))
@pytest.mark.parametrize(
    "command", [pytest.param(name, marks=() if name == "promote" else pytest.mark.night) for name in COMMANDS]
)
@pytest.mark.parametrize("part", [pytest.param(n, marks=() if n in BY_DAY else pytest.mark.night) for n in range(STEP)])
def test_next_run_of_a_killed_job_goes_on_or_says_what_to_run(
    command: str, part: int, how: str, prepared: PreparedProjects
) -> None:
    words, prepare = COMMANDS[command]
    environment = words[-2]
    for boundary in range(1 + part, BOUNDARIES, STEP):
        project = prepared.restore(prepare)
        ended = run_killed(project, boundary, how, words)
        assert "Traceback" not in ended.stderr
        if ended.returncode == 0:
            # A signal ends the command wherever it comes, also after the last Terraform.
            assert int(re.findall(r"boundaries (\d+)", ended.stderr)[-1]) < boundary
            return
        again = project.run(*words, **describe_job(project))
        if again.code != 0:
            check_advice(project, again, environment)
            project.run_checked("recover", environment, "--yes")
            project.run_checked(*words)
        assert made(project).count(environment) == 1
    pytest.fail(f"there are more than {BOUNDARIES} boundaries")


def check_advice(project: Doomed, again: CommandResult, environment: str) -> None:
    """The annotation and the summary name the command, and outputs the guard."""
    command = f"envctl recover {environment}"
    assert again.code == 4, again.err
    annotations = [line for line in again.err.splitlines() if line.startswith("::error title=G109::")]
    assert [command in line for line in annotations] == [True], again.err
    files = describe_files(project)
    assert command in files["GITHUB_STEP_SUMMARY"]
    assert "problems=G109" in files["GITHUB_OUTPUT"]
    assert "reason=refused for now" in files["GITHUB_OUTPUT"]


def describe_files(project: Doomed) -> dict[str, str]:
    return {file.name: file.read_text() for file in Path(project.root / ".git-job").iterdir()}
