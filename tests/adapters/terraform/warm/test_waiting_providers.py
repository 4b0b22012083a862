"""Which providers wait for an apply, and when they end."""

import gc
import os

import pytest

from envctl.adapters.terraform.scheduler.capacity import Limits
from envctl.domain.errors import OperationFailedError
from tests.adapters.terraform.warm.conftest import is_running, wait_until
from tests.adapters.terraform.warm.tally import MARK, Tally, behave, tally

__all__ = ["tally"]

pytestmark = [pytest.mark.terraform, pytest.mark.slow]


def test_only_as_many_wait_as_run_at_once(tally: Tally) -> None:
    names = ("a", "b", "c")
    driver = tally.create_driver(limits=Limits(parallelism=2))
    stacks = [tally.prepare(MARK, name) for name in names]
    for each in stacks:
        driver.plan("dev", each)
    assert len([pid for pid in tally.processes if is_running(pid)]) <= 3
    wait_until(lambda: len([pid for pid in tally.processes if is_running(pid)]) == 2, seconds=2)
    meter = driver._monitor.meter
    assert sorted(pid for pids in meter.waiting.values() for pid in pids) == sorted(tally.processes[:2])
    with meter.watch_process(os.getpid(), "test"):
        meter.sample_memory()
    assert meter.waiting_memory > 10 << 20
    for each in stacks:
        driver.apply("dev", each)
    assert meter.waiting == {}
    assert tally.count()["launch warm"] == 4
    tally.require_none_left()


def test_refresh_takes_the_provider_of_its_apply(tally: Tally) -> None:
    stack = tally.prepare()
    with tally.driver.open_worker_pool():
        tally.driver.plan("dev", stack)
        tally.driver.expect_refresh("dev", stack)
        tally.driver.apply("dev", stack)
    (pid,) = tally.processes
    assert is_running(pid)
    assert tally.driver._monitor.meter.waiting
    tally.driver.refresh_state("dev", stack)
    assert tally.count()["launch warm"] == 1
    tally.require_none_left()
    assert tally.driver._monitor.meter.waiting == {}


def test_failed_apply_keeps_no_provider(tally: Tally) -> None:
    stack = tally.prepare(behave("apply panic"))
    tally.driver.plan("dev", stack)
    tally.driver.expect_refresh("dev", stack)
    with pytest.raises(OperationFailedError):
        tally.driver.apply("dev", stack)
    tally.require_none_left()


def test_planned_stack_waits_in_place_of_an_applied_one(tally: Tally) -> None:
    driver = tally.create_driver(limits=Limits(parallelism=1))
    first, second = (tally.prepare(MARK, name) for name in ("a", "b"))
    driver.plan("dev", first)
    driver.expect_refresh("dev", first)
    driver.apply("dev", first)
    driver.plan("dev", second)
    wait_until(lambda: [is_running(pid) for pid in tally.processes] == [False, True], seconds=2)
    driver.expect_refresh("dev", second)
    driver.apply("dev", second)
    for each in (first, second):
        driver.refresh_state("dev", each)
    # The first refresh found none, and could not replace the other one.
    assert tally.count()["launch warm"] == 3
    tally.require_none_left()


def test_unused_provider_ends_with_the_command(tally: Tally) -> None:
    stack = tally.prepare()
    tally.driver.plan("dev", stack)
    tally.driver.expect_refresh("dev", stack)
    tally.driver.apply("dev", stack)
    tally.driver.delete_plans("dev")
    tally.require_none_left()


def test_dropped_plans_end_their_providers(tally: Tally) -> None:
    stacks = [tally.prepare(MARK, name) for name in ("a", "b")]
    for each in stacks:
        tally.driver.plan("dev", each)
    first, second = tally.processes
    tally.driver.delete_plan("dev", stacks[0])
    wait_until(lambda: not is_running(first), seconds=2)
    assert is_running(second)
    tally.driver.plan("dev", stacks[0])
    tally.driver.delete_plans("dev")
    tally.require_none_left()


def test_end_of_the_work_ends_what_no_apply_follows(tally: Tally) -> None:
    assert tally.driver._warm is not None
    stacks = [tally.prepare(MARK, name) for name in ("a", "b")]
    with tally.driver.open_worker_pool():
        for each in stacks:
            tally.driver.plan("dev", each)
        kept, other = tally.processes
        tally.driver._warm._waiting.remove_stack(tally.bench.work / "dev/b/roots/b")
    assert is_running(kept)
    assert not is_running(other)


def test_forgotten_driver_ends_its_providers(tally: Tally) -> None:
    stack, driver = tally.prepare(), tally.create_driver()
    driver.plan("dev", stack)
    (pid,) = tally.processes
    del driver
    gc.collect()
    assert not is_running(pid)


def test_other_credentials_take_another_process(tally: Tally) -> None:
    stack = tally.prepare()
    tally.driver.plan("dev", stack)
    tally.bench.inherited = {**tally.bench.inherited, "AWS_ACCESS_KEY_ID": "other"}
    tally.driver._launcher._environments.clear()
    tally.driver.apply("dev", stack)
    assert tally.count()["launch warm"] == 2


def test_tuning_of_terraform_is_no_other_process(tally: Tally) -> None:
    stack = tally.prepare()
    tally.driver.plan("dev", stack)
    tally.driver._monitor.units = 2
    tally.driver.apply("dev", stack)
    assert tally.count()["launch warm"] == 1
