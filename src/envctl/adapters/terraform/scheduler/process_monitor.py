"""Shared monitoring of all Terraform processes: stop signals, resource usage, trace spans, and measurements of earlier
runs. Their file is in `.envctl/` and may be deleted.
"""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any

from envctl.adapters.disk.kept_documents import read_document
from envctl.adapters.terraform.process.disk_errors import replace_file
from envctl.adapters.terraform.process.signal_forwarding import SignalForwarder
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.adapters.terraform.scheduler.capacity import DEFAULT_UNIT_MEMORY
from envctl.adapters.terraform.scheduler.usage_meter import UnitUsage, UsageMeter
from envctl.usecases.ports.terraform import Tracer

MEASUREMENTS_FILE = "measured.json"
# Weight of a new, lower figure: one quick run proves nothing.
_DROP_WEIGHT = 0.3


@dataclass(frozen=True)
class UnitFigures:
    """Seconds of a plan, peak bytes of any run, and whether the last plan had changes."""

    seconds: float = 0.0
    memory: int = 0
    changed: bool = False


class Measurements:
    """Figures by unit. `file` is read at the first use, and written by `save`."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._figures: dict[str, UnitFigures] | None = None
        self._changed = False
        self._lock = threading.Lock()

    def plan_seconds(self, unit: str) -> float:
        """Return the seconds of a plan, or 0 if never measured."""
        return self._load_figures().get(unit, UnitFigures()).seconds

    def peak_memory(self, unit: str) -> int:
        """Return the peak bytes of a unit; if unknown, the largest of all units or else a safe default."""
        figures = self._load_figures()
        if unit in figures and figures[unit].memory:
            return figures[unit].memory
        return max((each.memory for each in figures.values()), default=0) or DEFAULT_UNIT_MEMORY

    def had_changes(self, unit: str) -> bool:
        """Return True if the last plan had changes and was not applied: the next one probably has some, too."""
        return self._load_figures().get(unit, UnitFigures()).changed

    def record_changes(self, unit: str, *, changed: bool) -> None:
        """Record whether a plan had changes. After an apply, none are left."""
        with self._lock:
            figures = self._load_figures()
            old = figures.get(unit, UnitFigures())
            if old.changed != changed:
                figures[unit] = replace(old, changed=changed)
                self._changed = True

    def add_measurement(self, usage: UnitUsage, *, planned: bool) -> None:
        """Add the figures of a run. Only a finished plan can lower them."""
        with self._lock:
            figures = self._load_figures()
            old = figures.get(usage.unit, UnitFigures())
            seconds = _smooth_drop(old.seconds, usage.seconds) if planned else old.seconds
            memory = _smooth_drop(old.memory, usage.peak) if planned else max(old.memory, usage.peak)
            figures[usage.unit] = replace(old, seconds=round(seconds, 3), memory=round(memory))
            self._changed = True

    def save(self) -> None:
        """Write the file atomically. Disk errors are ignored."""
        with self._lock:
            if not self._changed:
                return
            document = {unit: list(astuple(each)) for unit, each in sorted(self._load_figures().items())}
            self._changed = False
        with contextlib.suppress(OSError):
            replace_file(self._file, json.dumps(document))

    def _load_figures(self) -> dict[str, UnitFigures]:
        if self._figures is None:
            self._figures = read_document(self._file, _build_figures, dict[str, UnitFigures]())
        return self._figures


def _build_figures(document: Mapping[str, Any]) -> dict[str, UnitFigures]:
    return {
        unit: UnitFigures(float(wall), int(memory), *map(bool, outcome))
        for unit, (wall, memory, *outcome) in document.items()
    }


def _smooth_drop(old: float, new: float) -> float:
    """Return an increase at once, a drop in small steps."""
    return new if new >= old else old + (new - old) * _DROP_WEIGHT


class ProcessMonitor:
    """Stop signals, meter, measurements and tracer of all runs. Measurements are saved in the folder `cache`."""

    def __init__(self, cache: Path, trace: Tracer) -> None:
        self.stopping = SignalForwarder()
        self.meter = UsageMeter()
        self.measurements = Measurements(cache / MEASUREMENTS_FILE)
        self.trace = trace
        # Stacks that are running or waiting.
        self.units = 1

    @property
    def is_parallel(self) -> bool:
        return self.units > 1

    def monitor_run(
        self, site: Site, command: str, beside: tuple[int, ...] = ()
    ) -> tuple[Callable[[int], AbstractContextManager[None]], list[UnitUsage]]:
        """Return a context for the life of a process, by process id, and a list for its usage.

        `beside` are processes at work for it that are not its descendants.
        """
        unit, usages = site.unit, list[UnitUsage]()

        @contextmanager
        def watch_process(process: int) -> Iterator[None]:
            with self.meter.watch_process(process, unit, beside) as usage, self.trace.span(command, unit):
                usages.append(usage)
                yield

        return watch_process, usages
