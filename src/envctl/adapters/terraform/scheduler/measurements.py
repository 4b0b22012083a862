"""What units took the last times: how long, and how much memory. It lies below `.envctl/`, and may get lost."""

import contextlib
import json
import os
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

from envctl.adapters.disk.reading import read_bytes
from envctl.adapters.terraform.scheduler.capacity import UNMEASURED
from envctl.adapters.terraform.scheduler.usage_meter import Measured

FILE = "measured.json"
# Of what is kept, how much a new figure weighs where it is the lower one: one quick run proves nothing.
_WEIGHT = 0.3


@dataclass(frozen=True)
class Kept:
    """Seconds of a plan, and bytes at the peak of anything."""

    seconds: float = 0.0
    memory: int = 0


class Measurements:
    """`file` is read when it is first asked, and written once at the end."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._kept: dict[str, Kept] | None = None
        self._changed = False
        self._lock = threading.Lock()

    def seconds(self, unit: str) -> float:
        """0 for one that was never measured."""
        return self._read().get(unit, Kept()).seconds

    def memory(self, unit: str) -> int:
        """What it took, or what the greediest one took; before anything was measured, what is safe to assume."""
        kept = self._read()
        if unit in kept and kept[unit].memory:
            return kept[unit].memory
        return max((each.memory for each in kept.values()), default=0) or UNMEASURED

    def note(self, measured: Measured, *, planned: bool) -> None:
        """What is no plan, or none that came to its end, can only show that a unit takes more."""
        with self._lock:
            kept = self._read()
            before = kept.get(measured.unit, Kept())
            seconds = _moved(before.seconds, measured.seconds) if planned else before.seconds
            memory = _moved(before.memory, measured.peak) if planned else max(before.memory, measured.peak)
            kept[measured.unit] = Kept(round(seconds, 3), round(memory))
            self._changed = True

    def keep(self) -> None:
        """Whole or not at all; a disk that says no is no reason for anybody to fail."""
        with self._lock:
            if not self._changed:
                return
            document = {unit: [each.seconds, each.memory] for unit, each in sorted(self._read().items())}
            self._changed = False
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self._file.parent, prefix=f".{FILE}.")
            try:
                with os.fdopen(handle, "w") as file:
                    json.dump(document, file)
                Path(temporary).replace(self._file)
            finally:
                Path(temporary).unlink(missing_ok=True)

    def _read(self) -> dict[str, Kept]:
        if self._kept is None:
            try:
                read = json.loads(read_bytes(self._file))
                self._kept = {unit: Kept(float(seconds), int(memory)) for unit, (seconds, memory) in read.items()}
            except (OSError, ValueError, TypeError, AttributeError):
                self._kept = {}
        return self._kept


def _moved(before: float, now: float) -> float:
    """What grew counts at once, what shrank bit by bit."""
    return now if now >= before else before + (now - before) * _WEIGHT
