"""Reading and appending to the ledger. A decision is only ever recorded on the history that it was made on."""

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
    decode,
    digest,
    encode,
    misfit,
    verify_chain,
)
from envctl.domain.ledger.events import Event
from envctl.domain.ledger.projection.apply_entries import disbelieved, fold, follow
from envctl.domain.ledger.state import Present, Unbelieved
from envctl.usecases.ledger import signing
from envctl.usecases.ledger.checkpoints import check_checkpoint, leave_checkpoint, load_checkpoint, name_checkpoint
from envctl.usecases.ledger.head_cache import Seen, UnbelievableLedgerError, check_witness, disbelieve
from envctl.usecases.ledger.store_clock import choose_moment
from envctl.usecases.ledger.store_layout import CHECKPOINTS, ENTRIES, MARKER, checkpoint_key, entry_key, number_of
from envctl.usecases.ledger.store_owner import check_store_owner, claim_store
from envctl.usecases.ports.core import AlreadyExistsError, Ports, UnansweredError

T = TypeVar("T")
ATTEMPTS = 100
PAGE = 64
LOOKED_AT = 8


def present(ports: Ports) -> Present:
    """The present, from the last checkpoint on. What is read on the way is checked against the chain, and counts where
    it is signed as the project wants it.
    """
    seen = ports.witness.recall()
    with _foreseen(ports, seen):
        return _read_twice(lambda: _read_present(ports, seen))


def _read_twice(read: Callable[[], T]) -> T:
    """Reads once more before the ledger is said to be broken: while a folder is listed, entries come into it, and the
    list may hold a later one without the one before.
    """
    try:
        return read()
    except UnbelievableLedgerError:
        return read()


def _read_present(ports: Ports, seen: Seen) -> Present:
    check_store_owner(ports)
    start = load_checkpoint(ports)
    entries: list[Entry] = []
    expected, prev = start.seq + 1, start.head
    for number, data in _stored(ports, after=start.seq):
        broken = misfit(number, data, expected, prev)
        if broken:
            raise disbelieve(broken)
        entries.append(decode(data))
        expected, prev = expected + 1, digest(data)
    now = fold(entries, start, ports.trust.doubt)
    check_witness(ports, now, seen)
    return now


def _foreseen(ports: Ports, last: Seen) -> AbstractContextManager[None]:
    """What will be read, by what this machine saw last: what has come since is little, and is read after it."""
    seen = last[0] if last else 0
    # The checkpoint after the very last entry is named by none yet, and so the next entry is looked for.
    start = max(0, seen - 1) // checkpoint.EVERY * checkpoint.EVERY
    more = 2 if seen and seen % checkpoint.EVERY == 0 else 1
    known = [entry_key(number) for number in range(max(start, 1), seen + more)]
    checkpoints = [checkpoint_key(start)] if start else []
    return ports.store.fetching([MARKER, *checkpoints, *known], [(CHECKPOINTS, ""), (ENTRIES, entry_key(start))])


def append(
    ports: Ports, decide: Callable[[Present], Event | None], *, after: Present | None = None
) -> tuple[Present, Entry | None]:
    """Appends what `decide` makes of the present, and gives the present after it.

    Where somebody else appends first, `decide` is asked again with the new present. It may say no by raising, or by
    None where there is nothing to add. Who appends much gives as `after` what the last call gave: the ledger is then
    read again only where that is the present no longer, which the next number being taken shows.
    """
    known = after
    ports.store.foresee_time()
    for _ in range(ATTEMPTS):
        now, known = known or present(ports), None
        event = decide(now)
        if event is None:
            return now, None
        claim_store(ports, now)
        moment = choose_moment(ports, now, event)
        plain = Entry(
            now.seq + 1,
            now.head,
            moment.at,
            ports.identity.actor(),
            event,
            ports.marks.fresh(),
            name_checkpoint(ports, now),
            moment.stored_at,
        )
        # Once: no two signatures of the same are alike.
        entry = signing.signed(ports, plain)
        if not _recorded(ports, entry):
            continue
        after = follow(now, decode(encode(entry)))
        leave_checkpoint(ports, after, entry)
        ports.witness.remember(after.seq, after.head)
        return after, entry
    raise OperationFailedError(
        Problem("E402", f"the ledger could not be appended to: {ATTEMPTS} others were faster", "try again in a minute")
    )


def _recorded(ports: Ports, entry: Entry) -> bool:
    """Whether the entry is in the ledger now; if not, somebody else's has its number. Where the answer to a write gets
    lost, a second try meets what the first one wrote: by its mark one's own entry is known again.
    """
    key, data = entry_key(entry.seq), encode(entry)
    try:
        ports.store.create(key, data)
    except AlreadyExistsError as exists:
        return _looked_up(ports, key, entry, exists) == data
    except UnansweredError as unanswered:
        there = _looked_up(ports, key, entry, unanswered)
        if there is None:
            hint = "envctl found nothing recorded afterwards: look at envctl status, and run the command again"
            raise OperationFailedError(*(replace(each, hint=hint) for each in unanswered.problems)) from unanswered
        return there == data
    return True


def _looked_up(ports: Ports, key: str, entry: Entry, before: Exception) -> bytes | None:
    try:
        return ports.store.read(key)
    except OperationFailedError as error:
        message = f"nobody can say whether it was recorded that {entry.event.kind} (entry {entry.seq})"
        hint = "once the store answers again: envctl status shows it. Where it is not there, run the command again"
        told = before.problems if isinstance(before, OperationFailedError) else error.problems
        raise OperationFailedError(Problem("E459", message, hint), *told) from error


def newest_first(ports: Ports) -> Iterator[Entry]:
    """The entries, read as far back as they are asked for."""
    end = present(ports).seq
    while end > 0:
        yield from _read(ports, range(end, max(0, end - PAGE), -1))
        end -= PAGE


def oldest_first(ports: Ports) -> Iterator[tuple[Entry, bytes]]:
    """All entries with their bytes, each checked against the chain before it is given."""
    # As long as this machine has seen it, too.
    end = present(ports).seq
    expected, prev = 1, GENESIS
    while expected <= end:
        page = range(expected, min(end, expected + PAGE - 1) + 1)
        for number, data in zip(page, ports.store.read_all([entry_key(each) for each in page]), strict=True):
            if data is None:
                raise disbelieve(ChainBreak(number, "it is missing"))
            broken = misfit(number, data, expected, prev)
            if broken:
                raise disbelieve(broken)
            yield decode(data), data
            expected, prev = expected + 1, digest(data)


def unbelieved(ports: Ports, entries: Sequence[Entry]) -> tuple[Unbelieved, ...]:
    """Those of the entries that do not count, and why."""
    trust = ports.trust
    return tuple(disbelieved(entry, why) for entry in entries if (why := trust.doubt(entry)))


def numbered(ports: Ports, numbers: Sequence[int]) -> list[Entry]:
    """The entries with these numbers, which must be there."""
    return list(_read(ports, numbers))


def _read(ports: Ports, numbers: Sequence[int]) -> Iterator[Entry]:
    stored = ports.store.read_all([entry_key(number) for number in numbers]) if numbers else []
    for number, data in zip(numbers, stored, strict=True):
        try:
            yield decode(data or b"")
        except MalformedEntryError as error:
            raise disbelieve(ChainBreak(number, str(error))) from error


def verify(ports: Ports) -> Present:
    """Recomputes the whole chain from its first entry. Raises UnbelievableLedgerError naming the first misfit."""
    return examine(ports)[0]


def examine(ports: Ports) -> tuple[Present, tuple[Unbelieved, ...]]:
    """As `verify`; with every entry that does not count, for want of the right signature."""
    seen = ports.witness.recall()
    return _read_twice(lambda: _examine(ports, seen))


def _examine(ports: Ports, seen: Seen) -> tuple[Present, tuple[Unbelieved, ...]]:
    check_store_owner(ports)
    broken = verify_chain(_stored(ports))
    if broken:
        raise disbelieve(broken)
    now, found, trust = Present(), list[Unbelieved](), ports.trust
    left = {number_of(key) for key in ports.store.keys(CHECKPOINTS)}
    for _, data in _stored(ports):
        entry = decode(data)
        if doubt := trust.doubt(entry):
            found.append(disbelieved(entry, doubt))
        now = follow(now, entry, doubt)
        if now.seq in left:
            check_checkpoint(ports, now)
    check_witness(ports, now, seen)
    return now, tuple(found)


def _stored(ports: Ports, after: int = 0) -> Iterator[tuple[int, bytes]]:
    keys = ports.store.keys(ENTRIES, after=entry_key(after))
    for key, data in zip(keys, ports.store.read_all(keys), strict=True):
        yield number_of(key), data or b""
