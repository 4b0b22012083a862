"""A provider that ends right before its Terraform asks it for anything: nothing has happened, and nobody notices."""

import json
import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

from envctl.adapters.terraform.process import process
from envctl.adapters.terraform.process.output_lines import ProcessOutput
from envctl.adapters.terraform.process.process import ProcessResult
from envctl.adapters.terraform.warm.handshake import ProviderAddress, format_addresses
from envctl.domain.errors import OperationFailedError
from tests.adapters.terraform.warm.conftest import is_running, list_keepers, wait_until
from tests.adapters.terraform.warm.tally import Tally, read_owners, tally
from tests.adapters.terraform.warm.tally_provider import ADDRESS
from tests.by_day import keep_by_day

__all__ = ["tally"]

pytestmark = [pytest.mark.terraform, pytest.mark.slow]
REASON = "a provider ended before Terraform used it"
UNMET = "to obtain schema: reattachment process not found"
RunProcess = Callable[..., ProcessResult]


def run_before(monkeypatch: pytest.MonkeyPatch, command: str, act: Callable[[], object]) -> None:
    """Do something once, right before this command of Terraform starts, and after the last look at its provider."""
    run_process: RunProcess = process.run_process

    def run_after(line: list[str], *words: Any, **options: Any) -> ProcessResult:
        if command in line:
            monkeypatch.setattr(process, "run_process", run_process)
            act()
        return run_process(line, *words, **options)

    monkeypatch.setattr(process, "run_process", run_after)


def kill_before(tally: Tally, monkeypatch: pytest.MonkeyPatch, command: str, victim: str = "provider") -> None:
    def kill() -> None:
        (provider,), (keeper,) = tally.processes[-1:], list_keepers(tally.bench.root)
        os.kill(provider if victim == "provider" else keeper, signal.SIGKILL)
        wait_until(lambda: not is_running(provider) and not list_keepers(tally.bench.root))

    run_before(monkeypatch, command, kill)


@pytest.mark.parametrize(
    ("command", "victim"),
    keep_by_day(
        [("plan", "provider"), ("show", "provider"), ("apply", "provider"), ("apply", "keeper")],
        ("plan", "provider"),
        ("apply", "keeper"),
    ),
)
def test_provider_lost_before_use_is_left_to_terraform(
    tally: Tally, monkeypatch: pytest.MonkeyPatch, command: str, victim: str
) -> None:
    stack = tally.prepare()
    kill_before(tally, monkeypatch, command, victim)
    assert tally.driver.plan("dev", stack).resources
    tally.driver.apply("dev", stack)
    assert tally.trace.reasons == [REASON]
    assert tally.count()["launch ordinary"]
    assert tally.count()["apply default"] == 1
    assert read_owners(tally, stack) == {"this": "default"}
    tally.driver.require_idle("dev", stack)
    tally.require_none_left()
    # Once.
    assert not tally.driver.plan("dev", stack).resources
    assert tally.trace.reasons == [REASON]


@pytest.mark.night
def test_provider_lost_before_an_import_is_left_to_terraform(tally: Tally, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = tally.prepare()
    kill_before(tally, monkeypatch, "import")
    tally.driver.import_resource("dev", stack, "tally_mark.this", "id")
    assert tally.trace.reasons == [REASON]
    assert tally.driver.has_state("dev", stack)


@pytest.mark.night
def test_provider_lost_before_a_refresh_is_left_to_terraform(tally: Tally, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = tally.prepare()
    tally.driver.plan("dev", stack)
    tally.driver.apply("dev", stack)
    kill_before(tally, monkeypatch, "apply")
    tally.driver.refresh_state("dev", stack)
    assert tally.trace.reasons == [REASON]


@pytest.mark.night
def test_refresh_after_a_lost_provider_keeps_none(tally: Tally, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = tally.prepare()
    tally.driver.plan("dev", stack)
    tally.driver.expect_refresh("dev", stack)
    kill_before(tally, monkeypatch, "apply")
    tally.driver.apply("dev", stack)
    tally.driver.refresh_state("dev", stack)
    assert tally.trace.reasons == [REASON]
    tally.require_none_left()


@pytest.mark.parametrize("command", keep_by_day(["plan", "show", "apply"], "apply"))
def test_provider_that_dies_before_its_schema_is_left_to_terraform(
    tally: Tally, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """Terraform may still reach a process that is about to end."""
    stack = tally.prepare()
    run_before(monkeypatch, command, tally.log.with_name("log.fatal").touch)
    assert tally.driver.plan("dev", stack).resources
    tally.driver.apply("dev", stack)
    assert tally.trace.reasons == [REASON]
    assert tally.count()["apply default"] == 1
    assert read_owners(tally, stack) == {"this": "default"}


def test_lost_provider_of_a_person_is_an_error(tally: Tally) -> None:
    """A provider under a debugger, whose address Terraform has from the environment."""
    stack = tally.prepare()
    gone = ProviderAddress(ADDRESS, os.getpid(), 6, str(tally.folder / "nowhere"))
    tally.bench.inherited |= format_addresses([gone])
    driver = tally.create_driver()
    with pytest.raises(OperationFailedError, match="reattachment process not found"):
        driver.plan("dev", stack)
    assert tally.read() == []


def test_lost_provider_amid_changes_fails_its_stack(tally: Tally, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = tally.prepare()
    tally.driver.plan("dev", stack)
    runs: list[str] = []
    begun = {"type": "apply_start", "hook": {"resource": {"addr": "tally_mark.this"}, "action": "create"}}
    failed = {"type": "diagnostic", "diagnostic": {"severity": "error", "summary": UNMET}}

    def fail(
        line: list[str], _: object, __: object, on_line: Callable[[str], None], *, output: ProcessOutput, **___: Any
    ) -> ProcessResult:
        output.close()
        runs.append(line[-1])
        for each in (begun, failed):
            on_line(json.dumps(each))
        return ProcessResult(code=1, errors="", interrupted=False)

    monkeypatch.setattr(process, "run_process", fail)
    with pytest.raises(OperationFailedError):
        tally.driver.apply("dev", stack)
    assert len(runs) == 1
    assert tally.trace.reasons == []
