"""Terraform starts beside its providers, and waits for them at a gate."""

import json
import os
from contextlib import closing
from pathlib import Path

import pytest

from envctl.adapters.terraform.init.plugin_cache import PinnedProvider
from envctl.adapters.terraform.warm.gate import Gate
from envctl.adapters.terraform.warm.handshake import KnownProtocols
from envctl.adapters.terraform.warm.provider_process import WarmProvider
from tests.adapters.terraform.warm.tally import Tally, tally
from tests.descriptors import count_descriptors

__all__ = ["tally"]

PROVIDER = PinnedProvider("example.com/acme/tiny", "1.0.0", frozenset())


def test_released_gate_is_an_empty_file() -> None:
    with closing(Gate()) as gate:
        gate.release()
        assert os.read(gate.reader, 10) == b""


def test_refusing_gate_is_no_file_of_variables() -> None:
    with closing(Gate()) as gate:
        gate.refuse()
        assert os.read(gate.reader, 10) == b"}"


def test_gate_is_read_by_its_descriptor() -> None:
    with closing(Gate()) as gate:
        assert gate.words == (f"-var-file=/dev/fd/{gate.reader}",)


def test_gate_leaves_no_descriptor() -> None:
    before = count_descriptors()
    for end in (Gate.release, Gate.refuse, bool):
        with closing(Gate()) as gate:
            end(gate)
    assert not count_descriptors() - before


def test_protocol_is_remembered(tmp_path: Path) -> None:
    file = tmp_path / "protocols.json"
    assert KnownProtocols(file).find_version(PROVIDER) is None
    KnownProtocols(file).add_version(PROVIDER, 6)
    assert KnownProtocols(file).find_version(PROVIDER) == 6


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"example.com/acme/tiny 1.0.0": "x"}', '{"example.com/acme/tiny 1.0.0": 4}']
)
def test_unusable_memory_counts_as_none(tmp_path: Path, text: str) -> None:
    file = tmp_path / "protocols.json"
    file.write_text(text)
    assert KnownProtocols(file).find_version(PROVIDER) is None


def plan_again(tally: Tally) -> None:
    """Plan a stack a second time, with a new driver: its providers are known by now."""
    stack = tally.prepare()
    tally.driver.plan("dev", stack)
    tally.driver.delete_plan("dev", stack)
    tally.driver = tally.create_driver()
    assert tally.driver.plan("dev", stack).resources
    tally.driver.delete_plan("dev", stack)
    tally.require_none_left()


@pytest.mark.terraform
@pytest.mark.slow
def test_known_provider_starts_beside_terraform(tally: Tally, monkeypatch: pytest.MonkeyPatch) -> None:
    running: list[int] = []
    await_address = WarmProvider.await_address

    def record_running(self: WarmProvider, *args: object) -> object:
        running.append(len(tally.driver._monitor.meter._running))
        return await_address(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(WarmProvider, "await_address", record_running)
    plan_again(tally)
    assert running == [0, 1]
    assert tally.count() == {"launch warm": 2, "schema": 4, "configure default": 2}
    assert tally.trace.reasons == []


@pytest.mark.terraform
@pytest.mark.slow
def test_wrong_protocol_is_corrected(tally: Tally) -> None:
    stack = tally.prepare()
    tally.driver.plan("dev", stack)
    tally.driver.delete_plan("dev", stack)
    file = tally.bench.root / ".envctl/cache/protocols.json"
    (name,) = json.loads(file.read_text())
    file.write_text(json.dumps({name: 5}))
    tally.driver = tally.create_driver()
    assert tally.driver.plan("dev", stack).resources
    assert tally.trace.reasons == ["a provider has another protocol than in an earlier run"]
    assert json.loads(file.read_text()) == {name: 6}
    tally.driver.delete_plan("dev", stack)
    tally.require_none_left()


@pytest.mark.terraform
@pytest.mark.slow
def test_provider_that_does_not_start_is_left_to_terraform(tally: Tally, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    await_address = WarmProvider.await_address

    def fail_once(self: WarmProvider, *args: object) -> object:
        calls.append(1)
        if len(calls) == 2:
            raise OSError("it ended")
        return await_address(self, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(WarmProvider, "await_address", fail_once)
    before = count_descriptors()
    plan_again(tally)
    assert tally.trace.reasons == ["it ended"]
    assert tally.count()["launch ordinary"] == 3
    assert not count_descriptors() - before
