"""The probe of the store: the ledger relies on conditional writes, so no object may be created twice.

Some S3-compatible servers silently ignore `If-None-Match`: of two concurrent appends both would succeed, and one entry
would be lost.
"""

from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.findings import Finding
from envctl.usecases.ports.core import AlreadyExistsError, Ports

PROBE_FOLDER = "probe/"
PROBE_KEY = f"{PROBE_FOLDER}if-none-match"
FINDING_NAME = "create-only"
_FIRST, _SECOND = b"created first ", b"created over what was there "
PROBE_STEP = f"try that nothing can be written over: {PROBE_KEY} is created once, and stays"

_HINT = "use S3 itself, or a server that honours If-None-Match on PUT (MinIO does); nothing may be recorded there"
OVERWRITE_PROBLEM = Problem("E426", "the store let something be written over when it was tried", _HINT)


def is_probed(ports: Ports) -> bool:
    return PROBE_KEY in ports.store.list_keys(PROBE_FOLDER)


def read_probe(ports: Ports, way: str) -> Finding:
    """Report the result of an earlier probe, without writing."""
    data = ports.store.read(PROBE_KEY) if is_probed(ports) else None
    if data is None:
        return Finding(FINDING_NAME, "unseen", "whether anything can be written over was never tried", way)
    when = data.rpartition(b" ")[2].decode(errors="backslashreplace")[:16].replace("T", " ")
    if data.startswith(_SECOND):
        return Finding(FINDING_NAME, "bad", f"the store let something be written over, {when} UTC", way)
    return Finding(FINDING_NAME, "good", f"nothing can be written over (first tried {when} UTC)")


def require_create_only(ports: Ports) -> Finding:
    """Probe the store. Raises OperationFailedError (E426) if it lets objects be overwritten.

    It uses a single key, because under object lock keys are permanent. The bytes hold the time: no two probes write the
    same.
    """
    now = ports.clock.now().isoformat(timespec="milliseconds").encode()
    first, second = _FIRST + now, _SECOND + now
    created = _try_create(ports, first)
    if _try_create(ports, second):
        raise _to_probe_error("it took a second object under the same key, and said nothing")
    stored = ports.store.read(PROBE_KEY)
    if stored == second or (created and stored != first):
        raise _to_probe_error("it refused a second object under the same key, and kept it all the same")
    return Finding(FINDING_NAME, "good", "nothing can be written over (tried just now)")


def _try_create(ports: Ports, data: bytes) -> bool:
    try:
        ports.store.create(PROBE_KEY, data)
    except AlreadyExistsError:
        return False
    return True


def _to_probe_error(reason: str) -> OperationFailedError:
    message = (
        f"the store ignores If-None-Match: {reason}. Of two people at work at once, one would lose what was recorded"
    )
    return OperationFailedError(Problem("E426", message, _HINT))
