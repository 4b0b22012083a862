"""Outputs of stacks read by this command: each read of a state is a run of Terraform."""

from __future__ import annotations

import threading
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


class KnownOutputs:
    """Outputs by the directory of their stack. Threads share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: dict[Path, _Entry] = {}

    def read(self, directory: Path, load: Callable[[], Mapping[str, Output]]) -> Mapping[str, Output]:
        """Return the known outputs of a stack, or load them."""
        with self._lock:
            entry = self._entries.setdefault(directory, _Entry())
        with entry.lock:
            if entry.outputs is None:
                entry.outputs = load()
            return entry.outputs

    def forget(self, directory: Path) -> None:
        """Forget the outputs of a stack. A read under way is not remembered: it may have begun before a change."""
        with self._lock:
            self._entries.pop(directory, None)
