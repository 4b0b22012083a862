"""Files of saved plans, in memory if possible: they hold sensitive values in the clear, and must end with the process.

Terraform inherits the descriptor and opens it by its name below `/dev/fd`. On other systems (macOS), or if a wrapper of
Terraform closes descriptors, a plan is a file in the stack's directory until it is deleted. The next command in the
environment removes the files of a killed one.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from envctl.adapters.disk.files import open_file
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.terraform.workdir_names import PLAN_FILES

if TYPE_CHECKING:
    from envctl.adapters.terraform.process.json_events import Transcript

PLAN_FILE = PLAN_FILES[0]
# Plans for a comparison have names of their own: no apply may find them.
COMBINED_FILE, DRIFT_FILE, PENDING_FILE = COMPARISON_FILES = PLAN_FILES[1:]
_DESCRIPTOR_FOLDER = Path("/dev/fd")


@dataclass(frozen=True)
class PlanFile:
    path: str  # for Terraform
    descriptor: int | None = None  # inherited by Terraform; None for a file on the disk

    def is_refused(self, transcript: Transcript) -> bool:
        """Return whether Terraform failed to open the plan in memory."""
        return self.descriptor is not None and any(f"{self.path}: " in each.text for each in transcript.errors)


class PlanFiles:
    """The plan files of one command, by stack directory and name."""

    def __init__(self) -> None:
        self._in_memory: dict[tuple[Path, str], int] = {}
        self._sites: dict[Path, Site] = {}
        self._on_disk = not hasattr(os, "memfd_create")

    def __del__(self) -> None:
        # A process may create several drivers: the plans end with their driver.
        for descriptor in self._in_memory.values():
            os.close(descriptor)

    def create_file(self, site: Site, name: str) -> PlanFile:
        """Create an empty plan file, in place of an earlier one."""
        self.delete_files(site, name)
        self._sites[site.directory] = site
        if not self._on_disk:
            with contextlib.suppress(OSError):
                descriptor = os.memfd_create(name)
                # Not every system lets Terraform open it by its name.
                try:
                    os.close(os.open(_DESCRIPTOR_FOLDER / str(descriptor), os.O_RDWR | os.O_CLOEXEC))
                except OSError:
                    os.close(descriptor)
                    raise
                self._in_memory[site.directory, name] = descriptor
        return self.find_file(site, name)

    def find_file(self, site: Site, name: str) -> PlanFile:
        descriptor = self._in_memory.get((site.directory, name))
        return PlanFile(name) if descriptor is None else PlanFile(f"{_DESCRIPTOR_FOLDER}/{descriptor}", descriptor)

    def open_for_reading(self, site: Site, name: str) -> BinaryIO:
        """Open a plan. A missing file reads as empty."""
        descriptor = self._in_memory.get((site.directory, name))
        path = site.directory / name if descriptor is None else _DESCRIPTOR_FOLDER / str(descriptor)
        try:
            return os.fdopen(open_file(path), "rb")
        except FileNotFoundError:
            return BytesIO()

    def delete_files(self, site: Site, *names: str) -> None:
        for name in names:
            descriptor = self._in_memory.pop((site.directory, name), None)
            if descriptor is not None:
                os.close(descriptor)
            (site.directory / name).unlink(missing_ok=True)

    def delete_all(self, environment: str) -> None:
        for site in tuple(self._sites.values()):
            if site.environment == environment:
                self.delete_files(site, *PLAN_FILES)

    def use_disk(self) -> None:
        """Create further plans on the disk: this Terraform can't open files in memory."""
        self._on_disk = True


def inherit_plan(plan: PlanFile | None, site: Site) -> Site:
    """Return the site for a Terraform process with access to the plan."""
    return replace(site, inherited=(plan.descriptor,)) if plan and plan.descriptor is not None else site
