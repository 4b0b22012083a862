"""The next command after a plan is found while Terraform shows the changes, and only if there are any."""

import threading
import time
from collections.abc import Callable

import pytest

from envctl.domain.errors import InterruptedByUserError, OperationFailedError, Problem
from envctl.domain.ledger.state import LedgerState
from envctl.domain.plan.changes import EnvironmentPlan
from envctl.usecases.deployment import next_command
from envctl.usecases.deployment.apply import apply
from envctl.usecases.deployment.promote import promote
from envctl.usecases.inspect.early_command import EarlyPlanCommand
from envctl.usecases.inspect.plan import plan_environment
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from tests.fakes.world import World

Prepare = Callable[..., Callable[[EnvironmentPlan], EnvironmentPlan]]


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The threads that prepared a next command."""
    threads: list[str] = []
    prepare: Prepare = next_command.prepare_plan_command

    def record_thread(*given: object, **options: object) -> Callable[[EnvironmentPlan], EnvironmentPlan]:
        threads.append(threading.current_thread().name)
        return prepare(*given, **options)

    monkeypatch.setattr(next_command, "prepare_plan_command", record_thread)
    return threads


def plan_early(world: World, environment: str) -> EnvironmentPlan:
    with EarlyPlanCommand(world.ports, environment) as following:
        plan, error = plan_environment(world.ports, environment, following=following)
        assert error is None
        return following.add_command(plan)


def plan_late(world: World, environment: str) -> EnvironmentPlan:
    return next_command.add_plan_command(world.ports, plan_environment(world.ports, environment)[0])


def test_early_command_is_that_of_the_plan(world: World, prepared: list[str]) -> None:
    first = plan_early(world, "dev")
    assert (first.next, first) == ("envctl apply dev", plan_late(world, "dev"))
    apply(world.ports, "dev")
    promote(world.ports, "dev", "staging")
    world.edit("environments/staging/terraform.tfvars", 'cidr = "10.66.0.0/16"\n')
    changed = plan_early(world, "staging")
    assert (changed.next, changed) == ("envctl apply staging", plan_late(world, "staging"))
    assert prepared == ["next command", "MainThread"] * 2


def test_plan_without_changes_prepares_no_command(world: World, prepared: list[str]) -> None:
    apply(world.ports, "dev")
    assert (plan_early(world, "dev").next, prepared) == ("", [])


@pytest.mark.parametrize("when", ["before", "after"])
def test_plan_without_ledger_has_no_next_command(world: World, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    def fail(*_: object) -> object:
        raise OperationFailedError(Problem("E404", "the store does not respond"))

    name = "_prepare_suggestion" if when == "before" else "format_deployment"
    if when == "after":
        apply(world.ports, "dev")
        promote(world.ports, "dev", "staging")
        world.edit("environments/staging/terraform.tfvars", 'cidr = "10.66.0.0/16"\n')
    monkeypatch.setattr(next_command, name, fail)
    plan = plan_early(world, "dev" if when == "before" else "staging")
    assert (plan.changes > 0, plan.next) == (True, "")


def test_fault_of_early_command_is_raised(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> object:
        raise ZeroDivisionError

    monkeypatch.setattr(next_command, "_prepare_suggestion", fail)
    with pytest.raises(ZeroDivisionError):
        plan_early(world, "dev")


@pytest.mark.parametrize("stop", [KeyboardInterrupt, InterruptedByUserError])
def test_interruption_does_not_wait_for_next_command(
    world: World, monkeypatch: pytest.MonkeyPatch, stop: type[BaseException]
) -> None:
    goes_on, started = threading.Event(), threading.Event()

    def block(*_: object) -> object:
        started.set()
        goes_on.wait(20)
        raise OperationFailedError(Problem("E404", "the store does not respond"))

    monkeypatch.setattr(next_command, "_prepare_suggestion", block)
    with pytest.raises(stop), EarlyPlanCommand(world.ports, "dev") as following:
        following.prepare()
        assert started.wait(20)
        raise stop
    goes_on.set()
    following.wait()


def test_failed_plan_waits_for_next_command(world: World, prepared: list[str]) -> None:
    with pytest.raises(ZeroDivisionError), EarlyPlanCommand(world.ports, "dev") as following:
        following.prepare()
        raise ZeroDivisionError
    assert prepared == ["next command"]


def test_only_one_thread_uses_the_ledger(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    inside, most = [0], [0]
    load = journal.load

    def count_readers(ports: Ports) -> LedgerState:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        time.sleep(0.05)
        found = load(ports)
        inside[0] -= 1
        return found

    monkeypatch.setattr(journal, "load", count_readers)
    # Without a state, the plan itself reads the ledger too.
    assert plan_early(world, "dev").next == "envctl apply dev"
    assert plan_early(world, "dev").next == "envctl apply dev"
    assert most == [1]
