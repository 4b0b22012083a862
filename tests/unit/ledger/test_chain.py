"""Whatever is done to a chain by hand is found."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.ledger.entries import GENESIS, ChainBreak, Entry, encode_entry, hash_bytes, verify_chain
from envctl.domain.ledger.events import Actor, Event
from envctl.domain.ledger.release_events import ReleaseCreated
from tests.unit.ledger.ledger_strategies import START, chain, events, ledgers, stored

Stored = list[tuple[int, bytes]]
chains = st.lists(events, min_size=2, max_size=7).map(lambda happened: stored(chain(happened)))


@given(ledgers)
def test_unmodified_chain_is_valid(entries: list[Entry]) -> None:
    assert verify_chain(stored(entries)) is None


@given(chains, st.data())
def test_changed_byte_is_found_within_one_entry(kept: Stored, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(kept) - 2))
    number, original = kept[at]
    position = data.draw(st.integers(0, len(original) - 1))
    value = data.draw(st.integers(0, 255).filter(lambda byte: byte != original[position]))
    kept[at] = number, original[:position] + bytes([value]) + original[position + 1 :]
    broken = verify_chain(kept)
    assert broken and broken.seq in (number, number + 1)


@given(chains, st.data())
def test_removed_entry_is_named(kept: Stored, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(kept) - 2))
    number, _ = kept.pop(at)
    broken = verify_chain(kept)
    assert broken and (broken.seq, broken.reason) == (number, "it is missing")


@given(chains, st.data())
def test_removed_entry_is_found_after_renumbering(kept: Stored, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(kept) - 2))
    del kept[at]
    broken = verify_chain([(number, content) for number, (_, content) in enumerate(kept, 1)])
    assert broken and broken.seq == at + 1


@given(chains, st.data())
def test_two_swapped_entries_are_found_at_the_first(kept: Stored, data: st.DataObject) -> None:
    one = data.draw(st.integers(0, len(kept) - 2))
    other = data.draw(st.integers(one + 1, len(kept) - 1))
    kept[one], kept[other] = (one + 1, kept[other][1]), (other + 1, kept[one][1])
    broken = verify_chain(kept)
    assert broken and broken.seq == one + 1


@given(chains, events, st.data())
def test_inserted_entry_is_found_at_the_next_entry(kept: Stored, event: Event, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(kept) - 1))
    prev = hash_bytes(kept[at - 1][1]) if at else GENESIS
    forged = encode_entry(Entry(seq=at + 1, prev=prev, at=START, actor=Actor("mallory"), event=event))
    moved = [content for _, content in kept]
    moved.insert(at, forged)
    broken = verify_chain(list(enumerate(moved, 1)))
    assert broken and broken.seq == at + 2


def test_rewritten_entry_is_found_by_its_successor() -> None:
    entries = chain([ReleaseCreated(release="r1"), ReleaseCreated(release="r2"), ReleaseCreated(release="r3")])
    entries[1] = replace(entries[1], event=ReleaseCreated(release="r9"))
    broken = verify_chain(stored(entries))
    assert broken is not None
    assert (broken.seq, broken.reason) == (3, "it does not follow entry 2: one of the two was changed or replaced")


def test_entry_under_wrong_number_is_found() -> None:
    entries = stored(chain([ReleaseCreated(release="r1"), ReleaseCreated(release="r2")]))
    assert verify_chain([entries[0], (2, entries[0][1])]) == ChainBreak(2, "its own number is 1")


@given(ledgers)
def test_each_entry_hashes_its_predecessor(entries: list[Entry]) -> None:
    assert all(later.prev == hash_bytes(encode_entry(earlier)) for earlier, later in pairwise(entries))
