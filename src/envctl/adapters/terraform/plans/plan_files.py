"""Saved plans hold sensitive values in the clear: they lie in memory where the system has such files, and are gone with
the process that holds them, however it ends.

Terraform inherits the descriptor and opens it by its name below `/dev/fd`. Elsewhere (macOS, or a Terraform that is
started by something that closes what it inherits) a plan lies in the stack's directory until it is discarded, and the
next command in that environment removes what a killed one has left.
"""

import contextlib
import os
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from envctl.adapters.disk.reading import open_file
from envctl.adapters.terraform.process.json_events import Transcript
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.terraform.workdir_names import PLAN_FILES

PLAN = PLAN_FILES[0]
# Those of a look have names of their own: no apply shall find them.
BOTH, DRIFT, PENDING = OF_A_LOOK = PLAN_FILES[1:]
_DESCRIPTORS = Path("/dev/fd")


@dataclass(frozen=True)
class PlanFile:
    """`path` is how Terraform opens it; `descriptor` is inherited by Terraform, and None for a file on the disk."""

    path: str
    descriptor: int | None = None

    @property
    def inherited(self) -> tuple[int, ...]:
        return () if self.descriptor is None else (self.descriptor,)

    def is_refused(self, transcript: Transcript) -> bool:
        """Whether Terraform could not open it, although the system has such files."""
        return self.descriptor is not None and any(
            f"{self.path}: " in f"{each.summary}\n{each.detail}" for each in transcript.errors
        )


class PlanFiles:
    """The plans of one command, by the directory of their stack and their name."""

    def __init__(self) -> None:
        self._in_memory: dict[tuple[Path, str], int] = {}
        self._on_disk = not hasattr(os, "memfd_create")

    def __del__(self) -> None:
        # A process that makes several drivers keeps no plan of one that is gone.
        for descriptor in self._in_memory.values():
            os.close(descriptor)

    def create(self, site: Site, name: str) -> PlanFile:
        """An empty one, in place of what was there."""
        self.discard(site, name)
        if not self._on_disk:
            with contextlib.suppress(OSError):
                self._in_memory[site.directory, name] = _open_in_memory(name)
        return self.get(site, name)

    def get(self, site: Site, name: str) -> PlanFile:
        descriptor = self._in_memory.get((site.directory, name))
        return PlanFile(name) if descriptor is None else PlanFile(f"{_DESCRIPTORS}/{descriptor}", descriptor)

    def reader(self, site: Site, name: str) -> BinaryIO:
        """For reading. One that was not saved is empty."""
        descriptor = self._in_memory.get((site.directory, name))
        path = site.directory / name if descriptor is None else _DESCRIPTORS / str(descriptor)
        try:
            return os.fdopen(open_file(path), "rb")
        except FileNotFoundError:
            return BytesIO()

    def discard(self, site: Site, *names: str) -> None:
        for name in names:
            descriptor = self._in_memory.pop((site.directory, name), None)
            if descriptor is not None:
                os.close(descriptor)
            (site.directory / name).unlink(missing_ok=True)

    def use_disk(self) -> None:
        """From now on: this Terraform can't open what lies in memory."""
        self._on_disk = True


def inheriting(plan: PlanFile | None, site: Site) -> Site:
    """The same site for a Terraform that has to open that plan."""
    return replace(site, inherited=plan.inherited) if plan else site


def _open_in_memory(name: str) -> int:
    """Raises OSError where it could not be opened by its name."""
    descriptor = os.memfd_create(name)
    try:
        os.close(os.open(_DESCRIPTORS / str(descriptor), os.O_RDWR | os.O_CLOEXEC))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
