"""The providers of a drift check start before its stacks are prepared, if the last check knew a single stack."""

from dataclasses import replace
from pathlib import Path

import pytest

from envctl.adapters.terraform.scheduler.capacity import Limits, share_cores
from envctl.adapters.terraform.scheduler.machine import detect_machine
from envctl.adapters.terraform.warm.checked_stacks import CheckedStacks
from envctl.usecases.ports.terraform import PreparedStack
from tests.adapters.terraform.warm.conftest import list_keepers, wait_until
from tests.adapters.terraform.warm.tally import Tally, tally

__all__ = ["tally"]

WEB = PreparedStack("web", binary="tofu", profile="shop", workspace="blue", root="roots/web", region="eu-north-1")


def test_single_checked_stack_is_remembered(tmp_path: Path) -> None:
    CheckedStacks(tmp_path / "checked.json").record("dev", replace(WEB, secrets={"key": "secret"}))
    assert CheckedStacks(tmp_path / "checked.json").find_single("dev") == WEB
    assert CheckedStacks(tmp_path / "checked.json").find_single("prod") is None
    assert "secret" not in (tmp_path / "checked.json").read_text()


def test_several_checked_stacks_are_not_expected(tmp_path: Path) -> None:
    checked = CheckedStacks(tmp_path / "checked.json")
    for name in ("web", "network", "web"):
        checked.record("dev", replace(WEB, name=name))
    assert checked.find_single("dev") is None


@pytest.mark.parametrize("stack", [replace(WEB, warm=False), replace(WEB, leaves="destroy")])
def test_unusual_stack_is_not_expected(tmp_path: Path, stack: PreparedStack) -> None:
    checked = CheckedStacks(tmp_path / "checked.json")
    checked.record("dev", stack)
    assert checked.find_single("dev") is None


@pytest.mark.parametrize("text", ["", "[]", '{"dev": 1}', '{"dev": {}}', '{"dev": {"name": 1}}'])
def test_unusable_memory_counts_as_no_check(tmp_path: Path, text: str) -> None:
    (tmp_path / "checked.json").write_text(text)
    assert CheckedStacks(tmp_path / "checked.json").find_single("dev") is None


@pytest.mark.terraform
@pytest.mark.slow
def test_check_takes_the_provider_started_for_it(tally: Tally) -> None:
    stack = tally.prepare()
    tally.driver.detect_drift("dev", stack, unchanged=False)
    tally.require_none_left()
    launches = tally.count()["launch warm"]
    tally.driver = tally.create_driver()
    tally.driver.expect_checks(["dev"])
    # The kernel shows the words of a new process a moment after its start.
    wait_until(lambda: bool(list_keepers(tally.bench.root)), seconds=2)
    (early,) = list_keepers(tally.bench.root)
    tally.driver.expect_checks(["staging"])
    assert list_keepers(tally.bench.root) == [early]
    tally.driver.detect_drift("dev", stack, unchanged=False)
    assert tally.count()["launch warm"] == 2 * launches
    tally.require_none_left()


@pytest.mark.terraform
@pytest.mark.slow
def test_check_of_a_missing_program_is_not_expected(tally: Tally) -> None:
    stack = tally.prepare()
    tally.driver.detect_drift("dev", stack, unchanged=False)
    tally.driver._checked_stacks.record("prod", replace(stack, binary="no-such-program"))
    tally.driver.expect_checks(["prod"])
    tally.require_none_left()


@pytest.mark.terraform
@pytest.mark.slow
@pytest.mark.parametrize("environments", [["dev"], ["dev", "staging"]], ids=len)
def test_providers_of_several_checks_share_the_cores(tally: Tally, environments: list[str]) -> None:
    stack = tally.prepare()
    tally.driver.detect_drift("dev", stack, unchanged=False)
    tally.require_none_left()
    tally.driver = tally.create_driver()
    tally.driver.expect_checks(environments)
    wait_until(lambda: bool(list_keepers(tally.bench.root)), seconds=2)
    (early,) = list_keepers(tally.bench.root)
    variables = Path(f"/proc/{early}/environ").read_bytes().split(b"\0")
    cores = share_cores(detect_machine(), Limits(parallelism=2), len(environments))
    assert [each for each in variables if each.startswith(b"GOMAXPROCS=")] == (
        [] if cores is None else [b"GOMAXPROCS=%d" % cores]
    )
