"""The journal: reading the ledger and appending to it. A decision is recorded only on the history it was based on."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import TypeVar

from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.ledger import checkpoint
from envctl.domain.ledger.entries import (
    GENESIS,
    ChainBreak,
    Entry,
    MalformedEntryError,
    decode_entry,
    encode_entry,
    find_chain_break,
    hash_bytes,
    verify_chain,
)
from envctl.domain.ledger.events import Event
from envctl.domain.ledger.projection.apply_entries import apply_entries, apply_entry, to_unbelieved
from envctl.domain.ledger.state import LedgerState, Unbelieved
from envctl.usecases.ledger import signing
from envctl.usecases.ledger.checkpoints import check_checkpoint, load_checkpoint, name_checkpoint, save_checkpoint
from envctl.usecases.ledger.head_cache import BrokenLedgerError, KnownHead, check_known_head, to_ledger_error
from envctl.usecases.ledger.store_clock import choose_entry_time
from envctl.usecases.ledger.store_layout import (
    CHECKPOINT_FOLDER,
    ENTRY_FOLDER,
    MARKER_KEY,
    checkpoint_key,
    entry_key,
    parse_key_number,
)
from envctl.usecases.ledger.store_owner import check_store_owner, claim_store
from envctl.usecases.ports.core import AlreadyExistsError, LostResponseError, Ports

T = TypeVar("T")
MAX_ATTEMPTS = 100
PAGE_SIZE = 64


def load(ports: Ports) -> LedgerState:
    """Return the state of the ledger, read from the last checkpoint on.

    Entries are checked against the chain; they count if signed as the project requires.
    """
    seen = ports.head_cache.load_head()
    with _prefetch_ledger(ports, seen):
        return _retry_once(lambda: _load_state(ports, seen))


def _retry_once(read: Callable[[], T]) -> T:
    """Retry once before reporting a broken ledger: a listing made during appends may lack an earlier entry."""
    try:
        return read()
    except BrokenLedgerError:
        return read()


def _load_state(ports: Ports, seen: KnownHead) -> LedgerState:
    check_store_owner(ports)
    start = load_checkpoint(ports)
    entries: list[Entry] = []
    expected, prev = start.seq + 1, start.head
    for number, data in _read_stored(ports, after=start.seq):
        broken = find_chain_break(number, data, expected, prev)
        if broken:
            raise to_ledger_error(broken)
        entries.append(decode_entry(data))
        expected, prev = expected + 1, hash_bytes(data)
    now = apply_entries(entries, start, ports.trust.explain_distrust)
    check_known_head(ports, now, seen)
    return now


def _prefetch_ledger(ports: Ports, last: KnownHead) -> AbstractContextManager[None]:
    """Prefetch the expected reads, from the last entry this machine saw. Later entries are few and read after it."""
    seen = last[0] if last else 0
    # A checkpoint right after the last entry is named by the next entry: prefetch that too.
    start = max(0, seen - 1) // checkpoint.INTERVAL * checkpoint.INTERVAL
    more = 2 if seen and seen % checkpoint.INTERVAL == 0 else 1
    known = [entry_key(number) for number in range(max(start, 1), seen + more)]
    checkpoints = [checkpoint_key(start)] if start else []
    return ports.store.prefetch(
        [MARKER_KEY, *checkpoints, *known], [(CHECKPOINT_FOLDER, ""), (ENTRY_FOLDER, entry_key(start))]
    )


def append(
    ports: Ports, decide: Callable[[LedgerState], Event | None], *, after: LedgerState | None = None
) -> tuple[LedgerState, Entry | None]:
    """Append the event decided on the current state; return the next state and the entry.

    If another entry is appended first, `decide` is called again with the new state. It may refuse by raising, or return
    None for no entry. Frequent callers pass the last returned state as `after`: the ledger is read again only if the
    next number is taken.
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
        plain = Entry(
            now.seq + 1,
            now.head,
            moment.at,
            ports.identity.identify_actor(),
            event,
            ports.nonces.new(),
            name_checkpoint(ports, now),
            moment.stored_at,
        )
        # Sign only once: signatures of the same bytes differ.
        entry = signing.sign_entry(ports, plain)
        if not _try_create_entry(ports, entry):
            continue
        after = apply_entry(now, decode_entry(encode_entry(entry)))
        save_checkpoint(ports, after, entry)
        ports.head_cache.save_head(after.seq, after.head)
        return after, entry
    raise OperationFailedError(
        Problem(
            "E402", f"the ledger could not be appended to: {MAX_ATTEMPTS} others were faster", "try again in a minute"
        )
    )


def _try_create_entry(ports: Ports, entry: Entry) -> bool:
    """Create the entry; return False if another one has its number.

    After a lost response a retry meets the first write, recognized by the idempotency token in its bytes.
    """
    key, data = entry_key(entry.seq), encode_entry(entry)
    try:
        ports.store.create(key, data)
    except AlreadyExistsError as exists:
        return _read_back(ports, key, entry, exists) == data
    except LostResponseError as unanswered:
        found = _read_back(ports, key, entry, unanswered)
        if found is None:
            hint = "envctl found nothing recorded afterwards: look at envctl status, and run the command again"
            raise OperationFailedError(*(replace(each, hint=hint) for each in unanswered.problems)) from unanswered
        return found == data
    return True


def _read_back(ports: Ports, key: str, entry: Entry, before: Exception) -> bytes | None:
    try:
        return ports.store.read(key)
    except OperationFailedError as error:
        message = f"nobody can say whether it was recorded that {entry.event.kind} (entry {entry.seq})"
        hint = "once the store answers again: envctl status shows it. Where it is not there, run the command again"
        problems = before.problems if isinstance(before, OperationFailedError) else error.problems
        raise OperationFailedError(Problem("E459", message, hint), *problems) from error


def read_newest_first(ports: Ports) -> Iterator[Entry]:
    """Yield the entries from the newest back, reading only the requested pages."""
    end = load(ports).seq
    while end > 0:
        yield from _read_entries(ports, range(end, max(0, end - PAGE_SIZE), -1))
        end -= PAGE_SIZE


def read_oldest_first(ports: Ports) -> Iterator[tuple[Entry, bytes]]:
    """Yield all entries with their bytes, each checked against the chain."""
    # load() also checks the length against the known head.
    end = load(ports).seq
    expected, prev = 1, GENESIS
    while expected <= end:
        page = range(expected, min(end, expected + PAGE_SIZE - 1) + 1)
        for number, data in zip(page, ports.store.read_all([entry_key(each) for each in page]), strict=True):
            if data is None:
                raise to_ledger_error(ChainBreak(number, "it is missing"))
            broken = find_chain_break(number, data, expected, prev)
            if broken:
                raise to_ledger_error(broken)
            yield decode_entry(data), data
            expected, prev = expected + 1, hash_bytes(data)


def list_untrusted(ports: Ports, entries: Sequence[Entry]) -> tuple[Unbelieved, ...]:
    """Return the untrusted entries with the reasons."""
    trust = ports.trust
    return tuple(to_unbelieved(entry, why) for entry in entries if (why := trust.explain_distrust(entry)))


def load_entries(ports: Ports, numbers: Sequence[int]) -> list[Entry]:
    """Return the entries with these numbers. Raises BrokenLedgerError for a missing one."""
    return list(_read_entries(ports, numbers))


def _read_entries(ports: Ports, numbers: Sequence[int]) -> Iterator[Entry]:
    stored = ports.store.read_all([entry_key(number) for number in numbers]) if numbers else []
    for number, data in zip(numbers, stored, strict=True):
        try:
            yield decode_entry(data or b"")
        except MalformedEntryError as error:
            raise to_ledger_error(ChainBreak(number, str(error))) from error


def verify_ledger(ports: Ports) -> LedgerState:
    """Verify the whole chain from its first entry. Raises BrokenLedgerError naming the first fault."""
    return audit_ledger(ports)[0]


def audit_ledger(ports: Ports) -> tuple[LedgerState, tuple[Unbelieved, ...]]:
    """Verify the whole chain, and return the final state and all untrusted entries."""
    seen = ports.head_cache.load_head()
    return _retry_once(lambda: _audit_chain(ports, seen))


def _audit_chain(ports: Ports, seen: KnownHead) -> tuple[LedgerState, tuple[Unbelieved, ...]]:
    check_store_owner(ports)
    broken = verify_chain(_read_stored(ports))
    if broken:
        raise to_ledger_error(broken)
    now, found, trust = LedgerState(), list[Unbelieved](), ports.trust
    left = {parse_key_number(key) for key in ports.store.list_keys(CHECKPOINT_FOLDER)}
    for _, data in _read_stored(ports):
        entry = decode_entry(data)
        if doubt := trust.explain_distrust(entry):
            found.append(to_unbelieved(entry, doubt))
        now = apply_entry(now, entry, doubt)
        if now.seq in left:
            check_checkpoint(ports, now)
    check_known_head(ports, now, seen)
    return now, tuple(found)


def _read_stored(ports: Ports, after: int = 0) -> Iterator[tuple[int, bytes]]:
    keys = ports.store.list_keys(ENTRY_FOLDER, after=entry_key(after))
    for key, data in zip(keys, ports.store.read_all(keys), strict=True):
        yield parse_key_number(key), data or b""
