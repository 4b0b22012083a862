"""A store in memory with a clock of its own, which is right, and machines whose clocks are not."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tests.fakes.world import MemoryStore, SettableClock


@dataclass
class TrueClock:
    time: datetime = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)

    def passes(self, time: timedelta) -> None:
        self.time += time


@dataclass
class ClockedStore(MemoryStore):
    """Shares `written` with all who share its content."""

    true: TrueClock = field(default_factory=TrueClock)
    written: dict[str, datetime] = field(default_factory=dict)

    def create(self, key: str, data: bytes) -> None:
        super().create(key, data)
        self.written[key] = self.true.time

    def now(self) -> datetime | None:
        return self.true.time

    def written_at(self, key: str) -> datetime | None:
        return self.written.get(key)


@dataclass
class WrongClock(SettableClock):
    """As far off as it is told. It stands still, so that only a test lets time pass."""

    true: TrueClock = field(default_factory=TrueClock)
    off: timedelta = timedelta()

    def now(self) -> datetime:
        return self.true.time + self.off
