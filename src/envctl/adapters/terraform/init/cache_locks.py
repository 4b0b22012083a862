"""Who installs what into a plugin cache: locks on files in it, between threads as between processes.

Nothing there is ever half written, with locks or without. They see to it that nothing is fetched twice.
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
from envctl.domain.terraform.provider_lock import short

ALL = ""
"""The name of the lock on the whole cache: whoever does not know yet what it will install takes that one."""

# Seconds. A provider of some hundred megabytes is a matter of minutes on a slow line.
TELL_AFTER = 3.0
GIVE_UP_AFTER = 1800.0
_SHORTEST, _LONGEST = 0.01, 0.05
# A cache that can't be written into is written into by nobody, and some disks know no locks.
_NO_LOCKS = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)


@dataclass(frozen=True, order=True)
class Wish:
    """`name` is what is locked, as people read it: a provider and its version."""

    name: str
    alone: bool


class CacheLocks:
    """`folder` is where their files lie. `said` is told of long waits, and `stopping` asks whether to give up."""

    def __init__(
        self,
        folder: Path,
        said: Callable[[str], None],
        stopping: Callable[[], bool],
        patience: tuple[float, float] = (TELL_AFTER, GIVE_UP_AFTER),
    ) -> None:
        self._folder = folder
        self._said = said
        self._stopping = stopping
        self._tell_after, self._give_up_after = patience

    @contextlib.contextmanager
    def held(self, wishes: Sequence[Wish], who: str) -> Iterator[None]:
        """All of them. They are taken in the order of their names, so that nobody waits for each other.

        Raises LockHeldError (E345) where somebody holds one for ever.
        """
        with contextlib.ExitStack() as stack:
            for wish in sorted(wishes):
                stack.enter_context(self._one(wish, who))
            yield

    @contextlib.contextmanager
    def _one(self, wish: Wish, who: str) -> Iterator[None]:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self._folder / _file(wish.name), os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                raise
            yield
            return
        try:
            self._wait(descriptor, wish, who)
            with _named(descriptor, who if wish.alone else ""):
                yield
        finally:
            os.close(descriptor)

    def _wait(self, descriptor: int, wish: Wish, who: str) -> None:
        begun, told, pause = time.monotonic(), False, _SHORTEST
        while not _locked(descriptor, fcntl.LOCK_EX if wish.alone else fcntl.LOCK_SH):
            waited = time.monotonic() - begun
            if self._stopping():
                message = f"interrupted: {who} waited for {_what(wish)}"
                raise InterruptedByUserError(Problem("E311", message, "the next run goes on from what is there"))
            if waited > self._give_up_after:
                raise LockHeldError(_for_ever(wish, _holder(descriptor), who, self._folder))
            if waited > self._tell_after and not told:
                self._said(f"{who} waits for {_what(wish)}: {_holder(descriptor)} is at it")
                told = True
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST)


def _locked(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    return True


def _file(name: str) -> str:
    return name.replace("/", "~").replace(" ", "~") or "all"


@contextlib.contextmanager
def _named(descriptor: int, who: str) -> Iterator[None]:
    """While it is held, for those who wait. It is given up outright at the end: a process that is being started right
    now may have inherited it for a moment.
    """
    if who:
        _write(descriptor, f"{who} (process {os.getpid()})")
    try:
        yield
    finally:
        if who:
            _write(descriptor, "")
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)


def _write(descriptor: int, text: str) -> None:
    with contextlib.suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, text.encode(), 0)


def _holder(descriptor: int) -> str:
    """Those that only use what is there do not say who they are."""
    with contextlib.suppress(OSError):
        return os.pread(descriptor, 1024, 0).decode(errors="replace").strip() or "another envctl"
    return "another envctl"


def _what(wish: Wish) -> str:
    return f"provider {short(wish.name)}" if wish.name else "the providers"


def _for_ever(wish: Wish, holder: str, who: str, folder: Path) -> Problem:
    message = f"{who} has waited too long for {_what(wish)}: {holder} still holds it in {folder}"
    return Problem("E345", message, "wait until it has ended, or end it, and run the command again")
