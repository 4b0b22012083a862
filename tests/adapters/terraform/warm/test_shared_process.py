"""One process of a provider serves all Terraform processes of a stack: real Terraform, a provider of protocol 6."""

import json
import os
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from envctl.adapters.terraform.plans.plan_reader import PlanReader
from envctl.adapters.terraform.process.binary import find_embedded
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.plan.changes import Action
from tests.adapters.terraform.warm.conftest import is_running
from tests.adapters.terraform.warm.tally import MARK, REQUIRED, Tally, behave, read_owners, run_beside, tally, wait_for
from tests.adapters.terraform.warm.tally_provider import VERSION
from tests.by_day import keep_by_day

__all__ = ["tally"]

pytestmark = [pytest.mark.terraform, pytest.mark.slow]


def test_plan_show_and_apply_share_one_process(tally: Tally) -> None:
    stack = tally.prepare()
    plan = tally.driver.plan("dev", stack)
    assert [each.action for each in plan.resources] == [Action.CREATE]
    (pid,) = tally.processes
    assert is_running(pid)
    tally.driver.apply("dev", stack)
    assert tally.count() == {"launch warm": 1, "schema": 3, "configure default": 2, "apply default": 1}
    tally.require_none_left()
    assert tally.trace.reasons == []


@pytest.mark.parametrize("is_taken", keep_by_day([False, True], True))
def test_each_terraform_asks_for_the_schema_once(tally: Tally, is_taken: bool) -> None:
    """Plan, show and apply do. Without a relay, as with a provider that takes its name, a plan asks for it thrice."""
    if is_taken:
        script = tally.folder / "script"
        script.write_text(': > "$PLUGIN_UNIX_SOCKET_DIR/relay"\n' + script.read_text())
    stack = tally.prepare()
    tally.driver.plan("dev", stack)
    tally.driver.apply("dev", stack)
    assert tally.count()["schema"] == (3 + 1 + 2 if is_taken else 3)
    assert tally.trace.reasons == []


@pytest.mark.night
def test_plan_without_changes_keeps_no_process(tally: Tally) -> None:
    stack = tally.prepare()
    tally.driver.plan("dev", stack)
    tally.driver.apply("dev", stack)
    assert not tally.driver.plan("dev", stack).resources
    tally.require_none_left()
    assert tally.count()["launch warm"] == 2


def test_plan_that_nothing_applies_keeps_no_process(tally: Tally) -> None:
    plan = tally.driver.plan("dev", tally.prepare(), locking="none")
    assert [each.action for each in plan.resources] == [Action.CREATE]
    tally.driver.delete_plans("dev")
    tally.require_none_left()
    assert tally.count() == {"launch warm": 1, "schema": 2, "configure default": 1}


def test_drift_takes_one_process(tally: Tally) -> None:
    stack = tally.prepare()
    tally.driver.plan("dev", stack)
    tally.driver.apply("dev", stack)
    tally.log.unlink()
    tally.driver.detect_drift("dev", stack, unchanged=False)
    assert tally.count()["launch warm"] == 1
    assert "launch ordinary" not in tally.count()
    tally.require_none_left()


def test_forecast_takes_one_process(tally: Tally) -> None:
    stack = tally.prepare()
    plan = tally.driver.forecast("dev", stack, {})
    assert [each.action for each in plan.resources] == [Action.CREATE]
    assert tally.count() == {"launch warm": 1, "schema": 2, "configure default": 1}
    assert tally.trace.reasons == []
    tally.require_none_left()


def test_forecast_of_root_with_provider_is_ordinary(tally: Tally) -> None:
    """The root module of the forecast calls that of the stack."""
    stack = tally.prepare(MARK + 'provider "tally" {\n}\n')
    tally.driver.forecast("dev", stack, {})
    assert "launch warm" not in tally.count()
    assert {each.rpartition(": ")[2] for each in tally.trace.reasons} == {"a called module configures a provider"}


@pytest.mark.night
def test_refresh_import_and_destroy_take_one_process_each(tally: Tally) -> None:
    stack = tally.prepare()
    tally.driver.import_resource("dev", stack, "tally_mark.this", "known")
    assert tally.count() == {"launch warm": 1, "schema": 1, "configure default": 1, "read default": 1}
    tally.require_none_left()
    tally.driver.refresh_state("dev", stack)
    assert tally.count()["launch warm"] == 2
    tally.require_none_left()
    tally.driver.plan("dev", stack, destroy=True)
    tally.driver.apply("dev", stack)
    assert tally.count()["launch warm"] == 3
    assert "launch ordinary" not in tally.count()
    tally.require_none_left()


@pytest.mark.night
def test_commands_without_schema_start_no_process(tally: Tally) -> None:
    stack = tally.prepare()
    tally.driver.has_state("dev", stack)
    tally.driver.read_outputs("dev", stack)
    tally.driver.check_lock("dev", stack)
    assert tally.read() == []


@pytest.mark.parametrize("warm_first", keep_by_day([True, False], True))
def test_apply_of_a_plan_of_the_other_way_works(tally: Tally, warm_first: bool) -> None:
    stack = tally.prepare()
    tally.driver.plan("dev", stack)
    drivers = [tally.driver, tally.create_driver(warm=False)]
    first, second = drivers if warm_first else reversed(drivers)
    first.plan("dev", stack)
    # A plan lives with the driver that made it.
    second._plans = first._plans
    second._planned_changes = first._planned_changes
    second.apply("dev", stack)
    assert second.has_state("dev", stack)


CONFIGURED = (
    MARK
    + 'provider "tally" {\n  name = "one"\n}\nprovider "tally" {\n  alias = "b"\n  name = "two"\n}\n'
    + 'resource "tally_mark" "b" {\n  provider = tally.b\n}\n'
)
BRACED = CONFIGURED.replace('  alias = "b"\n', '  # a\n  name = "two"\n /*\n}\n*/ alias = "b"\n').replace(
    '\n  name = "two"\n}\nresource', "\n}\nresource"
)
CALLING = 'module "child" {\n  source = "../../modules/child"\n}\n'
CHILD = REQUIRED + 'provider "tally" {\n  name = "inner"\n}\nresource "tally_mark" "child" {\n}\n'


@pytest.mark.parametrize(
    ("code", "owners"),
    [
        pytest.param(CONFIGURED, {"this": "one", "b": "two"}, marks=pytest.mark.night),
        (BRACED, {"this": "one", "b": "two"}),
        # By day test_on_aws.py has one.
        pytest.param(MARK + CALLING, {"this": "default", "child": "inner"}, marks=pytest.mark.night),
    ],
    ids=["alias", "alias behind a brace", "called module"],
)
def test_each_resource_is_made_by_its_own_configuration(tally: Tally, code: str, owners: dict[str, str]) -> None:
    files = {"roots/web/main.tf": code, "modules/child/main.tf": CHILD}
    stack = tally.bench.lay_root("roots/web", files)
    tally.driver.init("dev", stack, None)
    tally.driver.plan("dev", stack)
    tally.driver.apply("dev", stack)
    assert read_owners(tally, stack) == owners
    assert "launch warm" not in tally.count()
    assert len(set(tally.trace.reasons)) == 1


@pytest.mark.night
def test_orphan_of_an_alias_is_refused_as_ever(tally: Tally) -> None:
    stack = tally.prepare(CONFIGURED)
    tally.driver.plan("dev", stack)
    tally.driver.apply("dev", stack)
    orphaned = CONFIGURED.partition('provider "tally" {\n  alias')[0]
    stack = tally.prepare(orphaned)
    messages = []
    for warm in (True, False):
        with pytest.raises(OperationFailedError) as raised:
            tally.create_driver(warm=warm).plan("dev", stack)
        messages.append([each.message for each in raised.value.problems])
    assert messages[0] == messages[1]
    assert "Provider configuration not present" in messages[0][0]
    assert "configure" not in " ".join(tally.read())


@pytest.mark.night
def test_orphan_of_the_default_configuration_is_destroyed_by_it(tally: Tally) -> None:
    stack = tally.prepare(MARK + 'provider "tally" {\n  name = "one"\n}\n')
    tally.driver.plan("dev", stack)
    tally.driver.apply("dev", stack)
    stack = tally.prepare(REQUIRED + 'provider "tally" {\n  name = "one"\n}\n')
    assert [each.action for each in tally.driver.plan("dev", stack).resources] == [Action.DELETE]
    tally.driver.apply("dev", stack)
    assert tally.count() == {"launch warm": 1, "schema": 3, "configure one": 2, "read one": 1, "apply one": 1}


@pytest.mark.night
def test_changed_constraint_is_noticed(tally: Tally) -> None:
    """Terraform compares no version of a provider that it is handed."""
    stack = tally.prepare()
    tally.driver.plan("dev", stack)
    changed = MARK.replace('"acme/tally"', '"acme/tally", version = ">= 2.0"')
    stack = tally.bench.lay_root("roots/web", {"roots/web/main.tf": changed})
    with pytest.raises(OperationFailedError):
        tally.driver.init("dev", stack, None)


def damage_lock(tally: Tally) -> None:
    lock = tally.bench.work / "dev/web/roots/web/.terraform.lock.hcl"
    text = lock.read_text()
    start = text.index("h1:") + 3
    lock.write_text(text[:start] + "AAAA" + text[start + 4 :])


def damage_package(tally: Tally) -> None:
    (program,) = (tally.folder / "mirror").rglob(f"terraform-provider-tally_v{VERSION}")
    content = program.read_bytes()
    program.unlink()
    program.write_bytes(content + b"\0")
    program.chmod(0o755)


@pytest.mark.parametrize("damage", [damage_lock, damage_package])
def test_damaged_package_is_never_handed_over(tally: Tally, damage: Callable[[Tally], None]) -> None:
    stack = tally.prepare()
    damage(tally)
    try:
        tally.driver.plan("dev", stack)
    except OperationFailedError as error:
        assert error.problems
    assert "launch warm" not in tally.count()
    assert tally.trace.reasons
    assert "does not match the lock" in tally.trace.reasons[0]


@pytest.mark.night
def test_code_changed_after_a_plan_is_counted_again(tally: Tally) -> None:
    stack = tally.prepare(MARK + 'provider "tally" {\n  name = "one"\n}\n')
    tally.driver.plan("dev", stack)
    # `init` has nothing to do.
    tally.bench.lay_root("roots/web", {"roots/web/main.tf": CONFIGURED})
    tally.driver.plan("dev", stack)
    tally.driver.apply("dev", stack)
    assert read_owners(tally, stack) == {"this": "one", "b": "two"}
    assert tally.count()["launch warm"] == 1
    assert set(tally.trace.reasons) == {"a provider configuration has an alias"}


def test_package_changed_after_a_plan_is_refused(tally: Tally) -> None:
    stack = tally.prepare()
    tally.driver.plan("dev", stack)
    damage_package(tally)
    with pytest.raises(OperationFailedError):
        tally.driver.apply("dev", stack)
    assert "apply default" not in tally.read()
    tally.require_none_left()


@pytest.mark.night
def test_unreadable_plan_keeps_no_provider(tally: Tally, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = tally.prepare()

    def refuse(*_: object, **__: object) -> None:
        raise OperationFailedError(Problem("E999", "why"))

    monkeypatch.setattr(PlanReader, "read_plan", refuse)
    with pytest.raises(OperationFailedError, match="why"):
        tally.driver.plan("dev", stack)
    assert len(tally.processes) == 1
    tally.require_none_left()


@pytest.mark.parametrize("kind", keep_by_day(["local-exec", "a nested Terraform"], "local-exec"))
def test_program_of_a_provisioner_sees_no_address(tally: Tally, kind: str) -> None:
    inner = tally.folder / "inner"
    inner.mkdir()
    (inner / "main.tf").write_text(MARK + 'provider "tally" {\n  name = "inner"\n}\n')
    command = f"/usr/bin/env > {tally.folder}/seen"
    if kind != "local-exec":
        terraform = shlex.join(find_embedded())
        command = f"cd {inner} && {terraform} init >&2 && {terraform} apply -auto-approve >&2 && {command}"
    code = 'provider "tally" {\n  name = "outer"\n}\nresource "terraform_data" "run" {\n'
    code += '  depends_on = [tally_mark.this]\n  provisioner "local-exec" {\n'
    code += f"    command = {json.dumps(command)}\n  }}\n}}\n"
    stack = tally.prepare(MARK + code)
    tally.driver.plan("dev", stack)
    tally.driver.apply("dev", stack)
    assert "TF_REATTACH" not in (tally.folder / "seen").read_text()
    assert read_owners(tally, stack)["this"] == "outer"
    assert tally.count()["launch warm"] == 0


# What they can see.


def test_provider_sees_no_variable_of_the_stack(tally: Tally) -> None:
    code = MARK + 'variable "password" {\n  type = string\n}\n'
    stack = tally.bench.lay_root("roots/web", {"roots/web/main.tf": code})
    stack = replace(stack, secrets={"password": "planted-password"})
    tally.driver.init("dev", stack, None)
    tally.log.unlink(missing_ok=True)
    tally.driver.plan("dev", stack)
    (pid,) = tally.processes
    environment = Path(f"/proc/{pid}/environ").read_bytes()
    assert b"TALLY=" in environment
    assert b"planted" not in environment
    assert b"TF_REATTACH_PROVIDERS" not in environment
    descriptors = {os.fspath(each.readlink()) for each in Path(f"/proc/{pid}/fd").iterdir()}
    assert not [each for each in descriptors if ".running" in each or "memfd" in each], descriptors


def test_terraform_passes_no_lifeline_on(tally: Tally) -> None:
    """A child of Terraform that lives on would keep the provider."""
    go = tally.folder / "go"
    stack = tally.prepare(behave(f"plan wait {go}"))
    thread, errors = run_beside(lambda: tally.driver.plan("dev", stack))
    wait_for(tally, "waiting")
    running = int((tally.bench.work / "dev/web/.running").read_text())
    flags = [
        int(file.read_text().split("flags:")[1].split()[0], 8)
        for file in Path(f"/proc/{running}/fdinfo").iterdir()
        if int(file.name) > 2
    ]
    go.touch()
    thread.join(30)
    assert not errors
    assert all(each & os.O_CLOEXEC for each in flags)
