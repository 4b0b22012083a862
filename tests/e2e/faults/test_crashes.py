"""envctl is killed at every stage boundary and around every write to the store: nothing is lost, nothing is made twice.

The boundaries are counted in a run that nobody kills. Each later run kills the real process, with SIGKILL, at one more.
"""

import fcntl
import os
import re
import shlex
import signal
import subprocess
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests import provider_start, warm
from tests.e2e.conftest import PreparedProjects, Project, wait_until
from tests.e2e.project_text import OPEN, render_project
from tests.secret_search import find_secret

pytestmark = pytest.mark.terraform

TOML = render_project(
    "tiny",
    {"base": ""},
    gates={"staging": OPEN},
    more='[checks.there]\nkind = "output"\noutput = "base.name"\nmatches = ".+"\n',
)
# Each time that something is made, a line is added outside of Terraform: it says what was made twice.
BASE = """
variable "name" {
  type = string
}

variable "made" {
  type = string
}

variable "password" {
  type      = string
  sensitive = true
}

resource "terraform_data" "password" {
  input = var.password
}

resource "terraform_data" "this" {
  input = var.name
  provisioner "local-exec" {
    command = "echo ${self.input} >> ${var.made}"
  }
}

output "name" {
  value = terraform_data.this.output
}
"""
SECRET = "planted-crash-password"
# `at` is the boundary at which the process dies; 0 lets it live, and the last line of stderr says how many there are.
# `AMID` makes one of each line that Terraform says, too.
KILLED = """
import os, signal, sys
from envctl.adapters.store.object_store import ObstoreStore
from envctl.cli.entry import run
from envctl.usecases.deployment import ledger_entries
from envctl.usecases.deployment.stages import apply, plan

at, passed = int(sys.argv.pop(1)), 0

def boundary():
    global passed
    passed += 1
    if passed == at:
        os.kill(os.getpid(), signal.SIGKILL)

def between(function):
    def wrapped(*words):
        boundary()
        result = function(*words)
        boundary()
        return result
    return wrapped

stages = [
    stage
    for module in (apply, plan)
    for stage in vars(module).values()
    if hasattr(stage, "describe") and stage.__module__ == module.__name__
]
for stage in stages:
    stage.run = between(stage.run)
for module, name in (
    (apply, "run_tasks"),
    (apply, "refresh_states"),
    (ledger_entries, "_save_documents"),
    (ledger_entries, "_record_success"),
):
    setattr(module, name, between(getattr(module, name)))
ObstoreStore.create = between(ObstoreStore.create)
if "AMID" in os.environ:
    from envctl.adapters.terraform.process import json_events
    json_events.record_line = between(json_events.record_line)
code = run(sys.argv[1:])
print(f"boundaries {passed}", file=sys.stderr)
sys.exit(code)
"""


class Doomed(Project):
    def run_until(self, boundary: int, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
        words = (str(boundary), *provider_start.add_options(words))
        return warm.run_code(KILLED, words, self.root, self.build_environment(**more), 120)


def a_project(root: Path, home: Path) -> Doomed:
    project = Doomed(root, home)
    project.write("envctl.toml", TOML)
    project.write("modules/base/main.tf", BASE)
    for environment in ("dev", "staging", "prod"):
        lines = f'name = "{environment}"\nmade = "{home}/made"\npassword = "{SECRET}"\n'
        project.write(f"environments/{environment}/terraform.tfvars", lines)
    return project


def one_release(root: Path, home: Path) -> Doomed:
    project = a_project(root, home)
    project.run_checked("apply", "dev", "--yes")
    return project


def two_releases(root: Path, home: Path) -> Doomed:
    """The second one makes everything anew, and so does the way back."""
    project = one_release(root, home)
    project.write("modules/base/main.tf", BASE.replace("input = var.name", "input = var.name\n  triggers_replace = 2"))
    project.run_checked("apply", "dev", "--yes")
    return project


# With how often something is made in all.
COMMANDS = {
    "apply": (("apply", "dev", "--yes"), a_project, 1),
    "promote": (("promote", "dev", "staging", "--yes"), one_release, 1),
    "rollback": (("rollback", "dev", "--yes"), two_releases, 3),
}
# More than there are; a run that is not killed any more says that there are no more.
BOUNDARIES = 70
# By day every ninth: one before and one after something is done take turns.
PARTS, BY_DAY = 9, (3,)


# A promotion by day, and the others by night: they go the same way.
@pytest.mark.parametrize(
    "command", [pytest.param(name, marks=() if name == "promote" else pytest.mark.night) for name in COMMANDS]
)
@pytest.mark.parametrize(
    "part", [pytest.param(n, marks=() if n in BY_DAY else pytest.mark.night) for n in range(PARTS)]
)
def test_deployment_killed_at_any_boundary_can_be_recovered(
    command: str, part: int, prepared: PreparedProjects
) -> None:
    words, prepare, times = COMMANDS[command]
    environment = words[-2]
    count = 0
    for boundary in range(1 + part, BOUNDARIES, PARTS):
        project = prepared.restore(prepare)
        ended = project.run_until(boundary, *words)
        if ended.returncode >= 0:
            assert ended.returncode == 0, ended.stderr
            count = int(re.findall(r"boundaries (\d+)", ended.stderr)[-1])
            assert count < boundary
            break
        assert left_secrets(project) == []
        recovered(project, environment, words, times)
    assert count, f"there are more than {BOUNDARIES} boundaries"


def recovered(project: Project, environment: str, words: Sequence[str], times: int) -> None:
    """`status`, `recover`, and the same command again."""
    left = there(project, environment)
    unfinished = left["last"] is not None and left["last"]["outcome"] == "unfinished"
    if unfinished:
        blocked = project.run(*words, "--json")
        assert (blocked.code, blocked.codes) == (4, ["G109"])
        assert f"envctl recover {environment}" in project.run_checked("status").out
    said = project.run_checked("recover", environment, "--yes", "--json").document["result"]
    assert (said["deployment"] is not None) == unfinished
    project.run_checked(*words)
    now = there(project, environment)
    assert now["last"]["outcome"] == "succeeded"
    assert now["evidence"][now["current"]["release"]]["verified_at"] is not None
    assert (now["last"]["action"], now["current"]["release"]) == (words[0], now["last"]["release"])
    if words[0] != "rollback":
        # After one the working tree is ahead of what runs.
        assert project.run("plan", environment, "--detailed-exitcode").code == 0
    project.run_checked("ledger", "verify")
    assert made(project).count(environment) == times, "it was made once more, or once less"
    assert [each for each in project.list_files() if each.suffix == ".tfplan"] == []


def left_secrets(project: Project) -> list[str]:
    """Where the password lies that is neither a person's own file nor Terraform's own state."""
    own = [project.root / "environments", project.root / ".envctl/state"]
    return find_secret(SECRET, project.root, project.home, apart_from=own)


@pytest.mark.parametrize(
    "part", [pytest.param(n, marks=() if n in BY_DAY else pytest.mark.night) for n in range(PARTS)]
)
def test_killed_terraform_leaves_no_secret(part: int, tmp_path: Path, home: Path) -> None:
    count = 0
    for boundary in range(1 + part, 3 * BOUNDARIES, PARTS):
        where = home / f"{boundary}"
        (where / "tmp").mkdir(parents=True)
        project = a_project(tmp_path / f"at-{boundary}", where)
        ended = project.run_until(boundary, "apply", "dev", "--yes", AMID="1", TMPDIR=os.fspath(where / "tmp"))
        # Terraform ends what it is doing, and then nothing is left of it either.
        assert left_secrets(project) == []
        wait_until(partial(is_at_rest, project))
        assert left_secrets(project) == []
        if ended.returncode >= 0:
            assert ended.returncode == 0, ended.stderr
            count = int(re.findall(r"boundaries (\d+)", ended.stderr)[-1])
            break
    assert count, f"there are more than {3 * BOUNDARIES} boundaries"


def is_at_rest(project: Project) -> bool:
    """Whether no Terraform holds the lock of the stack's directory."""
    file = project.root / ".envctl/work/dev/base/.running"
    if not file.exists():
        return True
    with file.open("rb") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def test_plan_file_of_an_older_envctl_is_removed(prepared: PreparedProjects) -> None:
    project = prepared.restore(one_release)
    project.write(".envctl/work/dev/base/plan.tfplan", SECRET)
    project.write(".envctl/work/dev/base/drift.tfplan", SECRET)
    project.run_checked("plan", "dev")
    assert left_secrets(project) == []


def there(project: Project, environment: str) -> dict[str, Any]:
    shown = project.run_checked("status", "--json").document["result"]["environments"]
    return dict(next(each for each in shown if each["environment"] == environment)["present"])


SLOW = """
resource "terraform_data" "slow" {
  depends_on = [terraform_data.this]
  provisioner "local-exec" {
    command = "echo slow >> ${var.made}; until [ -e ${var.made}-go ]; do sleep 0.05; done"
  }
}
"""


@pytest.mark.night
def test_lock_left_by_power_loss_needs_confirmation(tmp_path: Path, home: Path, request: pytest.FixtureRequest) -> None:
    """envctl and Terraform are killed at once, amid an apply on a state in S3."""
    project = a_project(tmp_path / "dark", home)
    project.write("envctl.toml", f'{TOML}\n[state]\nbackend = "s3"\n')
    project.write("modules/base/main.tf", BASE + SLOW)
    request.addfinalizer(lambda: project.run("sandbox", "down"))
    project.run_checked("sandbox", "up")
    words = ("--sandbox", "apply", "dev", "--yes")
    process = project.start(*words)
    wait_until(lambda: "slow" in made(project))
    running = int((project.root / ".envctl/sandbox/work/dev/base/.running").read_text())
    process.kill()
    os.killpg(running, signal.SIGKILL)
    process.communicate(timeout=10)

    blocked = project.run(*words, "--json")
    assert (blocked.code, blocked.codes) == (4, ["G109"])
    assert "envctl --sandbox recover dev" in project.run_checked("--sandbox", "status").out
    unasked = project.run("--sandbox", "recover", "dev", "--json")
    assert (unasked.code, unasked.codes) == (64, ["E001"]), unasked.out
    said = project.run_checked("--sandbox", "recover", "dev", "--yes", "--json").document["result"]
    assert ([lock["stack"] for lock in said["broken"]], said["deployment"]["outcome"]) == (["base"], "abandoned")
    assert "terraform_data.slow" in [each["address"] for stack in said["left"] for each in stack["resources"]]

    (home / "made-go").touch()
    project.run_checked(*words)
    assert project.run("--sandbox", "plan", "dev", "--detailed-exitcode").code == 0
    project.run_checked("--sandbox", "ledger", "verify")


def made(project: Project) -> list[str]:
    file = project.home / "made"
    return file.read_text().split() if file.exists() else []


EXISTING = """
variable "made" {
  type = string
}

variable "password" {
  type      = string
  sensitive = true
}

resource "aws_ssm_parameter" "this" {
  for_each = toset(["a=b", "c"])
  name     = "/tiny/${replace(each.key, "=", "-")}"
  type     = "SecureString"
  value    = var.password
}

resource "terraform_data" "slow" {
  depends_on = [aws_ssm_parameter.this]
  provisioner "local-exec" {
    command = "echo slow >> ${var.made}; until [ -e ${var.made}-go ]; do sleep 0.05; done"
  }
}
"""
ON_AWS = render_project("tiny", {"orphan": ""}, ["dev"], on_aws=True, more='[state]\nbackend = "s3"\n')


# By day, tests/adapters/terraform/test_on_aws.py imports what the hint names.
@pytest.mark.night
@pytest.mark.parametrize("kind", ["module", "root"])
def test_resources_left_by_killed_terraform_are_imported(
    tmp_path: Path, home: Path, request: pytest.FixtureRequest, kind: str
) -> None:
    """Each hint is typed as it stands, until the deployment passes."""
    project = Doomed(tmp_path / "orphans", home)
    # A Terraform of another test in a folder of the same names would count as the holder of the lock.
    stack = f"orphan-{kind}"
    text = ON_AWS.replace("module = ", f"{kind} = ").replace("[stacks.orphan]", f"[stacks.{stack}]")
    project.write("envctl.toml", text)
    project.write("modules/orphan/main.tf", EXISTING)
    lines = f'made = "{home}/made"\npassword = "{SECRET}"\n'
    project.write("environments/dev/terraform.tfvars", lines)
    request.addfinalizer(lambda: project.run("sandbox", "down"))
    words = ("--sandbox", "apply", "dev", "--yes")
    process = project.start(*words)
    wait_until(lambda: "slow" in made(project), seconds=120)
    os.killpg(int((project.root / f".envctl/sandbox/work/dev/{stack}/.running").read_text()), signal.SIGKILL)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, "E332" in err) == (1, True), err

    locked = project.run(*words, "--json")
    (problem,) = locked.document["problems"]
    assert (locked.code, problem["code"]) == (75, "E306")
    assert "On this machine, no Terraform of envctl works on this stack" in problem["message"]
    assert f".envctl/sandbox/work/dev/{stack}" in problem["message"]
    assert project.run_checked(*as_told(problem["hint"]), "--yes")
    (home / "made-go").touch()
    exists = project.run(*words, "--json")
    problems = exists.document["problems"]
    assert {each["code"] for each in problems} == {"E367"}, exists.out
    assert len(problems) == 2
    for each in problems:
        taken = project.run_checked(*as_told(each["hint"]), "--yes")
        assert "is now in the state" in taken.out
    project.run_checked(*words)
    assert project.run("--sandbox", "plan", "dev", "--detailed-exitcode").code == 0
    own = [project.root / "environments", *project.root.glob(".envctl/sandbox/server*")]
    assert find_secret(SECRET, project.root, project.home, apart_from=own) == []


def as_told(hint: str) -> list[str]:
    """The command of envctl in a hint, in words."""
    found = re.search(r"envctl ((?:--sandbox )?recover .*?)(?:;|$)", hint)
    assert found is not None, hint
    return shlex.split(found[1])
