"""What has to be known of every Terraform that runs, whoever started it: how to stop it, and what it takes."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from envctl.adapters.terraform.process.stack_lock import Site
from envctl.adapters.terraform.process.stopping import Stopping
from envctl.adapters.terraform.scheduler.measurements import FILE, Measurements
from envctl.adapters.terraform.scheduler.usage_meter import Measured, Meter
from envctl.usecases.ports.terraform import Trace


class Watch:
    """`cache` is the folder in which figures are kept."""

    def __init__(self, cache: Path, trace: Trace) -> None:
        self.stopping = Stopping()
        self.meter = Meter()
        self.measurements = Measurements(cache / FILE)
        self.trace = trace
        self.several = False
        """Whether more than one stack is worked on now."""

    def around(self, site: Site, command: str) -> tuple[Callable[[int], AbstractContextManager[None]], list[Measured]]:
        """What is to be entered with the number of a process while it lives, and where its figures are then found."""
        unit, found = f"{site.environment}/{site.stack.name}", list[Measured]()

        @contextmanager
        def around(process: int) -> Iterator[None]:
            with self.meter.watched(process, unit) as measured, self.trace.span(command, unit):
                found.append(measured)
                yield

        return around, found
