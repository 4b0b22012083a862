"""A Terraform that outlives its envctl is noticed, and nothing else is taken for one."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from envctl.adapters.terraform.process import stack_lock
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.errors import LockHeldError, OperationFailedError, Problem
from envctl.domain.plan.changes import Action
from envctl.domain.terraform.workdir_names import INIT_STAMP, RUNNING_FILE
from envctl.usecases.ports.terraform import PreparedStack
from tests.adapters.terraform.conftest import STACK, Bench
from tests.programs import SYSTEM_PATH

REPOSITORY = Path(__file__).parents[4]
APPLY = """
import sys; from pathlib import Path
from envctl.usecases.ports.terraform import PreparedStack
from tests.adapters.terraform.conftest import Bench
driver, stack = Bench(Path(sys.argv[1])).driver, PreparedStack("web", binary=sys.argv[2])
if not stack.binary:
    # A plan lives as long as the process that made it.
    driver.plan("dev", stack)
driver.apply("dev", stack)
"""


class Killed:
    """An envctl that applies in a process of its own, for the test to kill. What it leaves goes with the test."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.left: list[int] = []

    def apply(self, begun: Path, binary: str = "") -> int:
        """Killed as soon as the file is there. The process of its Terraform, which goes on."""
        child = subprocess.Popen([sys.executable, "-c", APPLY, os.fspath(self.bench.root), binary], cwd=REPOSITORY)
        try:
            until(lambda: begun.exists() and bool(self.recorded()))
        finally:
            child.kill()
            child.wait()
        pid = int(self.recorded())
        self.left.append(pid)
        return pid

    def recorded(self) -> str:
        return (self.bench.directory / RUNNING_FILE).read_text()


@pytest.fixture
def killed(bench: Bench) -> Iterator[Killed]:
    killed = Killed(bench)
    yield killed
    for pid in killed.left:
        with suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def waiting(bench: Bench) -> str:
    """Its apply writes `begun` and then waits for `go`."""
    command = f": > {bench.root}/begun; until [ -e {bench.root}/go ]; do /bin/sleep 0.05; done"
    provisioner = f'provisioner "local-exec" {{ command = "{command}" }}'
    return f'resource "terraform_data" "slow" {{\n  {provisioner}\n}}\n'


def free(bench: Bench) -> bool:
    with suppress(LockHeldError):
        stack_lock.require_idle(Site("dev", PreparedStack(STACK), bench.directory))
        return True
    return False


def refused(work: Callable[[], object]) -> Problem:
    with pytest.raises(LockHeldError) as raised:
        work()
    (problem,) = raised.value.problems
    assert problem.code == "E309"
    return problem


@pytest.mark.terraform
def test_apply_that_outlives_envctl_blocks_other_runs(bench: Bench, killed: Killed) -> None:
    stack = bench.lay(waiting(bench))
    bench.plan(stack)
    pid = killed.apply(bench.root / "begun")

    driver = bench.new_driver()
    problem = refused(lambda: driver.plan("dev", stack))
    assert problem.message == f"Terraform (process {pid}) of an earlier command still works on stack web of dev"
    assert problem.hint == f"wait until it has ended, or end it: kill {pid}; then: envctl recover dev"
    assert refused(lambda: driver.detect_drift("dev", stack, unchanged=True)) == problem
    assert refused(lambda: driver.read_outputs("dev", stack)) == problem
    assert refused(lambda: driver.force_unlock("dev", stack, "some-id")) == problem
    assert refused(lambda: driver.apply("dev", stack)) == problem

    bench.lay(waiting(bench) + 'resource "terraform_data" "more" {}')
    assert refused(lambda: driver.init("dev", stack, None)) == problem
    assert (bench.directory / INIT_STAMP).exists()

    (bench.root / "go").touch()
    until(lambda: free(bench))
    assert [(each.address, each.action) for each in bench.plan(stack).resources] == [
        ("terraform_data.more", Action.CREATE)
    ]


@pytest.mark.terraform
def test_children_of_killed_terraform_do_not_block_others(bench: Bench, killed: Killed) -> None:
    stack = bench.lay(waiting(bench))
    bench.plan(stack)
    pid = killed.apply(bench.root / "begun")
    os.kill(pid, signal.SIGKILL)
    until(lambda: free(bench))
    assert bench.new_driver().plan("dev", stack).changes


LINGERS = '#!/bin/sh\n[ "$1" = init ] && exit 0\n/bin/sleep 60 &\necho $! > daemon.new; /bin/mv daemon.new daemon\n'
SUMS_UP = """echo '{"type": "change_summary", "changes": {"operation": "apply"}}'\n"""


def foreign(bench: Bench, script: str) -> PreparedStack:
    """A Terraform from elsewhere, which hands on to what it starts whatever it has inherited."""
    bench.lay("")
    program = bench.root / "terraform"
    program.write_text(script)
    program.chmod(0o755)
    bench.inherited["PATH"] = SYSTEM_PATH
    return PreparedStack(STACK, binary=os.fspath(program))


def test_process_left_by_killed_terraform_is_named(bench: Bench, killed: Killed) -> None:
    stack = foreign(bench, LINGERS + "wait\n")
    pid = killed.apply(bench.directory / "daemon", stack.binary)
    os.kill(pid, signal.SIGKILL)
    daemon = int((bench.directory / "daemon").read_text())
    until(lambda: not running_as(pid))

    problem = refused(lambda: bench.driver.apply("dev", stack))
    assert problem.message == (
        f"sleep (process {daemon}), left by a Terraform of an earlier command, still holds stack web of dev"
    )
    assert problem.hint == f"end it: kill {daemon}; then: envctl recover dev"
    os.kill(daemon, signal.SIGKILL)
    until(lambda: free(bench))


def running_as(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


def test_process_left_by_successful_terraform_blocks_nothing(bench: Bench, killed: Killed) -> None:
    stack = foreign(bench, LINGERS + SUMS_UP)
    bench.driver.apply("dev", stack)
    daemon = int((bench.directory / "daemon").read_text())
    killed.left.append(os.getpgid(daemon))
    assert running_as(daemon)
    bench.driver.apply("dev", stack)
    killed.left.append(os.getpgid(int((bench.directory / "daemon").read_text())))


def test_starting_terraform_without_process_id_is_noticed(bench: Bench) -> None:
    bench.lay("")
    site = Site("dev", PreparedStack(STACK), bench.directory)
    with stack_lock.lock_stack(site):
        problem = refused(lambda: stack_lock.require_idle(site))
    assert problem.message == "Terraform of an earlier command still works on stack web of dev"
    stack_lock.require_idle(site)


def test_error_while_terraform_runs_keeps_stack_locked(bench: Bench) -> None:
    bench.lay("")
    site = Site("dev", PreparedStack(STACK), bench.directory)
    with pytest.raises(ZeroDivisionError), stack_lock.lock_stack(site) as lock:
        inherited = os.dup(lock.descriptor)
        raise ZeroDivisionError
    refused(lambda: stack_lock.require_idle(site))
    os.close(inherited)
    stack_lock.require_idle(site)


def test_unwritable_work_directory_is_reported(tmp_path: Path) -> None:
    site = Site("dev", PreparedStack(STACK), tmp_path / "gone")
    with pytest.raises(OperationFailedError) as raised, stack_lock.lock_stack(site):
        pass
    assert raised.value.problems[0].code == "E406"
