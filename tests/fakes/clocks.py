"""A store in memory with an exact clock, and machines with skewed clocks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.fakes.machine import SettableClock
from tests.fakes.store import MemoryStore


@dataclass
class TrueClock:
    time: datetime = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)

    def advance_time(self, time: timedelta) -> None:
        self.time += time


@dataclass
class ClockedStore(MemoryStore):
    """A store that records the time of each write."""

    true: TrueClock = field(default_factory=TrueClock)
    written: dict[str, datetime] = field(default_factory=dict)

    def create(self, key: str, data: bytes) -> None:
        super().create(key, data)
        self.written[key] = self.true.time

    def now(self) -> datetime | None:
        return self.true.time

    def last_modified(self, key: str) -> datetime | None:
        return self.written.get(key)

    def list_times(self, prefix: str) -> Mapping[str, datetime]:
        return {key: at for key, at in self.written.items() if key.startswith(prefix)}


@dataclass
class SkewedClock(SettableClock):
    """A clock `off` from the true one. It stands still unless a test advances the true one."""

    true: TrueClock = field(default_factory=TrueClock)
    off: timedelta = timedelta()

    def now(self) -> datetime:
        return self.true.time + self.off
