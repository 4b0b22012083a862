"""Terraform's own lock of a state, read from what it said when it could not have it."""

import re
from datetime import UTC, datetime

from envctl.adapters.terraform.events import Diagnostic
from envctl.adapters.terraform.running import Site
from envctl.domain.errors import Problem, StateLock, StateLockedError

_LOCK = re.compile(r"acquiring the state lock|locking .*state|state locked|already locked", re.IGNORECASE)
_HELD = re.compile(r"Lock Info:|ConditionalCheckFailed|PreconditionFailed|temporarily unavailable")
_GONE = re.compile(r"NoSuchKey|StatusCode: 404|no such file|unexpected end of JSON")
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
    )
    return StateLockedError(lock, _problem(lock, site.environment))


def slipped(diagnostic: Diagnostic, site: Site) -> bool:
    """Whether the lock was given up between being in the way and being looked at. Terraform takes what it finds then
    for a lock that is broken, and waits no longer, whatever `-lock-timeout` says.
    """
    error = held(diagnostic, site)
    return error is not None and not error.lock.id and _GONE.search(diagnostic.detail) is not None


def _problem(lock: StateLock, environment: str) -> Problem:
    message = f"the Terraform state of {lock.stack} is locked by {lock.who}"
    message += f" for {lock.operation}" if lock.operation else ""
    message += f" since {lock.created:%Y-%m-%d %H:%M:%S} UTC" if lock.created else ""
    hint = f"wait until they are done, or, if they are gone: envctl recover {environment}"
    return Problem("E306", message, hint, stack=lock.stack)


def _time(text: str) -> datetime | None:
    """From what Go writes, like `2026-11-25 03:29:18.123456789 +0000 UTC`."""
    try:
        read = datetime.fromisoformat(re.sub(r" ([+-]\d{4}) .*| UTC$", r"\1", text))
    except ValueError:
        return None
    return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
