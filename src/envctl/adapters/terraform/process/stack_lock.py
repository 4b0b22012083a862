"""Lock on the working directory of a stack, held until Terraform ends, even if envctl ends first."""

import contextlib
import fcntl
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from envctl.adapters.disk.faults import unwritable_error
from envctl.adapters.disk.paths import resolve_path
from envctl.domain.command_lines import format_command
from envctl.domain.errors import Location, LockHeldError, Problem
from envctl.domain.terraform.workdir_names import RUNNING_FILE, count_levels
from envctl.usecases.ports.terraform import PreparedStack

_PROC = Path("/proc")
Locator = Callable[[str, Sequence[str | int]], Location | None]
"""Returns the line in the project file of a path in the root module of an environment."""


@dataclass(frozen=True)
class Site:
    """Where Terraform runs for one stack in an environment: `directory`, with the name of `join_workdir`."""

    environment: str
    stack: PreparedStack
    directory: Path
    plugins: Path | None = None  # the plugin cache of this stack alone
    inherited: tuple[int, ...] = ()  # file descriptors for Terraform to read or write
    locate: Locator = field(default=lambda _, __: None, compare=False, repr=False)

    @property
    def home(self) -> Path:
        """The folder of the stack."""
        levels = count_levels(self.stack.root)
        return self.directory.parents[levels - 1] if levels else self.directory

    @property
    def unit(self) -> str:
        """The name of the stack in figures and traces: `ENVIRONMENT/STACK`."""
        return f"{self.environment}/{self.stack.name}"


@dataclass(frozen=True)
class HeldLock:
    """The held lock. A process that inherits the descriptor holds it too."""

    descriptor: int

    def write_pid(self, pid: int) -> None:
        # On a full disk, the holder is found by the lock alone.
        with contextlib.suppress(OSError):
            os.pwrite(self.descriptor, str(pid).encode(), 0)


@contextlib.contextmanager
def lock_stack(site: Site) -> Iterator[HeldLock]:
    """Hold the lock of a stack. Raises LockHeldError while an earlier Terraform still runs there."""
    descriptor = _open_lock_file(site)
    try:
        _take_lock(descriptor, fcntl.LOCK_EX, site)
        os.ftruncate(descriptor, 0)
        yield HeldLock(descriptor)
        # Terraform has ended: its leftover children must not keep the lock. After an error it may still run.
        fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        os.close(descriptor)


def require_idle(site: Site) -> None:
    """Raise LockHeldError while an earlier Terraform still runs there."""
    if (site.home / RUNNING_FILE).exists():
        with os.fdopen(_open_lock_file(site), "rb") as file:
            _take_lock(file.fileno(), fcntl.LOCK_SH, site)


def _open_lock_file(site: Site) -> int:
    path = site.home / RUNNING_FILE
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise unwritable_error(path, error) from error


def _take_lock(descriptor: int, kind: int, site: Site) -> None:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError as error:
        recorded = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
        raise LockHeldError(_busy_problem(site, int(recorded) if recorded.isdecimal() else 0)) from error


def _busy_problem(site: Site, recorded: int) -> Problem:
    holders = _find_holders(site.home / RUNNING_FILE)
    command = format_command("recover", site.environment)
    where = f"stack {site.stack.name} of {site.environment}"
    if not recorded or recorded in holders or not holders:
        program = f"Terraform (process {recorded})" if recorded else "Terraform"
        message = f"{program} of an earlier command still works on {where}"
        end = f"wait until it has ended, or end it: kill {recorded}" if recorded else "wait until it has ended"
        return Problem("E309", message, f"{end}; then: {command}")
    pid, name = next(iter(holders.items()))
    message = f"{name} (process {pid}), left by a Terraform of an earlier command, still holds {where}"
    return Problem("E309", message, f"end it: kill {pid}; then: {command}")


def _find_holders(path: Path) -> dict[int, str]:
    """Return the names of processes with the file open, by process id, as far as /proc and permissions allow."""
    found, file = {}, resolve_path(path)
    for process in _PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if int(process.name) != os.getpid() and file in _list_open_files(process):
                found[int(process.name)] = (process / "comm").read_text().strip()
    return found


def _list_open_files(process: Path) -> Iterator[Path]:
    for descriptor in (process / "fd").iterdir():
        with contextlib.suppress(OSError):
            yield descriptor.readlink()
