"""Shared monitoring of all Terraform processes: stop signals, resource usage and trace spans."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from envctl.adapters.terraform.process.signal_forwarding import SignalForwarder
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.adapters.terraform.scheduler.measurements import MEASUREMENTS_FILE, Measurements
from envctl.adapters.terraform.scheduler.usage_meter import UnitUsage, UsageMeter
from envctl.usecases.ports.terraform import Tracer


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
