"""envctl, Terraform, a provider or its keeper is killed in each phase: nothing is left running, and nothing is lost."""

import json
import os
import pty
import select
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import provider_start
from tests.adapters.terraform.warm.conftest import is_running, list_keepers
from tests.e2e.conftest import wait_until
from tests.e2e.faults.test_out_of_memory import group
from tests.e2e.marked import CODE, Marked, marked
from tests.e2e.project_text import render_project

__all__ = ["group", "marked"]

pytestmark = [pytest.mark.terraform, pytest.mark.slow]


@pytest.fixture(autouse=True)
def _usual_providers(monkeypatch: pytest.MonkeyPatch) -> None:
    provider_start.ignore_mode(monkeypatch)


def prepare(project: Marked, phase: str) -> None:
    """Let the provider wait in this phase, in a stack that is initialized."""
    project.write("environments/dev/terraform.tfvars", f'behave = "{phase} wait {project.go}"\n')
    project.go.touch()
    project.run_checked("plan", "dev")
    project.go.unlink()
    Path(project.extra["TALLY"]).unlink()


def recover(project: Marked, *, made: int, is_ordinary: bool = False) -> None:
    """Run what people run next; in the end there is one mark, made so often."""
    project.go.touch()
    wait_until(lambda: project.run("plan", "dev").code == 0)
    blocked = project.run("apply", "dev", "--yes", "--json")
    if blocked.code:
        assert blocked.codes == ["G109"], blocked.out
        project.run_checked("recover", "dev", "--yes")
        project.run_checked("apply", "dev", "--yes")
    assert project.read_state() == ["tally_mark.this"]
    assert project.run("plan", "dev", "--detailed-exitcode").code == 0
    project.run_checked("ledger", "verify")
    assert project.count("apply") == made
    assert (project.count("launch ordinary") > 0) == is_ordinary
    project.require_nothing_left()


# An apply has the most to lose; the phases of a plan have a table in tests/adapters/terraform/warm/.
BY_DAY = ("apply", "envctl")


@pytest.mark.parametrize(
    ("phase", "victim"),
    [
        pytest.param(phase, victim, marks=() if (phase, victim) == BY_DAY else pytest.mark.night)
        for phase in ("plan", "apply")
        for victim in ("envctl", "terraform", "provider", "keeper")
    ],
)
def test_kill_at_work_leaves_nothing(marked: Marked, phase: str, victim: str) -> None:
    prepare(marked, phase)
    process = marked.start("apply", "dev", "--yes", "--json")
    wait_until(lambda: marked.count("waiting"))
    os.kill(marked.find_victim(victim, process.pid), signal.SIGKILL)
    # An apply outlives envctl, with its provider: it ends what it does.
    finishes = (victim, phase) == ("envctl", "apply")
    if finishes:
        marked.go.touch()
    out, _ = process.communicate(timeout=60)
    if victim != "envctl":
        problem = json.loads(out)["problems"][0]
        assert (process.returncode, problem["code"]) == (1, "E332"), out
        killed = "Terraform" if victim == "terraform" else "provider tally 1.0.0"
        assert f"{killed} was killed (SIGKILL)" in problem["message"]
    elif not finishes:
        # The plan of a killed envctl ends with it, at the latest when it says something.
        marked.go.touch()
    wait_until(lambda: not list_keepers(marked.root), seconds=10)
    marked.require_nothing_left()
    assert marked.read_state() == (["tally_mark.this"] if finishes else [])
    recover(marked, made=2 if phase == "apply" and not finishes else 1)


@pytest.mark.night
@pytest.mark.parametrize("victim", ["envctl", "terraform", "provider", "keeper"])
def test_kill_at_the_schema_leaves_nothing(marked: Marked, victim: str) -> None:
    """While Terraform asks for the schema of the apply, after those of plan and show, nothing has happened yet."""
    prepare(marked, "never")
    Path(f"{marked.extra['TALLY']}.hold").write_text(f"3 {marked.go}")
    process = marked.start("apply", "dev", "--yes", "--json")
    wait_until(lambda: marked.count("waiting"))
    os.kill(marked.find_victim(victim, process.pid), signal.SIGKILL)
    marked.go.touch()
    out, _ = process.communicate(timeout=60)
    if victim == "terraform":
        assert (process.returncode, json.loads(out)["problems"][0]["code"]) == (1, "E332"), out
    elif victim != "envctl":
        assert process.returncode == 0, out
    wait_until(lambda: not list_keepers(marked.root), seconds=10)
    marked.require_nothing_left()
    assert marked.read_state() == ([] if victim == "terraform" else ["tally_mark.this"])
    # Terraform starts a lost provider itself.
    recover(marked, made=1, is_ordinary=victim in ("provider", "keeper"))


@pytest.mark.night
def test_provider_killed_for_memory_is_named(marked: Marked, group: Path) -> None:
    prepare(marked, "never")
    marked.write("environments/dev/terraform.tfvars", 'behave = "plan hunger"\n')
    inside = ("/bin/sh", "-c", 'echo $$ > "$0" && exec "$@"', os.fspath(group / "cgroup.procs"))
    killed = marked.run("plan", "dev", "--json", before=inside)
    (problem,) = killed.document["problems"]
    assert (killed.code, problem["code"]) == (1, "E331")
    assert problem["message"].startswith("web: the kernel killed provider tally 1.0.0: out of memory")
    assert "--parallelism 1" in problem["hint"]
    assert [line.rpartition(" ")[0] for line in marked.lines][:1] == ["launch warm"]
    marked.require_nothing_left()


@pytest.mark.night
def test_provider_killed_for_memory_takes_its_stack_alone(marked: Marked, group: Path) -> None:
    marked.write("envctl.toml", render_project("marked", {"web": "", "aside": ""}, ["dev"]))
    marked.write("modules/aside/main.tf", CODE.partition("variable")[0] + 'resource "tally_mark" "this" {\n}\n')
    prepare(marked, "never")
    marked.write("environments/dev/terraform.tfvars", 'behave = "plan hunger"\n')
    inside = ("/bin/sh", "-c", 'echo $$ > "$0" && exec "$@"', os.fspath(group / "cgroup.procs"))
    killed = marked.run("plan", "dev", "--json", before=inside)
    assert [(killed.code, each["code"], each["stack"]) for each in killed.document["problems"]] == [(1, "E331", "web")]
    (planned,) = killed.document["result"]["stacks"]
    assert (planned["stack"], planned["changes"]) == ("aside", True)
    assert (marked.count("launch warm"), marked.count("launch ordinary")) == (2, 0)
    marked.require_nothing_left()


def read_until(terminal: int, is_enough: Callable[[str], bool]) -> str:
    """Return what a terminal shows, up to its end."""
    shown = ""
    while not is_enough(shown) and select.select([terminal], [], [], 60)[0]:
        try:
            more = os.read(terminal, 4096)
        except OSError:
            break
        if not more:
            break
        shown += more.decode(errors="replace")
    return shown


@pytest.mark.night
@pytest.mark.parametrize("victim", ["envctl", "provider", "keeper"])
def test_kill_at_the_question_leaves_nothing(marked: Marked, victim: str) -> None:
    prepare(marked, "never")
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(marked.root)
        command = marked.build_command("apply", "dev")
        os.execve(command[0], command, {**marked.build_environment(), "TERM": "xterm", "COLUMNS": "200"})
    shown = read_until(terminal, lambda text: "yes" in text)
    assert [is_running(each) for each in marked.providers] == [True], shown
    os.kill(marked.find_victim(victim, child), signal.SIGKILL)
    if victim == "envctl":
        os.waitpid(child, 0)
        marked.require_nothing_left()
        os.close(terminal)
        recover(marked, made=1)
        return
    os.write(terminal, b"yes\n")
    shown += read_until(terminal, lambda _: False)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0, shown
    os.close(terminal)
    assert marked.count("launch warm") > 1
    recover(marked, made=1)
