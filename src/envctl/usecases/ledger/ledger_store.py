"""The store of the ledger: its keys, documents under their digests, its owner and clock, and no overwritten objects.

The ledger relies on conditional writes. Some S3-compatible servers silently ignore `If-None-Match`: of two concurrent
appends both would succeed, and one entry would be lost.

The owner is named by a marker made before the first entry; it also proves a successful probe for overwriting. Without
it no entry is recorded. Decisions and entries take the time of the store, because clocks of machines differ.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.findings import Finding
from envctl.domain.ledger.chain import name_entry
from envctl.domain.ledger.entries import PRECISION, TOLERANCE, hash_bytes, is_future
from envctl.domain.ledger.events import ApprovalGiven, DeploymentStarted, Event
from envctl.domain.ledger.rule_events import RulesApproved, RulesResetRequested
from envctl.domain.ledger.state import LedgerState
from envctl.domain.release.bundle import Release, unpack
from envctl.domain.release.manifest import DamagedBundleError
from envctl.domain.text.durations import format_duration
from envctl.domain.text.identifiers import shorten_id
from envctl.usecases.ports.core import AlreadyExistsError, Ports

ENTRY_FOLDER = "ledger/"
CHECKPOINT_FOLDER = "checkpoints/"
MARKER_KEY = "project.json"
"""The marker naming the owner of the store."""
MARKER_FORMAT = 1
_NUMBERED_KEY = re.compile(rf"(?:{ENTRY_FOLDER}|{CHECKPOINT_FOLDER})([0-9]{{10}})\.json(?:\.gz)?")
D = TypeVar("D")
MAX_RELEASES_READ = 4
MAX_JUNK = 5
"""Keys that are tried for one document."""
_TIMED_DECISIONS = (DeploymentStarted, ApprovalGiven, RulesApproved, RulesResetRequested)
_NTP_HINT = "set this machine's clock, and let NTP keep it right (timedatectl set-ntp true)"
PROBE_FOLDER = "probe/"
PROBE_KEY = f"{PROBE_FOLDER}if-none-match"
PROBE_FINDING = "create-only"
_FIRST_BODY, _SECOND_BODY = b"created first ", b"created over what was there "
PROBE_STEP = f"test write protection: {PROBE_KEY} is created once, and stays"
_OVERWRITE_HINT = "use S3, or a server with If-None-Match on PUT, such as MinIO; envctl can't record in this store"
OVERWRITE_PROBLEM = Problem("E426", "the store allowed an overwrite in the test", _OVERWRITE_HINT)


entry_key = name_entry


def checkpoint_key(seq: int) -> str:
    return f"{CHECKPOINT_FOLDER}{seq:010d}.json.gz"


def release_key(identity: str) -> str:
    return f"releases/{identity}.tar"


def parse_key_number(key: str) -> int:
    """Return the number in the key of an entry or checkpoint; 0 for any other key."""
    found = _NUMBERED_KEY.fullmatch(key)
    return int(found[1]) if found else 0


@dataclass(frozen=True)
class DigestDocuments(Generic[D]):
    """The documents of one kind, in one folder of the store. `decode` may raise ValueError."""

    folder: str  # with a slash
    encode: Callable[[D], bytes]
    decode: Callable[[bytes], D]

    def format_key(self, digest: str) -> str:
        return f"{self.folder}{digest}.json"

    def save_document(self, ports: Ports, document: D) -> None:
        """Store a document unless it exists. Beside other bytes under its key, it gets another one."""
        data = self.encode(document)
        for key in self._list_keys(hash_bytes(data)):
            try:
                ports.store.create(key, data)
            except AlreadyExistsError:
                if _is_junk(ports, key, data):
                    continue
            return

    def load_documents(self, ports: Ports, digests: Iterable[str]) -> Mapping[str, D]:
        """Return the documents by digest, without missing, changed and malformed ones, such as newer ones."""
        wanted = sorted({digest for digest in digests if digest})
        stored = ports.store.read_all([self.format_key(digest) for digest in wanted]) if wanted else []
        found: dict[str, D] = {}
        for digest, first in zip(wanted, stored, strict=True):
            data = first if first is None or hash_bytes(first) == digest else self._read_beside(ports, digest)
            if data is not None:
                with suppress(ValueError):
                    found[digest] = self.decode(data)
        return found

    def _read_beside(self, ports: Ports, digest: str) -> bytes | None:
        """Return the document beside other bytes under its key: whoever may write there came first."""
        others = (ports.store.read(key) for key in self._list_keys(digest)[1:])
        return next((data for data in others if data is not None and hash_bytes(data) == digest), None)

    def _list_keys(self, digest: str) -> list[str]:
        return [self.format_key(digest), *(f"{self.folder}{digest}.{number}.json" for number in range(1, MAX_JUNK))]


def _is_junk(ports: Ports, key: str, data: bytes) -> bool:
    """Check if other bytes stand under the key. A role that may not read them takes them for the document."""
    try:
        return ports.store.read(key) != data
    except OperationFailedError:
        return False


@dataclass(frozen=True)
class StoreMarker:
    """A store's marker object, with its project. `endpoint` is the tested S3 endpoint; empty for AWS and folders."""

    project: str
    endpoint: str = ""


class MalformedMarkerError(ValueError):
    """The bytes are not a marker of a version known to this envctl."""


def encode_marker(marker: StoreMarker) -> bytes:
    document = {"format": MARKER_FORMAT, "project": marker.project, "endpoint": marker.endpoint}
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def decode_marker(data: bytes) -> StoreMarker:
    try:
        document = json.loads(data)
        project, endpoint = document["project"], document["endpoint"]
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise MalformedMarkerError(f"not a marker: {error}") from error
    if document["format"] != MARKER_FORMAT or not isinstance(project, str) or not isinstance(endpoint, str):
        raise MalformedMarkerError("of another version of envctl")
    return StoreMarker(project, endpoint)


def check_store_owner(ports: Ports) -> StoreMarker | None:
    """Return the store's marker, or None. Raises OperationFailedError (E480) if unreadable or of another project."""
    data = ports.store.read(MARKER_KEY)
    if data is None:
        return None
    try:
        marker = decode_marker(data)
    except MalformedMarkerError as error:
        hint = "restore it from a backup of the store, or update envctl to the version of its writer"
        message = f"the owner of the store can't be read from {MARKER_KEY}: {error}"
        raise OperationFailedError(Problem("E480", message, hint)) from error
    if not ports.owner.is_owner_of(marker.project):
        raise _to_owner_error(ports, marker.project)
    return marker


def claim_store(ports: Ports, now: LedgerState) -> None:
    """Write the marker of a store without one, right before an entry is recorded.

    Raises OperationFailedError: E426 if objects can be overwritten, E480 if all releases belong to another project.
    """
    marker = check_store_owner(ports)
    if marker is not None:
        if ports.store.endpoint not in ("", marker.endpoint):
            # It was probed through another server.
            require_create_only(ports)
        return
    _check_release_projects(ports, now)
    require_create_only(ports)
    owner = ports.owner
    try:
        ports.store.create(MARKER_KEY, encode_marker(StoreMarker(owner.in_store or owner.name, ports.store.endpoint)))
    except AlreadyExistsError:
        check_store_owner(ports)


def check_release_owner(ports: Ports, identity: str, release: Release) -> None:
    """Check that a release is of this project: the ledger alone is no proof. Raises OperationFailedError (E482)."""
    project = release.wiring.project
    if not ports.owner.is_owner_of(project):
        name = shorten_id(identity)
        message = f"release {name} belongs to project {project}, not to {ports.owner.name}: it can't be used"
        raise OperationFailedError(Problem("E482", message, _format_owner_hint(project)))


def _check_release_projects(ports: Ports, now: LedgerState) -> None:
    """Check the projects of recent releases in a store made before there were markers."""
    running = [there.current.release for there in now.environments.values() if there.current]
    wanted = list(dict.fromkeys([*running, *reversed(list(now.releases))]))[:MAX_RELEASES_READ]
    projects = [project for each in wanted if (project := _read_release_project(ports, each))]
    if projects and not any(ports.owner.is_owner_of(project) for project in projects):
        raise _to_owner_error(ports, projects[0])


def _read_release_project(ports: Ports, identity: str) -> str:
    """Return the project of a release; empty if its bundle is missing or damaged."""
    data = ports.store.read(release_key(identity))
    try:
        return unpack(data, identity).wiring.project if data else ""
    except DamagedBundleError:
        return ""


def _to_owner_error(ports: Ports, project: str) -> OperationFailedError:
    message = f"the store belongs to project {project}, not to {ports.owner.name}; no changes were made"
    return OperationFailedError(Problem("E480", message, _format_owner_hint(project)))


def _format_owner_hint(project: str) -> str:
    return (
        f"give each project a store of its own: another folder or prefix in [store] url; if {project} was renamed, set"
        f' [store] project = "{project}"'
    )


@dataclass(frozen=True)
class EntryTime:
    """The time of an entry; `at` is never earlier than the entry before."""

    at: datetime
    stored_at: datetime | None = None  # time of the store if `at` had to be later, after an entry from a fast clock


def read_store_time(ports: Ports) -> datetime:
    """Return the time of the store; the local one if the store has none, or both agree within the precision."""
    local, stored = ports.clock.now(), ports.store.now()
    return local if stored is None or abs(local - stored) <= PRECISION else stored


def check_clock(ports: Ports) -> None:
    """Check the local clock against the store. Raises OperationFailedError (E479) for too large a difference."""
    stored = ports.store.now()
    off = ports.clock.now() - stored if stored else None
    if off is not None and abs(off) > TOLERANCE:
        wrong = f"{format_duration(abs(off))} {'ahead of' if off > -off else 'behind'} the store's"
        message = (
            f"this machine's clock is {wrong}: soak, expiry and windows can't be checked; the entry was not recorded"
        )
        raise OperationFailedError(Problem("E479", message, _NTP_HINT))


def choose_entry_time(ports: Ports, now: LedgerState, event: Event) -> EntryTime:
    """Choose the time of the entry after `now`; past events are recorded with any clock.

    Raises OperationFailedError (E479) for a time-dependent decision on a machine with a wrong clock.
    """
    decides = isinstance(event, _TIMED_DECISIONS)
    if decides:
        check_clock(ports)
    current, last = read_store_time(ports), now.at
    if last is None or not is_future(last, current):
        return EntryTime(current if last is None else max(current, last))
    written = ports.store.last_modified(entry_key(now.seq))
    if written is not None and not is_future(written, current):
        # The entry before was written with a fast clock.
        return EntryTime(last, current)
    if decides:
        off = format_duration(last - current)
        behind = f"this machine's clock is {off} behind the last entry of the ledger (entry {now.seq})"
        raise OperationFailedError(Problem("E479", f"{behind}; it was not recorded", _NTP_HINT))
    return EntryTime(last)


def is_probed(ports: Ports) -> bool:
    return PROBE_KEY in ports.store.list_keys(PROBE_FOLDER)


def read_probe(ports: Ports, way: str) -> Finding:
    """Report the result of an earlier probe, without writing."""
    data = ports.store.read(PROBE_KEY) if is_probed(ports) else None
    if data is None:
        return Finding(PROBE_FINDING, "unseen", "write protection was never tested", way)
    when = data.rpartition(b" ")[2].decode(errors="backslashreplace")[:16].replace("T", " ")
    if data.startswith(_SECOND_BODY):
        return Finding(PROBE_FINDING, "bad", f"the store allowed an overwrite, {when} UTC", way)
    return Finding(PROBE_FINDING, "good", f"objects can't be overwritten (first tested {when} UTC)")


def require_create_only(ports: Ports) -> Finding:
    """Probe the store. Raises OperationFailedError (E426) if it lets objects be overwritten.

    It uses a single key, because under object lock keys are permanent. The bytes hold the time: no two probes write the
    same.
    """
    now = ports.clock.now().isoformat(timespec="milliseconds").encode()
    first, second = _FIRST_BODY + now, _SECOND_BODY + now
    created = _try_create(ports, first)
    if _try_create(ports, second):
        raise _to_probe_error("it accepted a second object under the same key without an error")
    stored = ports.store.read(PROBE_KEY)
    if stored == second or (created and stored != first):
        raise _to_probe_error("it refused a second object under the same key, but stored it")
    return Finding(PROBE_FINDING, "good", "objects can't be overwritten (tested just now)")


def _try_create(ports: Ports, data: bytes) -> bool:
    try:
        ports.store.create(PROBE_KEY, data)
    except AlreadyExistsError:
        return False
    return True


def _to_probe_error(reason: str) -> OperationFailedError:
    message = f"the store ignores If-None-Match: {reason}. If two people work at once, entries of one would be lost"
    return OperationFailedError(Problem("E426", message, _OVERWRITE_HINT))
