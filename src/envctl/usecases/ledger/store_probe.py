"""The probe of the store: whether what is there can't be created a second time, as the whole ledger rests on it.

There are servers that speak S3 and silently ignore `If-None-Match`. On them, two who append at once would both succeed,
and the entry of one would be gone.
"""

from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.findings import Finding
from envctl.usecases.ports.core import AlreadyExistsError, Ports

FOLDER = "probe/"
KEY = f"{FOLDER}if-none-match"
NAME = "create-only"
_FIRST, _SECOND = b"created first ", b"created over what was there "
STEP = f"try that nothing can be written over: {KEY} is created once, and stays"

_HINT = "use S3 itself, or a server that honours If-None-Match on PUT (MinIO does); nothing may be recorded there"
OVERWRITTEN = Problem("E426", "the store let something be written over when it was tried", _HINT)


def tried(ports: Ports) -> bool:
    return KEY in ports.store.keys(FOLDER)


def seen(ports: Ports, way: str) -> Finding:
    """What an earlier trial has left, read and not written."""
    data = ports.store.read(KEY) if tried(ports) else None
    if data is None:
        return Finding(NAME, "unseen", "whether anything can be written over was never tried", way)
    when = data.rpartition(b" ")[2].decode(errors="backslashreplace")[:16].replace("T", " ")
    if data.startswith(_SECOND):
        return Finding(NAME, "bad", f"the store let something be written over, {when} UTC", way)
    return Finding(NAME, "good", f"nothing can be written over (first tried {when} UTC)")


def demand(ports: Ports) -> Finding:
    """Tries it. Raises OperationFailedError (E426) for a store that lets something be written over.

    One key does: under object lock nobody could take the others away again. What is written says when, so that two
    trials never write the same.
    """
    now = ports.clock.now().isoformat(timespec="milliseconds").encode()
    first, second = _FIRST + now, _SECOND + now
    created = _create(ports, first)
    if _create(ports, second):
        raise _ignored("it took a second object under the same key, and said nothing")
    there = ports.store.read(KEY)
    if there == second or (created and there != first):
        raise _ignored("it refused a second object under the same key, and kept it all the same")
    return Finding(NAME, "good", "nothing can be written over (tried just now)")


def _create(ports: Ports, data: bytes) -> bool:
    try:
        ports.store.create(KEY, data)
    except AlreadyExistsError:
        return False
    return True


def _ignored(what: str) -> OperationFailedError:
    message = (
        f"the store ignores If-None-Match: {what}. Of two people at work at once, one would lose what was recorded"
    )
    return OperationFailedError(Problem("E426", message, _HINT))
