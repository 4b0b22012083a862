"""A site on loopback that answers as it is told, and a clock that moves with each pause alone."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from envctl.adapters.checks.check_runner import LocalCheckRunner
from tests.faults.site import Site, serving


@dataclass
class Time:
    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def prober(tmp_path: Path, time: Time) -> LocalCheckRunner:
    return LocalCheckRunner(tmp_path, dict, clock=time.clock, sleep=time.sleep)


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(Site()) as site:
        yield site
