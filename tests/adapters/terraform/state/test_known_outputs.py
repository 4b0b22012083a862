"""Outputs read by this command, known to all its threads."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from envctl.adapters.terraform.state.known_outputs import KnownOutputs
from envctl.domain.terraform.outputs import Output

NET, WEB = Path("dev/net"), Path("dev/web")
OLD, NEW = {"id": Output("old")}, {"id": Output("new")}


def test_threads_share_one_read() -> None:
    known, reads, has_begun, may_end = KnownOutputs(), [], threading.Event(), threading.Event()

    def load() -> dict[str, Output]:
        reads.append(NET)
        has_begun.set()
        assert may_end.wait(10)
        return OLD

    with ThreadPoolExecutor(3) as pool:
        found = [pool.submit(known.read, NET, load)]
        assert has_begun.wait(10)
        found += [pool.submit(known.read, NET, load) for _ in range(2)]
        may_end.set()
        assert [each.result() for each in found] == [OLD, OLD, OLD]
    assert reads == [NET]


def test_each_stack_has_its_own_outputs() -> None:
    known = KnownOutputs()
    assert known.read(NET, lambda: OLD) == OLD
    assert known.read(WEB, lambda: NEW) == NEW
    known.forget(WEB)
    assert known.read(NET, lambda: NEW) == OLD
    assert known.read(WEB, lambda: OLD) == OLD


def test_outputs_of_an_apply_need_no_read() -> None:
    now = [0.0]
    known = KnownOutputs(lambda: now[0])
    known.read(NET, lambda: OLD)
    known.save_outputs(NET, {"id": "new"})
    assert known.read(NET, lambda: OLD) == NEW
    now[0] = 11.0
    assert known.read(NET, lambda: OLD, max_age=10.0) == OLD


def test_read_during_a_change_is_not_remembered() -> None:
    known = KnownOutputs()

    def load_old_while_changed() -> dict[str, Output]:
        known.forget(NET)
        return OLD

    assert known.read(NET, load_old_while_changed) == OLD
    assert known.read(NET, lambda: NEW) == NEW


def test_failed_read_is_repeated() -> None:
    known = KnownOutputs()
    with pytest.raises(ZeroDivisionError):
        known.read(NET, lambda: {"id": Output(str(1 // 0))})
    assert known.read(NET, lambda: NEW) == NEW


def test_old_outputs_are_read_again_where_recent_ones_are_needed() -> None:
    seconds = [100.0]
    known = KnownOutputs(lambda: seconds[0])
    assert known.read(NET, lambda: OLD) == OLD
    seconds[0] = 110.0
    assert known.read(NET, lambda: NEW, max_age=10.0) == OLD
    seconds[0] = 110.5
    assert known.read(NET, lambda: NEW) == OLD
    assert known.read(NET, lambda: NEW, max_age=10.0) == NEW
    seconds[0] = 120.0
    assert known.read(NET, lambda: OLD, max_age=10.0) == NEW
