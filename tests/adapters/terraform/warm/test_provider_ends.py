"""Ends that nobody wanted: a kill or a crash of envctl, Terraform, a provider or its keeper."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from envctl.adapters.terraform.process.process import ProcessResult
from envctl.domain.errors import LockHeldError, OperationFailedError
from envctl.usecases.ports.terraform import PreparedStack
from tests.adapters.terraform.warm.conftest import is_running, list_keepers, wait_until
from tests.adapters.terraform.warm.tally import MARK, Tally, behave, read_owners, run_beside, tally, wait_for
from tests.adapters.terraform.warm.tally_provider import VERSION
from tests.by_day import keep_by_day

__all__ = ["tally"]

pytestmark = [pytest.mark.terraform, pytest.mark.slow]


def is_idle(tally: Tally, stack: PreparedStack) -> bool:
    try:
        tally.driver.require_idle("dev", stack)
    except LockHeldError:
        return False
    return True


@pytest.mark.parametrize(
    ("victim", "phase"),
    keep_by_day(
        [("provider", "plan"), ("provider", "apply"), ("keeper", "plan"), ("keeper", "apply")],
        ("provider", "apply"),
        ("keeper", "plan"),
    ),
)
def test_killed_provider_takes_its_stack_alone(tally: Tally, phase: str, victim: str) -> None:
    go = tally.folder / "go"
    stack, other = tally.prepare(behave(f"{phase} wait {go}")), tally.prepare(MARK, "other")
    tally.driver.plan("dev", other)
    if phase == "apply":
        tally.driver.plan("dev", stack)
    work = tally.driver.plan if phase == "plan" else tally.driver.apply
    thread, errors = run_beside(lambda: work("dev", stack))
    wait_for(tally, "waiting")
    (pid,) = {int(line.split()[-1]) for line in tally._read_lines() if line.startswith("waiting")}
    keeper = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(pid if victim == "provider" else keeper, signal.SIGKILL)
    thread.join(30)
    (error,) = errors
    assert isinstance(error, OperationFailedError)
    (problem,) = error.problems
    assert problem.code == "E332", problem
    assert f"provider tally {VERSION} was killed (SIGKILL)" in problem.message
    tally.driver.apply("dev", other)
    assert tally.driver.has_state("dev", other)
    # The next run of the same command starts another one.
    go.touch()
    tally.driver.plan("dev", stack)
    tally.driver.apply("dev", stack)
    assert tally.driver.has_state("dev", stack)


# Whether Terraform hears of the end of the connection or of its own cancelled call first is chance.
LOST = re.compile(r"(?s)(?:Error: )?(?:Plugin did not respond|Request cancelled).*")


@pytest.mark.parametrize("phase", keep_by_day(["plan", "apply", "import"], "apply"))
def test_crash_is_told_as_without_warm_providers(tally: Tally, phase: str) -> None:
    stack = tally.prepare(behave(f"{phase} panic"))
    told = []
    for warm in (True, False):
        driver = tally.create_driver(warm=warm)
        with pytest.raises(OperationFailedError) as raised:
            if phase == "import":
                driver.import_resource("dev", stack, "tally_mark.this", "panic")
            driver.plan("dev", stack)
            driver.apply("dev", stack)
        told.append([(each.code, LOST.sub("lost", each.message), each.hint) for each in raised.value.problems])
    assert told[0] == told[1]
    assert tally.count()["launch warm"] == 1


@pytest.mark.night
def test_crash_text_is_in_the_output_of_terraform(tally: Tally) -> None:
    stack = tally.prepare()
    site = tally.driver._build_site("dev", stack)
    words = ("tally_mark.this", "panic")
    found = []
    for warm in (True, False):
        driver = tally.create_driver(warm=warm)
        result, _ = driver._launcher.capture_command(site, "import", *words, alone=True, no_color=True, input=False)
        text = result.errors.partition("Stack trace from the")[2].strip()
        found.append((result.code, [line for line in text.splitlines() if line], "plugin process exited" in result.log))
    assert found[0] == found[1]
    assert found[0][2]
    assert "The terraform-provider-tally_v1.0.0 plugin crashed!" in "\n".join(found[0][1])


def test_provider_that_dies_while_it_waits_is_replaced(tally: Tally) -> None:
    stack = tally.prepare()
    tally.driver.plan("dev", stack)
    (pid,) = tally.processes
    os.kill(pid, signal.SIGKILL)
    # The first of its threads seems dead before the last one is.
    wait_until(lambda: not list_keepers(tally.bench.root))
    tally.driver.apply("dev", stack)
    assert tally.driver.has_state("dev", stack)
    assert tally.count()["launch warm"] == 2


def test_failed_plan_waits_for_no_death(tally: Tally) -> None:
    stack = tally.prepare()
    assert tally.driver._warm is not None
    tally.driver.plan("dev", stack)
    site = tally.driver._build_site("dev", stack)
    begin = time.monotonic()
    result = tally.driver._warm.explain_failure(site, ProcessResult(code=1, errors="why", interrupted=False))
    assert (result.errors, time.monotonic() - begin < 0.5) == ("why", True)
    tally.require_none_left()


@pytest.mark.parametrize("phase", keep_by_day(["plan", "apply"], "apply"))
def test_killed_terraform_leaves_no_provider(tally: Tally, phase: str) -> None:
    go = tally.folder / "go"
    stack = tally.prepare(behave(f"{phase} wait {go}"))
    if phase == "apply":
        tally.driver.plan("dev", stack)
    thread, errors = run_beside(lambda: getattr(tally.driver, phase)("dev", stack))
    wait_for(tally, "waiting")
    running = int((tally.bench.work / "dev/web/.running").read_text())
    os.kill(running, signal.SIGKILL)
    thread.join(30)
    (error,) = errors
    assert isinstance(error, OperationFailedError)
    assert error.problems[0].code == "E332"
    tally.require_none_left()


# An apply outlives envctl.

KILLED = """
import os, signal, sys
from pathlib import Path
from tests.adapters.terraform.conftest import Bench
from envctl.adapters.terraform.driver import TerraformDriver
from envctl.usecases.ports.terraform import PreparedStack

root, inherited = Path(sys.argv[1]), dict(each.split("=", 1) for each in sys.argv[3:])
bench = Bench(root)
driver = TerraformDriver(root, root / ".envctl", lambda _: inherited, bench.heard)
stack = PreparedStack("web", root="roots/web")
driver.plan("dev", stack)
if sys.argv[2] == "question":
    print("asking", flush=True)
    sys.stdin.read()
driver.apply("dev", stack)
"""


def start_killed(tally: Tally, phase: str) -> "subprocess.Popen[bytes]":
    words = [f"{name}={value}" for name, value in tally.bench.inherited.items()]
    return subprocess.Popen(
        [sys.executable, "-c", KILLED, os.fspath(tally.bench.root), phase, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[4],
    )


def test_apply_of_a_killed_envctl_ends_well(tally: Tally) -> None:
    go = tally.folder / "go"
    stack = tally.prepare(behave(f"apply wait {go}"))
    with start_killed(tally, "apply") as process:
        wait_for(tally, "waiting")
        process.kill()
    (pid,) = tally.processes
    time.sleep(0.5)
    assert is_running(pid), "Terraform still needs it"
    go.touch()
    tally.require_none_left()
    # Terraform itself ends after its provider.
    wait_until(lambda: is_idle(tally, stack), 20)
    assert read_owners(tally, stack) == {"this": "default"}
    assert not tally.driver.plan("dev", stack).resources


@pytest.mark.parametrize("phase", keep_by_day(["plan", "question"], "question"))
def test_killed_envctl_leaves_no_process(tally: Tally, phase: str) -> None:
    go = tally.folder / "go"
    stack = tally.prepare(behave(f"plan wait {go}") if phase == "plan" else MARK)
    with start_killed(tally, phase) as process:
        if phase == "plan":
            wait_for(tally, "waiting")
        else:
            assert process.stdout is not None
            assert process.stdout.readline() == b"asking\n"
        process.kill()
    go.touch()
    tally.require_none_left()
    wait_until(lambda: not tally.driver.has_state("dev", stack))
    tally.driver.require_idle("dev", stack)


def test_killed_envctl_and_terraform_leave_no_provider(tally: Tally) -> None:
    stack = tally.prepare(behave(f"apply wait {tally.folder / 'go'}"))
    with start_killed(tally, "apply") as process:
        wait_for(tally, "waiting")
        running = int((tally.bench.work / "dev/web/.running").read_text())
        process.kill()
        os.kill(running, signal.SIGKILL)
    tally.require_none_left()
    tally.driver.require_idle("dev", stack)
