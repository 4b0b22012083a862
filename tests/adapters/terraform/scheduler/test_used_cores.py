"""The cores that running units use, by the time of their processes."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from envctl.adapters.terraform.scheduler.usage_meter import UsageMeter
from tests.e2e.conftest import wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc")


@contextmanager
def run_unit(meter: UsageMeter, code: str) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", code]) as process, meter.watch_process(process.pid, "unit"):
        try:
            yield process
        finally:
            process.kill()


def sample(meter: UsageMeter) -> float:
    meter.sample_memory()
    return meter.sample_used_cores()


def test_working_unit_uses_cores() -> None:
    meter = UsageMeter()
    with run_unit(meter, "while True: pass"):
        wait_until(lambda: sample(meter) > 0)


def test_unit_counts_from_sample_to_sample() -> None:
    meter = UsageMeter()
    with run_unit(meter, "while True: pass") as process:
        wait_until(lambda: sample(meter) > 0)
        os.kill(process.pid, signal.SIGSTOP)
        sample(meter)
        assert sample(meter) == 0


def test_ended_unit_uses_no_core() -> None:
    meter = UsageMeter()
    with run_unit(meter, "pass"):
        pass
    assert sample(meter) == 0
