"""The journal: reading the ledger and appending to it. A decision is recorded only on the history it was based on.

Reading begins at the last trusted checkpoint, and checks that the ledger continues the entries seen by this machine.
An unsigned checkpoint is trusted if the next entry names it: the author of this entry computed the name from the
entries. A signed one is trusted for its signature.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace

from envctl import __version__
from envctl.domain.command_lines import format_command
from envctl.domain.errors import EnvctlError, OperationFailedError, Problem
from envctl.domain.ledger import checkpoint, entries
from envctl.domain.ledger.chain import (
    ChainReading,
    Link,
    TamperedError,
    find_older_entry,
    read_chain,
    split_newest,
)
from envctl.domain.ledger.events import Event
from envctl.domain.ledger.key_roles import is_personal_event
from envctl.domain.ledger.projection.apply_entries import apply_entry
from envctl.domain.ledger.state import DistrustedEntry, ForeignObject, LedgerState
from envctl.domain.ledger.vouching import count_links, has_vouching
from envctl.usecases.ledger import ledger_store, signing
from envctl.usecases.ledger.least_version import require_version
from envctl.usecases.ledger.ledger_store import check_store_owner, choose_entry_time, claim_store
from envctl.usecases.ports.core import AlreadyExistsError, LostResponseError, Ports

KnownHead = tuple[int, str] | None
"""Number and digest of the last entry seen by this machine; None without one."""
EntryCopies = Mapping[int, bytes]
"""Entries by number, as this machine read them before."""
NO_COPIES: EntryCopies = {}
MAX_ATTEMPTS = 100
PAGE_SIZE = 64
MAX_CHECKPOINTS_READ = 8


class BrokenLedgerError(OperationFailedError):
    """The ledger is inconsistent, or contradicts the entries seen by this machine."""


def to_ledger_error(broken: entries.ChainBreak) -> BrokenLedgerError:
    message = f"the ledger is invalid from entry {broken.seq} on: {broken.reason}"
    hint = "the store was changed without envctl: restore it from a backup (no changes were made now)"
    return BrokenLedgerError(Problem("E401", message, hint))


def refuse_newer(ports: Ports, present: LedgerState) -> None:
    """Raise OperationFailedError for entries of a newer format (E419), and if deployments asked for a newer envctl
    (E054): nothing is decided without them. Of signed ones only the last environment can ask.
    """
    if present.newer:
        hint = "update envctl on this machine; nothing is wrong with the ledger"
        raise OperationFailedError(Problem("E419", f"the ledger is newer than this envctl: {present.newer}", hint))
    names = (ports.trust.checkpoint_signer,) if ports.trust.pinned else tuple(present.environments)
    for name in names:
        last = present.find_environment(name).last
        if last is not None and last.least_version:
            require_version(last.least_version, f"deployment {last.seq} to {name}")


@dataclass
class StoredObjects:
    """What the folder of the entries has: objects by number, and those whose names are no number of an entry."""

    entries: dict[int, bytes]
    beside: list[ForeignObject]


def load(ports: Ports, *, for_look: bool = False, to_show: bool = False) -> LedgerState:
    """Return the state of the ledger, read from the last checkpoint on.

    Raises OperationFailedError (E419) for entries of a newer format. With `to_show`, return the state before them.

    Entries are checked against the chain; they count if signed as the project requires. With `for_look`, copies of this
    machine replace older entries, and the copies are renewed. The last entry always comes from the store, and the chain
    proves the copies from it on. A later change of an older entry in the store goes unnoticed: whatever decides on a
    deployment reads them all.
    """
    copies = ports.head_cache.load_copies() if for_look else NO_COPIES
    seen = ports.head_cache.load_head()
    with prefetch_ledger(ports, seen, copies):
        is_repeated = False
        while True:
            try:
                check_store_owner(ports)
                now = load_checkpoint(ports)
                objects = _read_stored(ports, now.seq, copies)
                reading = _read_chain(ports, objects, now, seen)
                if now.seq and has_vouching(ports.trust, reading.links):
                    # Entries before the checkpoint may count now.
                    now, objects = LedgerState(), _read_stored(ports)
                    reading = _read_chain(ports, objects, now, seen)
                for state in count_links(ports.trust, now, reading.links):
                    now = state
                now = replace(now, foreign=reading.foreign)
            except BrokenLedgerError:
                # A listing made during appends may lack an earlier entry, and a copy may be damaged: read once more.
                if is_repeated:
                    raise
                is_repeated, copies = True, NO_COPIES
            else:
                if not to_show:
                    refuse_newer(ports, now)
                if for_look and objects.entries.keys() != copies.keys():
                    ports.head_cache.save_copies(objects.entries)
                return now


def _read_chain(ports: Ports, objects: StoredObjects, start: LedgerState, seen: KnownHead) -> ChainReading:
    """Read the chain after a state. Raises BrokenLedgerError if it is tampered with, or does not continue the entries
    seen by this machine.
    """
    try:
        reading = read_chain(objects.entries.items(), (start.seq, start.head), ports.trust)
    except TamperedError as error:
        raise to_ledger_error(error.broken) from error
    reading.beside += objects.beside
    last = next(((each.number, each.head) for each in reversed(reading.links) if not each.foreign), None)
    check_known_head(ports, last or (start.seq, start.head), seen)
    if trailing := reading.list_trailing(ports.trust):
        _check_trailing(ports, trailing)
    return reading


def _check_trailing(ports: Ports, trailing: Sequence[Link]) -> None:
    """Check that nothing knows the objects at the end of the chain as trusted entries: then they were replaced."""
    numbers = [each.number for each in trailing]
    for number in load_checkpoint_numbers(ports):
        # One copied to another number proves nothing about it.
        if number >= numbers[0] and (known := _load_trusted(ports, number)) and known.seq == number:
            raise to_ledger_error(entries.ChainBreak(numbers[0], f"the checkpoint of entry {number} knows another one"))
    try:
        older = ports.store.read_older_versions(ledger_store.ENTRY_FOLDER, ledger_store.entry_key(numbers[0] - 1))
    except OperationFailedError:
        # An entry that is not trusted refused nobody before versions were read: roles of then may not read them.
        if any(each.foreign for each in trailing):
            raise
        return
    read = {ledger_store.parse_key_number(key): versions for key, versions in older.items()}
    if broken := find_older_entry({number: read[number] for number in numbers if number in read}, ports.trust):
        raise to_ledger_error(broken)


def prefetch_ledger(
    ports: Ports, last: KnownHead = None, copies: EntryCopies = NO_COPIES
) -> AbstractContextManager[None]:
    """Prefetch the expected reads, from the last entry this machine saw. Later entries are few and read after it."""
    last = last or ports.head_cache.load_head()
    seen = last[0] if last else 0
    # A checkpoint right after the last entry is named by the next entry: prefetch that too.
    start = max(0, seen - 1) // checkpoint.INTERVAL * checkpoint.INTERVAL
    more = 2 if seen and seen % checkpoint.INTERVAL == 0 else 1
    # The entries next to a checkpoint prove it.
    always = {seen, start, start + 1} if start else {seen}
    numbers = [number for number in range(max(start, 1), seen + more) if number in always or number not in copies]
    known = [ledger_store.entry_key(number) for number in numbers]
    checkpoints = [ledger_store.checkpoint_key(start)] if start else []
    return ports.store.prefetch(
        [ledger_store.MARKER_KEY, *checkpoints, *known],
        [(ledger_store.CHECKPOINT_FOLDER, ""), (ledger_store.ENTRY_FOLDER, ledger_store.entry_key(start))],
    )


def check_known_head(ports: Ports, last: tuple[int, str], seen: KnownHead) -> None:
    """Check that the ledger up to `last` continues the known one. Raises BrokenLedgerError if it is cut or replaced.

    Load `seen` before reading the ledger: another command of this clone may append meanwhile, and save a later head.
    """
    if seen is not None and seen != last:
        seq, head = seen
        if seq > last[0]:
            why = f"this machine has seen {seq} entries, but now there are {last[0]}"
            raise to_ledger_error(entries.ChainBreak(last[0] + 1, why))
        data = ports.store.read(ledger_store.entry_key(seq)) if seq else None
        if seq and (data is None or entries.hash_bytes(data) != head):
            why = "this machine has seen another entry with that number"
            raise to_ledger_error(entries.ChainBreak(seq, why))
    if last[0] and seen != last:
        ports.head_cache.save_head(*last)


@dataclass
class Submission:
    """The last entry sent to the store by one `append`.

    An interruption can come after the store has the entry, and before `append` returns it.
    """

    entry: entries.Entry | None = None


def append(
    ports: Ports,
    decide: Callable[[LedgerState], Event | None],
    *,
    after: LedgerState | None = None,
    submission: Submission | None = None,
) -> tuple[LedgerState, entries.Entry | None]:
    """Append the event decided on the current state; return the next state and the entry.

    If another entry is appended first, `decide` is called again with the new state. It may refuse by raising, or return
    None for no entry. Frequent callers pass the last returned state as `after`: the ledger is read again only if the
    next number is taken. Callers that must end what they start pass a `submission`, and ask `find_recorded` after an
    interruption.
    """
    known = after
    ports.store.prefetch_time()
    for _ in range(MAX_ATTEMPTS):
        now, known = known or load(ports), None
        event = decide(now)
        if event is None:
            return now, None
        claim_store(ports, now)
        moment = choose_entry_time(ports, now, event)
        plain = entries.Entry(
            seq=now.seq + 1,
            prev=now.head,
            at=moment.at,
            actor=ports.identity.identify_actor(),
            event=event,
            mark=ports.nonces.new(),
            checkpoint=name_checkpoint(ports, now),
            stored_at=moment.stored_at,
            format=entries.FORMAT,
            version=__version__,
        )
        # Sign only once: signatures of the same bytes differ.
        entry = signing.sign_entry(ports, plain) if ports.trust.pinned else plain
        if submission is not None:
            submission.entry = entry
        if not create_entry(ports, entry):
            continue
        stored, trust = entries.decode_entry(entries.encode_entry(entry)), ports.trust
        after = apply_entry(now, stored, use=trust.name_use(entry), unsigned=trust.is_beside(entry))
        save_checkpoint(ports, after, entry)
        ports.head_cache.save_head(after.seq, after.head)
        return after, entry
    message = f"could not append to the ledger: {MAX_ATTEMPTS} other writers were faster"
    raise OperationFailedError(Problem("E402", message, "try again in a minute"))


def find_recorded(ports: Ports, submission: Submission) -> entries.Entry | None:
    """Return the submitted entry if the store has it, after an interrupted `append`. None if the store is silent."""
    entry = submission.entry
    with suppress(EnvctlError):
        if entry and ports.store.read(ledger_store.entry_key(entry.seq)) == entries.encode_entry(entry):
            return entry
    return None


def append_event(
    ports: Ports, decide: Callable[[LedgerState], Event], *, submission: Submission | None = None
) -> entries.Entry:
    """Append the event decided on the current state, like `append`; return its entry."""
    _, entry = append(ports, decide, submission=submission)
    if entry is None:
        raise AssertionError("an entry was to be appended in any case")
    return entry


def read_newest_first(ports: Ports, present: LedgerState | None = None) -> Iterator[entries.Entry]:
    """Yield the entries from the newest back, reading only the requested pages. `present` is the loaded state. Foreign
    objects are left out: the chain tells them from entries.
    """
    now = present or load(ports)
    end, head, rest = now.seq, now.head, list[tuple[int, bytes]]()
    while end > 0 or rest:
        page = range(end, max(0, end - PAGE_SIZE), -1)
        rest += _read_numbers(ports, page)
        end = page[-1] - 1 if page else 0
        while found := split_newest(head, rest):
            entry, foreign = found
            del rest[: foreign + 1]
            head = entry.prev
            if isinstance(entry, entries.Entry):
                yield entry
        if rest and end <= 0:
            raise to_ledger_error(entries.ChainBreak(rest[0][0], "the entry after it says otherwise"))


def read_oldest_first(ports: Ports) -> Iterator[tuple[entries.Entry, bytes]]:
    """Yield all entries with their bytes, each checked against the chain. Foreign objects are left out."""
    # load() also checks the length against the known head.
    end = load(ports).seq
    reading = ChainReading(0, entries.GENESIS)
    while reading.number < end:
        page = range(reading.number + 1, min(end, reading.number + PAGE_SIZE) + 1)
        for number, data in _read_numbers(ports, page):
            try:
                reading.add_object(number, data, ports.trust)
            except TamperedError as error:
                raise to_ledger_error(error.broken) from error
            if isinstance(entry := reading.links.pop().entry, entries.Entry):
                yield entry, data


def _read_numbers(ports: Ports, numbers: Sequence[int]) -> list[tuple[int, bytes]]:
    """Return the objects with these numbers. Raises BrokenLedgerError for a missing one."""
    stored = ports.store.read_all([ledger_store.entry_key(number) for number in numbers]) if numbers else []
    return [(number, _require_object(number, data)) for number, data in zip(numbers, stored, strict=True)]


def _require_object(number: int, data: bytes | None) -> bytes:
    if data is None:
        raise to_ledger_error(entries.ChainBreak(number, "it is missing"))
    return data


def read_entries(ports: Ports, numbers: Sequence[int]) -> Iterator[entries.Entry]:
    """Yield the entries with these numbers. Raises BrokenLedgerError for a missing one."""
    for number, data in _read_numbers(ports, numbers):
        try:
            yield entries.decode_entry(data)
        except entries.MalformedEntryError as error:
            raise to_ledger_error(entries.ChainBreak(number, str(error))) from error


def verify_ledger(ports: Ports) -> LedgerState:
    """Verify the whole chain from its first entry. Raises BrokenLedgerError naming the first fault."""
    return audit_ledger(ports)[0]


def audit_ledger(ports: Ports) -> tuple[LedgerState, tuple[DistrustedEntry, ...]]:
    """Verify the whole chain, and return the final state and all untrusted entries."""
    seen = ports.head_cache.load_head()
    try:
        return _audit_chain(ports, seen)
    except BrokenLedgerError:
        # As in `load`.
        return _audit_chain(ports, seen)


def _audit_chain(ports: Ports, seen: KnownHead) -> tuple[LedgerState, tuple[DistrustedEntry, ...]]:
    check_store_owner(ports)
    left, trust = set(load_checkpoint_numbers(ports)), ports.trust
    now, found = LedgerState(), list[DistrustedEntry]()
    reading = _read_chain(ports, _read_stored(ports), now, seen)
    for link, state in zip(reading.links, count_links(trust, now, reading.links), strict=True):
        now = state
        found += [each for each in now.unbelieved[-1:] if each.seq == link.number]
        if now.seq in left and link.entry is not None:
            check_checkpoint(ports, now)
    refuse_newer(ports, now)
    return replace(now, foreign=reading.foreign), tuple(found)


def _read_stored(ports: Ports, after: int = 0, copies: EntryCopies = NO_COPIES) -> StoredObjects:
    """Read the objects after a number, the last of them never from `copies`."""
    keys = ports.store.list_keys(ledger_store.ENTRY_FOLDER, after=ledger_store.entry_key(after))
    numbers = {key: number for key in keys if (number := ledger_store.parse_key_number(key)) > after}
    odd = [ForeignObject(key, "its name is not the number of an entry") for key in keys if key not in numbers]
    last = max(numbers.values(), default=0)
    wanted = {key: number for key, number in numbers.items() if number == last or number not in copies}
    stored = dict(zip(wanted, ports.store.read_all(list(wanted)), strict=True))
    found = {
        number: _require_object(number, stored[key]) if key in stored else copies[number]
        for key, number in numbers.items()
    }
    return StoredObjects(found, odd)


def create_entry(ports: Ports, entry: entries.Entry) -> bool:
    """Create the entry; return False if another one has its number.

    After a lost response a retry meets the first write, recognized by the idempotency token in its bytes.
    """
    key, data = ledger_store.entry_key(entry.seq), entries.encode_entry(entry)
    try:
        ports.store.create(key, data)
    except AlreadyExistsError as exists:
        return _read_back(ports, key, entry, exists) == data
    except LostResponseError as unanswered:
        found = _read_back(ports, key, entry, unanswered)
        if found is None:
            hint = "the entry was not written: check envctl status, and run the command again"
            raise OperationFailedError(*(replace(each, hint=hint) for each in unanswered.problems)) from unanswered
        return found == data
    return True


def _read_back(ports: Ports, key: str, entry: entries.Entry, before: Exception) -> bytes | None:
    try:
        return ports.store.read(key)
    except OperationFailedError as error:
        message = (
            f"unknown whether ledger entry {entry.seq} ({entry.event.kind}) was written: the store did not respond"
        )
        hint = (
            f"when the store responds again: {format_command('status')}; run the command again if the entry is missing"
        )
        problems = before.problems if isinstance(before, OperationFailedError) else error.problems
        raise OperationFailedError(Problem("E459", message, hint), *problems) from error


def load_checkpoint(ports: Ports) -> LedgerState:
    """Return the state of the last trusted checkpoint; the empty state without one."""
    numbers = load_checkpoint_numbers(ports)
    if not ports.trust.pinned:
        numbers = [number for number in numbers if number and number % checkpoint.INTERVAL == 0]
    # Limited, because a writer of the store can add any number of untrusted ones.
    for number in reversed(numbers[-MAX_CHECKPOINTS_READ:]):
        state = _load_trusted(ports, number)
        if state is None or state.seq != number:
            continue
        last = ports.store.read(ledger_store.entry_key(number))
        if last is not None and entries.hash_bytes(last) == state.head:
            return state
    return LedgerState()


def load_checkpoint_numbers(ports: Ports) -> list[int]:
    return [ledger_store.parse_key_number(key) for key in ports.store.list_keys(ledger_store.CHECKPOINT_FOLDER)]


def name_checkpoint(ports: Ports, now: LedgerState) -> str:
    """Return the name of the checkpoint after `now`, for the next entry; empty without one."""
    is_at_interval = now.seq > 0 and now.seq % checkpoint.INTERVAL == 0
    return checkpoint.compute_name(replace(now, foreign=())) if is_at_interval and not ports.trust.pinned else ""


def save_checkpoint(ports: Ports, now: LedgerState, last: entries.Entry) -> None:
    # A failure is ignored: the entry is recorded, and a checkpoint only speeds up reading.
    with suppress(AlreadyExistsError, EnvctlError):
        if _is_due(ports, now, last):
            new = checkpoint.Checkpoint(now, ports.trust.name)
            if ports.trust.pinned:
                new = signing.sign_checkpoint(ports, new, personally=is_personal_event(last.event))
            ports.store.create(ledger_store.checkpoint_key(now.seq), checkpoint.encode_checkpoint(new))


def check_checkpoint(ports: Ports, now: LedgerState) -> None:
    """Check a checkpoint against the entries before it. Raises BrokenLedgerError for a difference."""
    data = ports.store.read(ledger_store.checkpoint_key(now.seq))
    found = checkpoint.decode_checkpoint(data) if data else None
    if found is not None and _is_trusted(ports, found) and found.present != now:
        why = "the checkpoint stored there does not match the entries"
        raise to_ledger_error(entries.ChainBreak(now.seq, why))


def _load_trusted(ports: Ports, number: int) -> LedgerState | None:
    """Return the state of a signed checkpoint or, without signatures, of one named by the next entry."""
    name = ""
    if not ports.trust.pinned:
        with suppress(entries.MalformedEntryError):
            name = entries.decode_entry(ports.store.read(ledger_store.entry_key(number + 1)) or b"").checkpoint
        if not name:
            return None
    data = ports.store.read(ledger_store.checkpoint_key(number))
    if not data or (name and checkpoint.read_name(data) != name):
        return None
    found = checkpoint.decode_checkpoint(data)
    return found.present if found and _is_trusted(ports, found) else None


def _is_trusted(ports: Ports, found: checkpoint.Checkpoint) -> bool:
    """Check that the checkpoint was made with the same trust and, if entries are signed, is signed too."""
    trust = ports.trust
    if found.trust != trust.name:
        return False
    if not trust.pinned:
        return True
    message = trust.hash_for_signing(checkpoint.KIND, checkpoint.encode_signed_part(found))
    return not trust.explain_bad_signature(trust.checkpoint_signer, found.signature, message, trust.checkpoint_role)


def _is_due(ports: Ports, now: LedgerState, last: entries.Entry) -> bool:
    """Tell if a checkpoint is due: at each interval or, if it must be signed, once its signer appends an entry."""
    if not ports.trust.pinned:
        return now.seq > 0 and now.seq % checkpoint.INTERVAL == 0
    if ports.trust.find_signer(last) != ports.trust.checkpoint_signer or now.seq < checkpoint.INTERVAL:
        return False
    if ports.trust.choose_key(last) != ports.trust.checkpoint_role:
        return False
    return now.seq - load_checkpoint(ports).seq >= checkpoint.INTERVAL
