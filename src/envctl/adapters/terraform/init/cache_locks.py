"""File locks on a plugin cache, between threads and between processes.

They prevent double downloads. Packages are complete with or without locks.
"""

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from envctl.domain.errors import InterruptedByUserError, LockHeldError, Problem
from envctl.domain.terraform.provider_lock import shorten_address

WHOLE_CACHE = ""
"""Name of the lock on the whole cache, for an install of yet unknown providers."""

# Seconds. A provider of some hundred megabytes takes minutes on a slow line.
NOTICE_SECONDS = 3.0
TIMEOUT_SECONDS = 1800.0
_MIN_PAUSE, _MAX_PAUSE = 0.01, 0.05
# A read-only cache needs no lock, and some file systems have none.
_UNLOCKABLE_ERRNOS = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)


@dataclass(frozen=True, order=True)
class LockRequest:
    """Request for one lock. `name` is a provider and its version, or WHOLE_CACHE."""

    name: str
    exclusive: bool


@dataclass(frozen=True)
class CacheLocks:
    """Locks as files in `folder`. `timeouts` are the seconds before `notify` gets a message, and before the error."""

    folder: Path
    notify: Callable[[str], None]
    should_stop: Callable[[], bool]
    timeouts: tuple[float, float] = (NOTICE_SECONDS, TIMEOUT_SECONDS)

    @contextlib.contextmanager
    def hold_locks(self, requests: Sequence[LockRequest], requester: str) -> Iterator[None]:
        """Hold all locks, taken in order of name against deadlocks. Raises LockHeldError (E345) after the timeout."""
        with contextlib.ExitStack() as stack:
            for request in sorted(requests):
                stack.enter_context(self._hold_lock(request, requester))
            yield

    @contextlib.contextmanager
    def _hold_lock(self, request: LockRequest, requester: str) -> Iterator[None]:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            name = request.name.replace("/", "~").replace(" ", "~") or "all"
            descriptor = os.open(self.folder / name, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            if error.errno not in _UNLOCKABLE_ERRNOS:
                raise
            yield
            return
        try:
            self._wait_for_lock(descriptor, request, requester)
            with _record_holder(descriptor, requester if request.exclusive else ""):
                yield
        finally:
            os.close(descriptor)

    def _wait_for_lock(self, descriptor: int, request: LockRequest, requester: str) -> None:
        start, notified, pause = time.monotonic(), False, _MIN_PAUSE
        wanted = f"provider {shorten_address(request.name)}" if request.name else "the providers"
        while not _try_lock(descriptor, fcntl.LOCK_EX if request.exclusive else fcntl.LOCK_SH):
            waited = time.monotonic() - start
            if self.should_stop():
                message = f"interrupted: {requester} waited for {wanted}"
                raise InterruptedByUserError(Problem("E311", message, "the next run continues from the current state"))
            if waited > self.timeouts[1]:
                holder = f"{_read_holder(descriptor)} still holds it in {self.folder}"
                message = f"{requester} waited too long for {wanted}: {holder}"
                hint = "wait until it has ended, or end it, and run the command again"
                raise LockHeldError(Problem("E345", message, hint))
            if waited > self.timeouts[0] and not notified:
                self.notify(f"{requester} waits for {wanted}: {_read_holder(descriptor)} is using it")
                notified = True
            time.sleep(pause)
            pause = min(pause * 2, _MAX_PAUSE)


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _UNLOCKABLE_ERRNOS:
            raise
    return True


@contextlib.contextmanager
def _record_holder(descriptor: int, requester: str) -> Iterator[None]:
    """Record the holder of a lock inside the block, then release the lock.

    Closing the descriptor alone may not release it: a process just being started may have inherited it.
    """
    if requester:
        _write_holder(descriptor, f"{requester} (process {os.getpid()})")
    try:
        yield
    finally:
        if requester:
            _write_holder(descriptor, "")
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)


def _write_holder(descriptor: int, text: str) -> None:
    with contextlib.suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, text.encode(), 0)


def _read_holder(descriptor: int) -> str:
    """Return the recorded holder. Holders of a shared lock record none."""
    with contextlib.suppress(OSError):
        return os.pread(descriptor, 1024, 0).decode(errors="replace").strip() or "another envctl"
    return "another envctl"
