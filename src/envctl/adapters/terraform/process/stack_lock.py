"""Who works in a stack's directory: a lock that lives as long as its Terraform does, be it longer than envctl."""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from envctl.adapters.disk.faults import unwritable
from envctl.adapters.disk.paths import real_path
from envctl.domain.errors import Location, LockHeldError, Problem
from envctl.usecases.ports.terraform import PreparedStack

FILE = ".running"
_PROCESSES = Path("/proc")
Locate = Callable[[str, Sequence[str | int]], Location | None]
"""Of an environment, and a path of a root module of it."""


@dataclass(frozen=True)
class Site:
    """The directory of one stack of an environment.

    `plugins` is a plugin cache for it alone. `inherited` are descriptors of files that Terraform is to read or write.
    `locate` tells where the project file says what stands at a path of the root module.
    """

    environment: str
    stack: PreparedStack
    directory: Path
    plugins: Path | None = None
    inherited: tuple[int, ...] = ()
    locate: Locate = field(default=lambda _, __: None, compare=False, repr=False)


@dataclass(frozen=True)
class Running:
    """The lock, while it is held. Whoever inherits the descriptor holds it too."""

    descriptor: int

    def name(self, pid: int) -> None:
        """Writes down who is at work, for those who ask."""
        # On a full disk, those who ask find the holder by the lock alone.
        with contextlib.suppress(OSError):
            os.pwrite(self.descriptor, str(pid).encode(), 0)


@contextlib.contextmanager
def alone(site: Site) -> Iterator[Running]:
    """Raises LockHeldError while an earlier Terraform still works there."""
    descriptor = _opened(site)
    try:
        _lock(descriptor, fcntl.LOCK_EX, site)
        os.ftruncate(descriptor, 0)
        yield Running(descriptor)
        # Terraform has ended: what it leaves behind shall not keep the lock. After a fault it may not have.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        os.close(descriptor)


def demand_free(site: Site) -> None:
    """Raises LockHeldError while an earlier Terraform still works there."""
    if (site.directory / FILE).exists():
        with os.fdopen(_opened(site), "rb") as file:
            _lock(file.fileno(), fcntl.LOCK_SH, site)


def _opened(site: Site) -> int:
    path = site.directory / FILE
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise unwritable(path, error) from error


def _lock(descriptor: int, kind: int, site: Site) -> None:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError as error:
        recorded = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
        raise LockHeldError(_busy(site, int(recorded) if recorded.isdecimal() else 0)) from error


def _busy(site: Site, recorded: int) -> Problem:
    holders = _holders(site.directory / FILE)
    then = f"envctl recover {site.environment}"
    where = f"stack {site.stack.name} of {site.environment}"
    if not recorded or recorded in holders or not holders:
        who = f"Terraform (process {recorded})" if recorded else "Terraform"
        message = f"{who} of an earlier command still works on {where}"
        return Problem("E309", message, f"wait until it has ended; then: {then}")
    pid, name = next(iter(holders.items()))
    message = f"{name} (process {pid}), which a Terraform of an earlier command has left behind, still holds {where}"
    return Problem("E309", message, f"end it: kill {pid}; then: {then}")


def _holders(path: Path) -> dict[int, str]:
    """The processes that have the file open, with their names, as far as this system and its rights tell."""
    found, file = {}, real_path(path)
    for process in _PROCESSES.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if int(process.name) != os.getpid() and file in _open_files(process):
                found[int(process.name)] = (process / "comm").read_text().strip()
    return found


def _open_files(process: Path) -> Iterator[Path]:
    for descriptor in (process / "fd").iterdir():
        with contextlib.suppress(OSError):
            yield descriptor.readlink()
