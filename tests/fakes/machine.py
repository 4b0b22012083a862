"""This machine, as a test sets it: clock, identity and environment variables."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from envctl.domain.aws.access import format_session_name
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.people.run_start import NO_START, RunStart


@dataclass
class MemoryVariables:
    """Environment variables with secret values."""

    values: dict[str, str] = field(default_factory=dict)
    withdrawn: set[str] = field(default_factory=set)

    def withdraw_variables(self, names: Iterable[str]) -> bool:
        before = len(self.withdrawn)
        self.withdrawn |= set(names) & self.values.keys()
        return len(self.withdrawn) > before

    def read_variable(self, name: str) -> str | None:
        return self.values.get(name)


@dataclass
class SettableClock:
    time: datetime = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)

    def now(self) -> datetime:
        self.time += timedelta(seconds=1)
        return self.time

    def pass_time(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


@dataclass
class CountedNonces:
    given: int = 0

    def new(self) -> str:
        self.given += 1
        return f"mark {self.given}"


@dataclass
class SettableIdentity:
    name: str = "ann@example.com"
    via: Literal["aws", "github", "local"] = "local"
    why: str = ""
    start: RunStart = NO_START

    def identify_actor(self) -> Actor:
        if self.via == "aws":
            return Actor(self.name, via="aws", verified=True, arn=self.name)
        return Actor(self.name, via=self.via)

    def explain_doubt(self) -> str:
        return self.why

    def find_start(self) -> RunStart:
        return self.start

    def name_session(self) -> str:
        return format_session_name(self.identify_actor())
