"""Which entries count: by tables, and by laws over random ledgers of which somebody forges one entry."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.config.signing_keys import KEY_FIELDS
from envctl.domain.ledger.entries import Entry, MalformedEntryError, decode_entry, encode_entry, hash_bytes
from envctl.domain.ledger.events import (
    EVENTS,
    Actor,
    ApprovalGiven,
    DeploymentStarted,
    EnvironmentLocked,
    Event,
)
from envctl.domain.ledger.key_roles import KEY_ROLES, is_personal_event
from envctl.domain.ledger.projection.apply_entries import apply_entries, apply_entry
from envctl.domain.ledger.release_events import ReleaseCreated
from envctl.domain.ledger.signatures import PublicKey, Signature, to_signature
from envctl.domain.ledger.state import EnvironmentState
from envctl.domain.ledger.trust import EnvironmentKeys, Trust, find_shared_key
from tests.unit.ledger.ledger_strategies import START, chain, events, ledgers

ORDER = ("dev", "staging", "prod")
PRIVATE = {name: generate_private_key(SECP256R1()) for name in (*ORDER, "stranger")}
KEYS = {
    name: PublicKey(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    for name, key in PRIVATE.items()
}
TRUST = Trust("shop", ORDER, {name: EnvironmentKeys((KEYS[name],)) for name in ORDER})
ENTRY = Entry(
    seq=7,
    prev="ab" * 32,
    at=START,
    actor=Actor("ann"),
    event=ApprovalGiven(environment="prod", gate="peer", release="r1", settings="s", plan="f00d"),
)


def signed(entry: Entry, key: str = "", trust: Trust = TRUST) -> Entry:
    name = key or trust.find_signer(entry)
    value = PRIVATE[name].sign(trust.encode_signed_message(entry), ECDSA(SHA256()))
    return replace(entry, signature=to_signature(KEYS[name], value))


def resigned(entries: list[Entry]) -> list[Entry]:
    """The same history, each entry signed as it has to be."""
    done: list[Entry] = []
    for entry in entries:
        done.append(signed(replace(entry, prev=hash_bytes(encode_entry(done[-1])) if done else entry.prev)))
    return done


GOOD = signed(ENTRY)
OLD = replace(TRUST, pinned={**TRUST.pinned, "prod": EnvironmentKeys((KEYS["stranger"], KEYS["prod"]))})
LATER = replace(TRUST, pinned={**TRUST.pinned, "prod": EnvironmentKeys((KEYS["prod"],), signed_from=8)})
MADE = replace(ENTRY, event=ReleaseCreated(release="r1"))

OF = "it is signed with the key of"
UNFIT = "its signature does not match its content or its position"
DOUBTS: dict[str, tuple[Trust, Entry, str]] = {
    "signed with the key of its environment": (TRUST, GOOD, ""),
    "not signed": (TRUST, ENTRY, "it is not signed"),
    "with the key of dev": (TRUST, signed(ENTRY, "dev"), f"{OF} dev, not with the key of prod"),
    "signed with a key that nobody knows": (
        TRUST,
        signed(ENTRY, "stranger"),
        "it is signed with an unpinned key, not with the key of prod",
    ),
    "signed with a key that was pinned before": (OLD, signed(ENTRY, "stranger"), ""),
    "signed with the key that came after it": (OLD, GOOD, ""),
    "with the value of another key": (
        TRUST,
        replace(
            ENTRY, signature=replace(signed(ENTRY, "dev").signature or Signature("", ""), key=KEYS["prod"].fingerprint)
        ),
        UNFIT,
    ),
    "with a value of no base64": (TRUST, replace(ENTRY, signature=Signature(KEYS["prod"].fingerprint, "?")), UNFIT),
    "with the signature of another entry": (TRUST, replace(GOOD, actor=Actor("bob")), UNFIT),
    "with another number": (TRUST, replace(GOOD, seq=8), UNFIT),
    "after another entry": (TRUST, replace(GOOD, prev="cd" * 32), UNFIT),
    "of another project": (replace(TRUST, project="blog"), GOOD, UNFIT),
    "before signatures were asked for": (LATER, ENTRY, ""),
    "the first of which a signature is asked": (LATER, replace(ENTRY, seq=8), "it is not signed"),
    "of an environment without a key": (replace(TRUST, pinned={"dev": TRUST.pinned["dev"]}), ENTRY, ""),
    "where nothing is signed": (Trust("shop", ORDER), ENTRY, ""),
    "a release that the first environment signed": (TRUST, signed(MADE), ""),
    "a release of prod's key": (TRUST, signed(MADE, "prod"), f"{OF} prod, not with the key of dev"),
}


@pytest.mark.parametrize(("trust", "entry", "doubt"), DOUBTS.values(), ids=DOUBTS.keys())
def test_distrust_of_an_entry_is_explained(trust: Trust, entry: Entry, doubt: str) -> None:
    assert trust.explain_distrust(entry) == doubt


def test_entry_without_signature_keeps_its_bytes() -> None:
    assert b"signature" not in encode_entry(ENTRY)
    assert decode_entry(encode_entry(GOOD)) == GOOD
    assert json.loads(encode_entry(GOOD)).keys() - json.loads(encode_entry(ENTRY)).keys() == {"signature"}


SIGNATURES: dict[str, object] = {
    "nothing": None,
    "text": "signed",
    "without a value": {"key": "k"},
    "with more": {"key": "k", "value": "v", "more": ""},
    "of numbers": {"key": 1, "value": 2},
}


@pytest.mark.parametrize("signature", SIGNATURES.values(), ids=SIGNATURES.keys())
def test_entry_with_malformed_signature_is_refused(signature: object) -> None:
    document = json.loads(encode_entry(ENTRY)) | {"signature": signature}
    with pytest.raises(MalformedEntryError):
        decode_entry(json.dumps(document, sort_keys=True, separators=(",", ":")).encode())


def test_every_kind_of_entry_has_one_key() -> None:
    assert KEY_ROLES.keys() == set(EVENTS.values())


def test_page_names_each_kind_with_its_key() -> None:
    page = Path(__file__).parents[3].joinpath("docs/ledger-verify.md").read_text(encoding="utf-8")
    table = page.partition("## Each kind of entry")[2]
    rows = {
        row[0]: set(row[1:]) for line in table.splitlines() if (row := re.findall(r"`([^`]+)`", line)) and "|" in line
    }
    for role, key in KEY_FIELDS.items():
        kinds = {event.kind for event, of in KEY_ROLES.items() if of == role}
        assert rows[key] == (kinds or {"drift checked"}), key


def test_personal_events_are_those_that_people_sign() -> None:
    said = {kind for kind, event in EVENTS.items() if KEY_ROLES[event] == "people"}
    assert said == {
        "approval given",
        "approval withdrawn",
        "environment locked",
        "environment unlocked",
        "hold lifted",
        "rules approved",
        "rules reset requested",
        "rules reset withdrawn",
        "history vouched",
        "waiver given",
        "waiver reviewed",
    }
    assert is_personal_event(EnvironmentLocked("prod", "mine"))
    assert not is_personal_event(DeploymentStarted(environment="prod", release="r1", settings="s", action="apply"))


def test_trust_name_depends_on_every_deciding_field() -> None:
    others = [
        OLD,
        LATER,
        replace(TRUST, project="blog"),
        replace(TRUST, order=("staging", "dev", "prod")),
        replace(TRUST, pinned={"dev": TRUST.pinned["dev"]}),
        Trust("shop", ORDER),
    ]
    assert len({TRUST.name, *(trust.name for trust in others)}) == len(others) + 1
    assert replace(TRUST, pinned=dict(reversed(list(TRUST.pinned.items())))).name == TRUST.name
    assert replace(TRUST, order=("dev", "qa", "staging", "prod")).name == TRUST.name


KEEPERS: dict[str, tuple[tuple[str, ...], str]] = {
    "the last one": (ORDER, "prod"),
    "the last one that has a key": (("dev", "staging"), "staging"),
    "nobody": ((), ""),
}


@pytest.mark.parametrize(("pinned", "keeper"), KEEPERS.values(), ids=KEEPERS.keys())
def test_last_pinned_environment_signs_checkpoints(pinned: tuple[str, ...], keeper: str) -> None:
    assert replace(TRUST, pinned={name: TRUST.pinned[name] for name in pinned}).checkpoint_signer == keeper


def test_key_pinned_by_two_environments_is_found() -> None:
    assert find_shared_key({name: (KEYS[name],) for name in ORDER}) is None
    assert find_shared_key({"dev": (KEYS["dev"],), "prod": (KEYS["prod"], KEYS["dev"])}) == ("dev", "prod")
    assert find_shared_key({"dev": (KEYS["dev"], KEYS["dev"])}) is None


def forget_keys(found: Mapping[str, EnvironmentState]) -> dict[str, EnvironmentState]:
    """Without the names of the keys that signed what people decided."""
    return {
        name: replace(
            there,
            approvals=tuple(replace(each, key="") for each in there.approvals),
            rules_approvals=tuple(replace(each, key="") for each in there.rules_approvals),
            rules_reset=replace(there.rules_reset, key="") if there.rules_reset else None,
        )
        for name, there in found.items()
    }


@given(ledgers)
def test_correctly_signed_history_is_trusted_completely(entries: list[Entry]) -> None:
    history = resigned(entries)
    believed = apply_entries(history, doubt=TRUST.explain_distrust)
    assert believed.unbelieved == ()
    assert believed.environments == apply_entries(history).environments
    assert forget_keys(believed.environments) == forget_keys(apply_entries(entries).environments)


@given(ledgers, events, st.sampled_from(["", "dev", "staging", "prod", "stranger"]))
def test_distrusted_entry_changes_only_sequence_and_head(entries: list[Entry], event: Event, key: str) -> None:
    before = apply_entries(entries)
    forged = Entry(seq=before.seq + 1, prev=before.head, at=START, actor=Actor("mallory"), event=event)
    if key:
        forged = signed(forged, key)
    after = apply_entry(before, forged, TRUST.explain_distrust(forged))
    if key == TRUST.find_signer(forged):
        assert after == apply_entry(before, forged)
        return
    assert (after.environments, after.releases) == (before.environments, before.releases)
    assert (after.seq, after.head) == (before.seq + 1, hash_bytes(encode_entry(forged)))
    assert [each.seq for each in after.unbelieved] == [forged.seq]


@given(events, st.data())
def test_flipped_bit_in_signed_entry_is_noticed(event: Event, data: st.DataObject) -> None:
    """Be it by its form, or by its signature; unless it speaks of an environment by then that there is none of."""
    written_ = encode_entry(signed(replace(ENTRY, event=event)))
    # A signature of an elliptic curve has another length each time.
    at = data.draw(st.integers(0, 1 << 16)) % (len(written_) * 8)
    flipped = bytes(byte ^ (1 << at % 8 if number == at // 8 else 0) for number, byte in enumerate(written_))
    try:
        entry = decode_entry(flipped)
    except MalformedEntryError:
        return
    assert TRUST.explain_distrust(entry) or getattr(entry.event, "environment", "dev") not in ORDER


@given(st.lists(events, min_size=2, max_size=6), st.data())
def test_entry_moved_to_another_place_is_distrusted(happened: list[Event], data: st.DataObject) -> None:
    history = resigned(chain(happened))
    moved = data.draw(st.sampled_from(history))
    there = data.draw(st.sampled_from([entry for entry in history if entry is not moved]))
    assert TRUST.explain_distrust(replace(moved, seq=there.seq, prev=there.prev)) == UNFIT


@given(st.lists(events, min_size=2, max_size=6), st.data())
def test_entries_after_a_removed_entry_are_distrusted(happened: list[Event], data: st.DataObject) -> None:
    history = resigned(chain(happened))
    gone = data.draw(st.integers(0, len(history) - 2))
    rewritten = history[:gone]
    for seq, entry in enumerate(history[gone + 1 :], gone + 1):
        head = hash_bytes(encode_entry(rewritten[-1])) if rewritten else history[0].prev
        rewritten.append(replace(entry, seq=seq, prev=head))
    now = apply_entries(rewritten, doubt=TRUST.explain_distrust)
    assert [each.seq for each in now.unbelieved] == list(range(gone + 1, len(history)))
    assert now.environments == apply_entries(history[:gone], doubt=TRUST.explain_distrust).environments


@given(ledgers, st.integers(1, 12))
def test_unsigned_entries_count_only_before_pinning_number(entries: list[Entry], since: int) -> None:
    pinned = {name: EnvironmentKeys((KEYS[name],), since) for name in ORDER}
    now = apply_entries(entries, doubt=replace(TRUST, pinned=pinned).explain_distrust)
    believed = apply_entries(entries[: since - 1])
    assert (now.environments, now.releases) == (believed.environments, believed.releases)


def test_signed_digest_depends_on_kind_and_project() -> None:
    digests = {
        TRUST.hash_for_signing("entry", b"x"),
        TRUST.hash_for_signing("checkpoint", b"x"),
        replace(TRUST, project="blog").hash_for_signing("entry", b"x"),
    }
    assert len(digests) == 3
