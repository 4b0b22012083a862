"""Entries from before there were keys: they count if people of all environments with a people's key vouch for them.

Nothing is vouched for that could have been signed: an entry about an environment counts only if no trusted entry before
it was signed with the key that it lacks.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from envctl.domain.ledger.chain import Link
from envctl.domain.ledger.entries import Entry, NewerEntryError
from envctl.domain.ledger.history_events import HistoryVouched
from envctl.domain.ledger.projection.apply_entries import apply_entry, skip_newer
from envctl.domain.ledger.state import LedgerState, NewerEntries
from envctl.domain.ledger.trust import Trust

ANOTHER_HISTORY = "it vouches for another history"


def has_vouching(trust: Trust, links: Sequence[Link]) -> bool:
    """Check if people vouch here for entries before: then all have to be read. Untrusted vouching causes no reading."""
    return any(
        isinstance(entry, Entry) and isinstance(entry.event, HistoryVouched) and not trust.explain_distrust(entry)
        for entry in (link.entry for link in links)
    )


def count_links(trust: Trust, start: LedgerState, links: Sequence[Link]) -> Iterator[LedgerState]:
    """Yield the state after each object of the chain. What is foreign or not trusted keeps its place alone."""
    now = start
    heads = {link.number: link.head for link in links}
    vouched = _find_vouched(trust, links, heads) if has_vouching(trust, links) else 0
    for link in links:
        entry = link.entry
        if now.newer is not None:
            now = replace(now, newer=replace(now.newer, last=link.number))
        elif entry is None:
            now = replace(now, seq=link.number, head=link.head)
        elif isinstance(entry, NewerEntryError):
            now = _count_newer(trust, now, link, entry)
        elif not trust.pinned:
            now = apply_entry(now, entry)
        elif _vouches_for_another(entry, heads):
            now = apply_entry(now, entry, ANOTHER_HISTORY)
        else:
            use = "" if trust.explain_distrust(entry) else trust.name_use(entry)
            doubt = explain_doubt(trust, now, entry, vouched)
            now = apply_entry(now, entry, doubt, use, unsigned=trust.is_beside(entry))
        yield now


def find_vouched(trust: Trust, present: LedgerState) -> int:
    """Return the number of the last entry that people of all environments vouch for."""
    return min((present.find_environment(name).vouched for name in trust.vouching), default=0)


def explain_doubt(trust: Trust, present: LedgerState, entry: Entry, vouched: int | None = None) -> str:
    """Return the reason to distrust an entry without people who vouch for it; empty for one that counts."""
    doubt = trust.explain_distrust(entry)
    if not doubt or entry.seq > (find_vouched(trust, present) if vouched is None else vouched):
        return doubt
    return doubt if present.began.get(trust.name_use(entry), entry.seq) < entry.seq else ""


def _count_newer(trust: Trust, now: LedgerState, link: Link, entry: NewerEntryError) -> LedgerState:
    if doubt := trust.explain_distrust(entry):
        return skip_newer(now, entry, link.head, doubt)
    return replace(now, newer=NewerEntries(link.number, link.number, entry.version))


def _vouches_for_another(entry: Entry, heads: Mapping[int, str]) -> bool:
    event = entry.event
    return isinstance(event, HistoryVouched) and heads.get(event.number, event.head) != event.head


def _find_vouched(trust: Trust, links: Sequence[Link], heads: Mapping[int, str]) -> int:
    last = dict.fromkeys(trust.vouching, 0)
    for link in links:
        entry = link.entry
        event = entry.event if isinstance(entry, Entry) else None
        if isinstance(event, HistoryVouched) and event.environment in last and isinstance(entry, Entry):
            is_so = heads.get(event.number) == event.head and event.number < entry.seq
            if is_so and not trust.explain_distrust(entry):
                last[event.environment] = max(last[event.environment], event.number)
    return min(last.values(), default=0)
