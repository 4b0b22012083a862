"""Outputs of stacks read by this command: each read of a state is a run of Terraform."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from envctl.domain.terraform.outputs import Output


@dataclass
class _Entry:
    """The outputs of one stack; None before the first read. One thread holds the lock and reads, others wait."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    outputs: Mapping[str, Output] | None = None
    read_at: float = 0.0


@dataclass(eq=False, repr=False)
class KnownOutputs:
    """Outputs by the directory of their stack. Threads share it.

    Args:
        read_clock: returns the seconds of a clock that never goes back.
    """

    read_clock: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _entries: dict[Path, _Entry] = field(default_factory=dict, init=False)

    def read(
        self, directory: Path, load: Callable[[], Mapping[str, Output]], *, max_age: float | None = None
    ) -> Mapping[str, Output]:
        """Return the known outputs of a stack, or load them. They are loaded again after `max_age` seconds."""
        with self._lock:
            entry = self._entries.setdefault(directory, _Entry())
        with entry.lock:
            now = self.read_clock()
            if entry.outputs is None or (max_age is not None and now - entry.read_at > max_age):
                entry.outputs, entry.read_at = load(), now
            return entry.outputs

    def save_outputs(self, directory: Path, values: Mapping[str, object]) -> None:
        """Keep the outputs that an apply has written, none of them sensitive. It spares the next read."""
        from envctl.domain.terraform.outputs import Output

        entry = _Entry(outputs={name: Output(value) for name, value in values.items()}, read_at=self.read_clock())
        with self._lock:
            self._entries[directory] = entry

    def forget(self, directory: Path) -> None:
        """Forget the outputs of a stack. A read under way is not remembered: it may have begun before a change."""
        with self._lock:
            self._entries.pop(directory, None)
