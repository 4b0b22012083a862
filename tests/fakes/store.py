"""The store in memory, and what a machine has cached of it."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime

from envctl.usecases.ports.core import AlreadyExistsError


@dataclass
class MemoryStore:
    content: dict[str, bytes] = field(default_factory=dict)

    endpoint: str = ""
    locks: dict[str, int] = field(default_factory=dict)
    versions: dict[str, list[bytes]] = field(default_factory=dict)  # replaced by somebody who may

    def create(self, key: str, data: bytes) -> None:
        if key in self.content:
            raise AlreadyExistsError(key)
        self.content[key] = data

    def create_locked(self, key: str, data: bytes, days: int) -> None:
        self.create(key, data)
        self.locks[key] = days

    def read(self, key: str) -> bytes | None:
        return self.content.get(key)

    def read_all(self, keys: Sequence[str]) -> list[bytes | None]:
        return [self.content.get(key) for key in keys]

    def list_keys(self, prefix: str, after: str = "") -> list[str]:
        assert prefix.endswith("/"), "remote stores list folders only"
        return sorted(key for key in self.content if key.startswith(prefix) and key > after)

    def read_older_versions(self, prefix: str, after: str) -> Mapping[str, Sequence[bytes]]:
        return {key: data for key, data in self.versions.items() if key.startswith(prefix) and key > after}

    def prefetch(self, keys: Sequence[str], lists: Sequence[tuple[str, str]]) -> AbstractContextManager[None]:
        return nullcontext()

    def prefetch_time(self, delay: float = 0.0) -> None:
        pass

    def now(self) -> datetime | None:
        return None

    def last_modified(self, key: str) -> datetime | None:
        return None

    def list_times(self, prefix: str) -> Mapping[str, datetime]:
        return {}


@dataclass
class MemoryHeadCache:
    seen: tuple[int, str] | None = None
    copies: Mapping[int, bytes] = field(default_factory=dict)

    def load_head(self) -> tuple[int, str] | None:
        return self.seen

    def save_head(self, seq: int, head: str) -> None:
        if self.seen is None or seq > self.seen[0]:
            self.seen = (seq, head)

    def load_copies(self) -> Mapping[int, bytes]:
        return self.copies

    def save_copies(self, copies: Mapping[int, bytes]) -> None:
        self.copies = dict(copies)
