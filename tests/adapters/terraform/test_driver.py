"""The driver on real Terraform: plan, apply, and everything that can come between."""

import fcntl
import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from envctl.adapters.terraform.plans.plan_files import PLAN_FILE
from envctl.adapters.terraform.process import binary
from envctl.domain.errors import (
    InterruptedByUserError,
    Location,
    OperationFailedError,
    StateLockedError,
)
from envctl.domain.plan.changes import Action, Marker
from envctl.domain.terraform.variables import Variable
from envctl.usecases.ports.terraform import ProgressEvent
from tests.adapters.terraform.conftest import Bench
from tests.by_day import keep_by_day

pytestmark = pytest.mark.terraform

ONE = 'resource "terraform_data" "one" { input = "first" }\n'
SECRET = "planted-hunter2"
PASSWORD = Variable(
    name="password",
    type_text="string",
    has_default=False,
    default=None,
    nullable=False,
    sensitive=True,
    description="",
    location=Location("modules/web/main.tf", 1),
)


def sleeping(seconds: float) -> str:
    provisioner = f'provisioner "local-exec" {{ command = "/bin/sleep {seconds}" }}'
    return f'{ONE}resource "terraform_data" "slow" {{\n  depends_on = [terraform_data.one]\n  {provisioner}\n}}\n'


def gone(word: str) -> bool:
    """Whether no process with this word is left, be it that the last one needs a moment to die."""
    deadline = time.monotonic() + 3
    while running(word) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not running(word)


def running(word: str) -> list[str]:
    """The command lines of all processes that hold this word."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if word in line:
            found.append(line)
    return found


def test_applied_plan_leaves_clean_plan_without_init(bench: Bench) -> None:
    stack = bench.lay(f'{ONE}output "id" {{ value = terraform_data.one.output }}', outputs={"id": False})
    plan = bench.plan(stack)
    assert [(change.address, change.action) for change in plan.resources] == [("terraform_data.one", Action.CREATE)]
    assert ("input", "first") in [(each.path, each.after) for each in plan.resources[0].attributes]
    assert [(output.name, output.after) for output in plan.outputs] == [("id", Marker.UNKNOWN)]

    bench.driver.apply("dev", stack)
    assert bench.heard.phases() == ["init", "plan", "started", "done"]
    *_, done, over = bench.heard.events
    assert (done.address, done.action, over.phase) == ("terraform_data.one", Action.CREATE, "over")

    again = bench.plan(stack)
    assert not again.changes
    assert not (bench.directory / PLAN_FILE).exists()
    bench.driver = bench.new_driver()
    assert not bench.plan(stack).changes
    assert bench.heard.phases().count("init") == 1


def test_changed_code_is_initialized_again(bench: Bench) -> None:
    bench.plan(bench.lay(ONE))
    plan = bench.plan(bench.lay(ONE + 'resource "terraform_data" "two" {}'))
    assert len(plan.resources) == 2
    assert bench.heard.phases().count("init") == 2


def test_changed_argument_is_planned_without_another_init(bench: Bench) -> None:
    bench.deploy(bench.lay(ONE))
    plan = bench.plan(bench.lay(ONE.replace("first", "second")))
    assert [change.action for change in plan.resources] == [Action.UPDATE]
    assert bench.heard.phases().count("init") == 1


def test_changes_are_announced_once(bench: Bench) -> None:
    announced = list[str]()
    stack = bench.lay(ONE)
    bench.driver.init("dev", stack, None)
    bench.driver.plan("dev", stack, on_changes=lambda: announced.append("changes"))
    assert announced == ["changes"]
    bench.driver.apply("dev", stack)
    bench.driver.plan("dev", stack, on_changes=lambda: announced.append("changes again"))
    assert announced == ["changes"]


def test_changes_are_expected_after_changes(bench: Bench) -> None:
    announced = list[str]()
    stack = bench.lay(ONE)
    bench.driver.init("dev", stack, None)
    for text in (ONE, ONE, "", ""):
        stack = bench.lay(text)
        bench.driver.plan("dev", stack, on_changes=partial(announced.append, text))
    # The third plan has none, and the fourth expects none.
    assert announced == [ONE, ONE, ""]


def test_output_change_alone_is_a_change(bench: Bench) -> None:
    bench.deploy(bench.lay('output "x" { value = 1 }', outputs={"x": False}))
    plan = bench.deploy(bench.lay('output "x" { value = 2 }', outputs={"x": False}))
    assert plan.changes
    assert [(output.before, output.after) for output in plan.outputs] == [(1, 2)]


def test_failed_apply_keeps_applied_resources(bench: Bench) -> None:
    failing = ONE + (
        'resource "terraform_data" "two" {\n'
        "  depends_on = [terraform_data.one]\n"
        '  provisioner "local-exec" { command = "echo no disk left; exit 1" }\n'
        "}\n"
    )
    stack = bench.lay(failing)
    bench.plan(stack)
    with pytest.raises(OperationFailedError) as raised:
        bench.driver.apply("dev", stack)
    (problem,) = raised.value.problems
    assert problem.code == "E305"
    assert "local-exec provisioner error (terraform_data.two)" in problem.message
    assert "no disk left" in problem.message
    assert problem.location == Location("modules/web/main.tf", 4)
    assert "applied changes are kept" in problem.hint
    assert not (bench.directory / PLAN_FILE).exists()
    assert bench.heard.phases()[-1] == "failed"

    mended = bench.deploy(bench.lay(failing.replace("exit 1", "exit 0")))
    assert {change.address: change.action for change in mended.resources} == {"terraform_data.two": Action.REPLACE}


def test_failed_precondition_is_reported_with_its_line(bench: Bench) -> None:
    stack = bench.lay(
        'locals { one = 1 }\nresource "terraform_data" "one" {\n'
        "  lifecycle {\n    precondition {\n      condition     = local.one > 2\n"
        '      error_message = "one is not more than two"\n    }\n  }\n}\n'
    )
    with pytest.raises(OperationFailedError) as raised:
        bench.plan(stack)
    (problem,) = raised.value.problems
    assert problem.message.startswith("web: Resource precondition failed")
    assert "one is not more than two" in problem.message
    assert problem.location == Location("modules/web/main.tf", 5)
    assert "nothing was changed" in problem.hint


def test_invalid_code_is_reported_at_init_with_line(bench: Bench) -> None:
    with pytest.raises(OperationFailedError) as raised:
        bench.plan(bench.lay(f'{ONE}resource "terraform_data" {{}}\n'))
    assert raised.value.problems[0].location == Location("modules/web/main.tf", 2)


@pytest.mark.usefixtures("impatient_plans")
def test_state_locked_by_another_terraform_is_reported(bench: Bench) -> None:
    stack = bench.lay(ONE)
    bench.deploy(stack)
    bench.lay(sleeping(20.25))
    bench.driver.init("dev", stack, None)
    other = subprocess.Popen(
        [*binary.find_embedded(), "apply", "-auto-approve", "-input=false"],
        cwd=bench.directory,
        env={"HOME": str(bench.root), "CHECKPOINT_DISABLE": "1"},
        stdout=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 10
        while not running("sleep 20.25") and time.monotonic() < deadline:
            time.sleep(0.02)
        with pytest.raises(StateLockedError) as raised:
            bench.plan(stack)
    finally:
        other.send_signal(signal.SIGINT)
        other.wait(timeout=20)
    (problem,) = raised.value.problems
    assert problem.code == "E306"
    assert "the Terraform state of web is locked by" in problem.message
    assert "for apply since 20" in problem.message
    assert "@" in problem.message


def name_lock_holder(bench: Bench, operation: str) -> None:
    """Write what Terraform writes beside a state that it locks: without it, envctl waits for it."""
    info = {"ID": "1", "Who": "bob@ci", "Operation": operation, "Created": "2026-11-25T03:29:18Z", "Path": "x"}
    (bench.state.parent / f".{bench.state.name}.lock.info").write_text(json.dumps(info))


@pytest.mark.usefixtures("impatient_plans")
def test_plan_without_the_lock_waits_for_nobody(bench: Bench) -> None:
    stack = bench.lay(ONE)
    bench.deploy(stack)
    bench.lay(ONE.replace("first", "second"))
    name_lock_holder(bench, "OperationTypeApply")
    with bench.state.open("r+b") as state:
        fcntl.lockf(state, fcntl.LOCK_EX)
        assert bench.driver.plan("dev", stack, locking="none").changes
        assert bench.driver.detect_drift("dev", stack, unchanged=False).pending.changes
        with pytest.raises(StateLockedError):
            bench.driver.plan("dev", stack, locking="at once")
        with pytest.raises(StateLockedError):
            bench.driver.detect_drift("dev", stack, unchanged=False, locked=True)


@pytest.mark.usefixtures("impatient_plans")
@pytest.mark.parametrize(
    ("operation", "waits"),
    keep_by_day([("OperationTypePlan", True), ("OperationTypeApply", False)], ("OperationTypePlan", True)),
)
def test_deployment_waits_for_lock_of_a_plan(bench: Bench, operation: str, *, waits: bool) -> None:
    stack = bench.lay(ONE)
    bench.deploy(stack)
    bench.lay(ONE.replace("first", "second"))
    name_lock_holder(bench, operation)
    with bench.state.open("r+b") as state:
        fcntl.lockf(state, fcntl.LOCK_EX)
        if waits:
            threading.Timer(3, fcntl.lockf, (state, fcntl.LOCK_UN)).start()
            assert bench.driver.plan("dev", stack).changes
        else:
            with pytest.raises(StateLockedError, match="locked by bob@ci for apply"):
                bench.driver.plan("dev", stack)
    said = "web in dev: bob@ci plans there and holds the Terraform lock since 03:29:18 UTC; waiting for up to 4 minutes"
    assert bench.heard.messages == ([said] if waits else [])


@pytest.mark.night
@pytest.mark.usefixtures("impatient_plans")
def test_lock_released_during_lookup_is_waited_for(bench: Bench) -> None:
    """Terraform itself does not: it finds nobody, and gives up at once."""
    stack = bench.lay(ONE)
    bench.deploy(stack)
    bench.lay(ONE.replace("first", "second"))
    bench.plan(stack)
    with bench.state.open("r+b") as state:
        fcntl.lockf(state, fcntl.LOCK_EX)
        began = time.monotonic()
        threading.Timer(1, fcntl.lockf, (state, fcntl.LOCK_UN)).start()
        bench.driver.apply("dev", stack)
        assert time.monotonic() - began > 1
        fcntl.lockf(state, fcntl.LOCK_EX)
        with pytest.raises(StateLockedError, match="locked by somebody"):
            bench.driver.plan("dev", stack)
    assert '"second"' in bench.state.read_text()


def test_interrupted_apply_stops_cleanly_and_can_resume(bench: Bench) -> None:
    stack = bench.lay(sleeping(31.75))

    def interrupt(event: ProgressEvent) -> None:
        if event.phase == "started" and event.address.endswith("slow"):
            threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()

    bench.plan(stack)
    bench.heard.reacts = interrupt
    before, began = signal.getsignal(signal.SIGINT), time.monotonic()
    with pytest.raises(InterruptedByUserError) as raised:
        bench.driver.apply("dev", stack)
    assert time.monotonic() - began < 20
    assert raised.value.problems[0].code == "E311"
    assert signal.getsignal(signal.SIGINT) is before
    assert gone("sleep 31.75")
    assert not (bench.directory / PLAN_FILE).exists()
    assert '"one"' in bench.state.read_text()
    assert list(bench.state.parent.glob("*.lock.info")) == []

    bench.heard.reacts = lambda event: None
    resumed = bench.deploy(bench.lay(sleeping(0)))
    assert [change.address for change in resumed.resources] == ["terraform_data.slow"]


def test_secret_is_written_only_to_the_state(bench: Bench) -> None:
    code = (
        'variable "password" {\n  type = string\n  sensitive = true\n}\n'
        'resource "terraform_data" "one" { input = { plain = "shown", secret = var.password } }\n'
        'output "token" {\n  value = var.password\n  sensitive = true\n}\n'
    )

    def lay(password: str) -> None:
        stack = bench.lay(code, variables=(PASSWORD,), arguments={"password": password}, outputs={"token": True})
        plan = bench.plan(stack)
        assert plan.changes
        assert SECRET not in repr(plan)
        bench.driver.apply("dev", stack)

    lay(SECRET)
    lay(f"{SECRET}-rotated")
    assert SECRET not in repr(bench.heard.events)
    assert SECRET in bench.state.read_text()
    holding = [file for file in bench.root.rglob("*") if file.is_file() and SECRET.encode() in file.read_bytes()]
    assert {file.parent for file in holding} == {bench.state.parent}


def test_moved_resource_is_a_change(bench: Bench) -> None:
    bench.deploy(bench.lay(ONE))
    renamed = ONE.replace('"one"', '"uno"') + "moved {\n  from = terraform_data.one\n  to   = terraform_data.uno\n}\n"
    plan = bench.deploy(bench.lay(renamed))
    assert plan.changes
    assert [(change.action, change.moved_from, change.address) for change in plan.resources] == [
        (Action.MOVE, "terraform_data.one", "terraform_data.uno")
    ]
    assert not bench.plan(bench.lay(renamed)).changes


def test_replacement_names_its_cause(bench: Bench) -> None:
    code = 'resource "terraform_data" "one" { triggers_replace = ["a"] }'
    bench.deploy(bench.lay(code))
    (change,) = bench.plan(bench.lay(code.replace('"a"', '"b"'))).resources
    assert change.action is Action.REPLACE
    assert [each.path for each in change.attributes if each.forces_replacement] == ["triggers_replace[0]"]


def test_deposed_object_is_distinguished_from_its_replacement(bench: Bench) -> None:
    code = (
        'resource "terraform_data" "one" {\n  triggers_replace = ["a"]\n'
        "  lifecycle {\n    create_before_destroy = true\n  }\n"
        '}\nresource "terraform_data" "two" {\n  triggers_replace = [terraform_data.one.id]\n'
        '  provisioner "local-exec" { command = "exit 0" }\n}\n'
    )
    bench.deploy(bench.lay(code))
    stack = bench.lay(code.replace('"a"', '"b"').replace("exit 0", "exit 1"))
    bench.plan(stack)
    with pytest.raises(OperationFailedError, match="local-exec provisioner error"):
        bench.driver.apply("dev", stack)
    left, new = sorted(bench.plan(stack).resources, key=lambda change: change.address)
    assert re.fullmatch(r"terraform_data\.one \(deposed [0-9a-f]{8}\)", left.address)
    assert (left.action, new.address) == (Action.DELETE, "terraform_data.two")


def test_deleted_data_folder_needs_one_init(bench: Bench) -> None:
    stack = bench.lay(ONE)
    bench.deploy(stack)
    shutil.rmtree(bench.directory / ".terraform")
    assert not bench.plan(stack).changes
    assert bench.heard.phases().count("init") == 2
    assert not bench.plan(stack).changes
    assert bench.heard.phases().count("init") == 2


def test_warnings_are_kept(bench: Bench) -> None:
    check = 'check "x" {\n  assert {\n    condition     = local.one > 2\n    error_message = "odd"\n  }\n}\n'
    assert bench.plan(bench.lay(f"locals {{ one = 1 }}\n{check}")).warnings == ("Check block assertion failed",)


SAYS = """
resource "terraform_data" "this" {{
  triggers_replace = {0}
  provisioner "local-exec" {{
    command = "echo $GOGC >> {1}"
  }}
}}
"""


def deployed_beside_another(bench: Bench, code: str) -> None:
    def deploy() -> None:
        bench.deploy(bench.lay(code))

    with bench.driver.open_worker_pool() as crew:
        crew.submit("one", deploy)
        crew.submit("another", lambda: None)
        assert {crew.wait_for_job()[1] for _ in range(2)} == {None}


def test_garbage_collection_is_tuned_by_concurrency(bench: Bench) -> None:
    said = bench.root / "gogc"
    bench.deploy(bench.lay(SAYS.format(1, said)))
    deployed_beside_another(bench, SAYS.format(2, said))
    assert said.read_text().split() == ["400", "off"]


def test_configured_garbage_collection_is_kept(bench: Bench) -> None:
    said = bench.root / "gogc"
    bench.inherited["GOGC"] = "400"
    deployed_beside_another(bench, SAYS.format(1, said))
    assert said.read_text().split() == ["400"]
