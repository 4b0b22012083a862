"""Who was killed, and whether it was for want of memory, in the words of Terraform 1.15 whose providers really were."""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from envctl.adapters.terraform.diagnostics import killed_process, oom_kills
from envctl.adapters.terraform.launcher import check_result
from envctl.adapters.terraform.process import json_events
from envctl.adapters.terraform.process.json_events import Diagnostic, Transcript
from envctl.adapters.terraform.process.process import ProcessResult
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.errors import EnvctlError, InterruptedByUserError, OperationFailedError, Problem
from envctl.usecases.ports.terraform import PreparedStack
from tests.adapters.terraform.conftest import Bench
from tests.faults.provider_mirror import ADDRESS, serve_provider_mirror

SITE = Site("dev", PreparedStack("web"), Path("/nowhere"))
LOG = (
    "2026-11-26T01:58:24.244Z [ERROR] provider: plugin process exited: plugin=.terraform/providers/"
    'registry.terraform.io/hashicorp/aws/3.39.0/linux_amd64/terraform-provider-aws_v3.39.0_x5 id=8635 error="{}"\n'
)
GONE = LOG.format("signal: killed")
UNREADABLE = """Unrecognized remote plugin message:
Failed to read any lines from plugin's stdout
This usually means
  the plugin was not compiled for this architecture,
"""
WHILE_READING = Diagnostic(
    severity="error",
    summary="Plugin did not respond",
    detail="The plugin encountered an error, and failed to respond to the plugin.(*GRPCProvider).ReadDataSource call. "
    "The plugin logs may contain more details.",
    address="data.aws_vpc.x[0]",
)
WHILE_MAKING = Diagnostic(
    severity="error",
    summary="Request cancelled",
    detail="The plugin.(*GRPCProvider).ApplyResourceChange request was cancelled.",
    address="module.web.aws_vpc.main[0]",
)
WHILE_LOADING = Diagnostic(
    severity="error",
    summary="Failed to load plugin schemas",
    detail="Error while loading schemas for plugin components: Failed to obtain provider schema: Could not load"
    " the schema for provider registry.terraform.io/acme/aws: failed to instantiate provider"
    f' "x" to obtain schema: {UNREADABLE}',
)
WHILE_STARTING = Diagnostic(severity="error", summary=UNREADABLE)
WHILE_UNUSED = Diagnostic(
    severity="error", summary='failed to instantiate provider "x": reattachment process not found'
)
PROGRAM = Diagnostic(
    severity="error",
    summary="local-exec provisioner error",
    detail="Error running command 'make': signal: killed. Output: ",
    address="x.y",
)
WRONG = Diagnostic(severity="error", summary="Invalid value", detail="it is too long")


def problems(ended: ProcessResult, *diagnostics: Diagnostic, command: str = "plan") -> list[Problem]:
    with pytest.raises(EnvctlError) as raised:
        check_result(ended, Transcript(diagnostics=list(diagnostics)), SITE, command)
    return list(raised.value.problems)


@pytest.mark.parametrize(
    "said",
    [WHILE_READING, WHILE_MAKING, WHILE_LOADING, WHILE_STARTING, WHILE_UNUSED],
    ids=["while it reads", "while it makes something", "while its schema is read", "while it starts", "between uses"],
)
def test_killed_provider_is_named(said: Diagnostic) -> None:
    (by_somebody,) = problems(ProcessResult(code=1, errors="", interrupted=False, log=GONE), said)
    assert (by_somebody.code, by_somebody.message) == ("E332", "web: provider aws 3.39.0 was killed (SIGKILL)")
    (by_the_kernel,) = problems(
        ProcessResult(code=1, errors="", interrupted=False, log=GONE, oom_killed=True, memory=3 << 30), said
    )
    assert by_the_kernel.code == "E331"
    expected = "web: the kernel killed provider aws 3.39.0: out of memory; envctl's processes took 3072 MiB"
    assert by_the_kernel.message.startswith(expected)
    assert "--parallelism 1" in by_the_kernel.hint


def test_kernel_counter_identifies_unlogged_oom_kill() -> None:
    (problem,) = problems(ProcessResult(code=1, errors="", interrupted=False, oom_killed=True), WHILE_READING)
    assert problem.message == "web: the kernel killed a provider: out of memory"


NOT_KILLED = {
    "it crashed": (ProcessResult(code=1, errors="", interrupted=False, log=LOG.format("exit status 2")), WHILE_READING),
    "nobody knows why it does not answer": (ProcessResult(code=1, errors="", interrupted=False), WHILE_READING),
    "it did not end in time, and so Terraform ended it": (
        ProcessResult(code=1, errors="", interrupted=False, log=GONE),
        WRONG,
    ),
    "the kernel has killed something else": (
        ProcessResult(code=1, errors="", interrupted=False, oom_killed=True),
        WRONG,
    ),
}


@pytest.mark.parametrize(("ended", "said"), NOT_KILLED.values(), ids=NOT_KILLED.keys())
def test_surviving_process_is_not_reported_as_killed(ended: ProcessResult, said: Diagnostic) -> None:
    assert [problem.code for problem in problems(ended, said)] == ["E305"]


@pytest.mark.parametrize("code", [-9, 137], ids=["it was killed", "a shell around it says so"])
def test_killed_terraform_is_reported(code: int) -> None:
    (plan,) = problems(ProcessResult(code=code, errors="", interrupted=False))
    assert (plan.code, plan.message) == ("E332", "web: Terraform was killed (SIGKILL)")
    assert "nothing was changed" in plan.hint
    (apply,) = problems(ProcessResult(code=code, errors="", interrupted=False, oom_killed=True), command="apply")
    assert (apply.code, apply.message) == ("E331", "web: the kernel killed Terraform: out of memory")
    assert apply.hint.endswith("check its lock and its state: envctl recover dev")


def test_killed_after_interruption_is_no_clean_stop() -> None:
    assert [
        problem.code for problem in problems(ProcessResult(code=-9, errors="", interrupted=True), command="apply")
    ] == ["E332"]
    with pytest.raises(InterruptedByUserError):
        check_result(ProcessResult(code=1, errors="", interrupted=True), Transcript(), SITE, "apply")


def test_silent_process_is_reported_as_killed_by_timeout() -> None:
    assert [
        problem.code for problem in problems(ProcessResult(code=-9, errors="", interrupted=False, silent=True))
    ] == ["E325"]


def test_killed_provisioner_program_is_reported() -> None:
    (problem,) = problems(
        ProcessResult(code=1, errors="", interrupted=False, oom_killed=True), PROGRAM, command="apply"
    )
    assert problem.message.startswith("web: the kernel killed a program that Terraform ran: out of memory")


def test_killed_apply_names_resource_and_other_errors() -> None:
    ended = ProcessResult(code=1, errors="", interrupted=False, log=GONE)
    lost, wrong = problems(ended, WHILE_MAKING, WRONG, command="apply")
    assert "it was working on aws_vpc.main[0]: what it created may be missing from the state" in lost.message
    assert "finished changes are kept, and the next run continues" in lost.hint
    assert (wrong.code, wrong.message) == ("E305", "web: Invalid value\nit is too long")


def test_killed_terraform_names_its_unfinished_resource() -> None:
    transcript = Transcript()
    for kind, name in (("apply_start", "one"), ("apply_start", "two"), ("apply_complete", "one")):
        hook = f'{{"resource": {{"addr": "module.web.x.{name}"}}, "action": "create"}}'
        json_events.record_line(f'{{"type": "{kind}", "hook": {hook}}}', PreparedStack("web"), transcript)
    with pytest.raises(OperationFailedError, match=r"it was working on x\.two: what"):
        check_result(ProcessResult(code=-9, errors="", interrupted=False), transcript, SITE, "apply")


def test_log_lines_are_separated_from_output() -> None:
    several = "2026-11-26T01:58:25Z [ERROR] provider.terraform-provider-aws: no:\n  error=\n  | line one\n  | two\n"
    said = "\nError: Failed to load\n  because of that\n"
    assert killed_process.split_log(GONE + several + said) == (said, GONE + several)
    assert killed_process.split_log(said) == (said, "")


COUNTED = "low 0\nhigh 0\nmax 7\noom 3\noom_kill {}\n"
GROUPS = {
    "cgroup v2": ("0::/user/job\n", "sys/fs/cgroup/user/job/memory.events"),
    "a container's own root": ("0::/docker/1f\n", "sys/fs/cgroup/memory.events"),
    "cgroup v1": ("5:cpu:/\n4:memory:/job\n0::/\n", "sys/fs/cgroup/memory/job/memory.oom_control"),
    "v1 with others": ("4:cpu,memory:/job\n", "sys/fs/cgroup/memory/job/memory.oom_control"),
    "the whole machine": ("0::/job\n", "proc/vmstat"),
    "no groups at all": ("", "proc/vmstat"),
}


@pytest.mark.parametrize(("own", "counter"), GROUPS.values(), ids=GROUPS.keys())
def test_oom_kills_are_counted_by_the_kernel(own: str, counter: str, tmp_path: Path) -> None:
    lay(tmp_path, "proc/self/cgroup", own)
    lay(tmp_path, "proc/vmstat", "nr_free_pages 1\n")
    assert oom_kills.count_kills(tmp_path) is None
    assert not oom_kills.has_new_kills(None, tmp_path)
    lay(tmp_path, counter, COUNTED.format(2))
    assert oom_kills.count_kills(tmp_path) == 2
    assert (
        oom_kills.has_new_kills(1, tmp_path),
        oom_kills.has_new_kills(2, tmp_path),
        oom_kills.has_new_kills(None, tmp_path),
    ) == (
        True,
        False,
        False,
    )


def test_oom_kills_are_unknown_without_kernel_counter(tmp_path: Path) -> None:
    assert oom_kills.count_kills(tmp_path) is None


def lay(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


@pytest.mark.terraform
def test_real_killed_provider_is_named(bench: Bench, tmp_path: Path) -> None:
    code = f'terraform {{\n required_providers {{\n tiny = {{\n source = "{ADDRESS}"\n }}\n }}\n}}\n'
    with serve_provider_mirror(tmp_path / "mirror") as mirror:
        mirror.program = "kill -9 $$"
        bench.inherited |= mirror.surroundings
        bench.driver = bench.new_driver()
        with pytest.raises(OperationFailedError) as raised:
            bench.plan(bench.lay(code + 'resource "terraform_data" "this" {}\n'))
    (problem,) = raised.value.problems
    assert (problem.code, problem.message) == ("E332", "web: provider tiny 2.0.0 was killed (SIGKILL)")


@pytest.mark.terraform
def test_terraform_killed_during_apply_leaves_no_process(bench: Bench, tmp_path: Path) -> None:
    written = tmp_path / "provisioner"
    command = f"echo $$ > {written}; exec /bin/sleep 60"
    made = f'provisioner "local-exec" {{\n command = "{command}"\n }}'
    stack = bench.lay(f'resource "terraform_data" "this" {{\n {made}\n}}\n')
    bench.plan(stack)

    def kill() -> None:
        wait_for(lambda: written.exists() and written.read_text().strip() != "")
        os.kill(int((bench.directory / ".running").read_text()), signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(OperationFailedError) as raised:
        bench.driver.apply("dev", stack)
    (problem,) = raised.value.problems
    assert problem.message.startswith("web: Terraform was killed (SIGKILL)\nit was working on terraform_data.this:")
    killer.join()
    status = Path(f"/proc/{int(written.read_text())}/stat")
    # Who is killed dies when it is next let run.
    wait_for(lambda: not status.exists() or status.read_text().split()[2] == "Z")


def wait_for(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not reached():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.01)
