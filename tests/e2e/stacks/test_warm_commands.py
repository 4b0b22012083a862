"""Each command that plans or applies shares a provider, or names why not: `explain`, `drift`, `recover`, `destroy`."""

import json
import signal
from pathlib import Path

import pytest

from tests import provider_start
from tests.e2e.conftest import wait_until
from tests.e2e.marked import CODE, Marked, marked

__all__ = ["marked"]

pytestmark = [pytest.mark.terraform, pytest.mark.slow]

ALIAS = '\nprovider "tally" {\n  alias = "other"\n}\n'
REASONS = {"--no-warm": "--no-warm", "alias": "a called module configures a provider", "warm": ""}
COMMANDS = {
    "plan": ("plan", "dev"),
    "explain": ("plan", "dev", "--explain"),
    "drift": ("drift", "dev"),
    "recover": ("recover", "dev", "--yes"),
    "destroy": ("destroy", "dev", "--yes"),
}


@pytest.fixture(autouse=True)
def _usual_providers(monkeypatch: pytest.MonkeyPatch) -> None:
    provider_start.ignore_mode(monkeypatch)


def deploy(project: Marked, how: str) -> None:
    """Deploy one mark."""
    project.write("environments/dev/terraform.tfvars", 'behave = "never"\n')
    if how == "alias":
        project.write("modules/web/main.tf", CODE + ALIAS)
    project.run_checked("apply", "dev", "--yes")


def test_whole_apply_takes_one_process(marked: Marked) -> None:
    """Plan, apply, and the refresh after creates and deletes."""
    deploy(marked, "warm")
    assert (marked.count("launch warm"), marked.count("launch ordinary")) == (1, 0)
    assert marked.count("configure") == 4
    assert marked.run("plan", "dev", "--detailed-exitcode").code == 0
    marked.require_nothing_left()


def leave_unfinished(project: Marked) -> None:
    """Kill envctl amid an apply, which ends well."""
    project.write("environments/dev/terraform.tfvars", f'behave = "apply wait {project.go}"\n')
    project.go.unlink(missing_ok=True)
    process = project.start("apply", "dev", "--yes")
    wait_until(lambda: project.count("waiting"))
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    project.go.touch()
    project.require_nothing_left()


# By day each command and each reason once.
BY_DAY = {("drift", "alias"), ("recover", "--no-warm"), ("destroy", "warm")}


@pytest.mark.parametrize(
    ("command", "how"),
    [
        pytest.param(command, how, marks=() if (command, how) in BY_DAY else pytest.mark.night)
        for command in COMMANDS
        for how in REASONS
    ],
)
def test_each_start_of_providers_has_its_reason(marked: Marked, command: str, how: str) -> None:
    deploy(marked, how)
    if command == "recover":
        leave_unfinished(marked)
    elif command == "explain":
        marked.write("environments/dev/terraform.tfvars", 'behave = "not yet"\n')
    Path(marked.extra["TALLY"]).unlink()
    words = ("--no-warm", *COMMANDS[command]) if how == "--no-warm" else COMMANDS[command]
    marked.run_checked("--trace", "trace.json", *words)
    trace = json.loads((marked.root / "trace.json").read_text())
    assert provider_start.find_unnamed_starts(trace) == []
    reasons = {each["name"] for each in trace["traceEvents"] if each["name"].startswith(provider_start.ORDINARY)}
    assert reasons == ({f"{provider_start.ORDINARY}{REASONS[how]}"} if REASONS[how] else set())
    launched = {name for name in ("warm", "ordinary") if marked.count(f"launch {name}")}
    assert launched == {"ordinary" if REASONS[how] else "warm"}
    marked.require_nothing_left()
