"""Trust in entries: the required signer, the signed bytes, and reasons to distrust an entry.

Public keys are pinned in the reviewed project: write access to the store alone can't change trust.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256

from envctl.domain.ledger import events
from envctl.domain.ledger.entries import Entry, encode_entry
from envctl.domain.ledger.release_events import ReleaseCreated
from envctl.domain.ledger.rule_events import RulesApproved, RulesResetRequested, RulesResetWithdrawn
from envctl.domain.ledger.signatures import PublicKey, Signature, decode_signature

PERSONAL_EVENTS = (
    events.ApprovalGiven,
    events.ApprovalWithdrawn,
    events.EnvironmentLocked,
    events.EnvironmentUnlocked,
    events.HoldLifted,
    RulesApproved,
    RulesResetRequested,
    RulesResetWithdrawn,
)


@dataclass(frozen=True)
class EnvironmentKeys:
    """The trusted keys of an environment. `look_keys` sign drift checks that only take evidence away."""

    keys: tuple[PublicKey, ...]  # the current signing key is the last
    signed_from: int = 1  # number of the first entry with a required signature
    look_keys: tuple[PublicKey, ...] = ()

    @cached_property
    def by_fingerprint(self) -> Mapping[str, PublicKey]:
        return {key.fingerprint: key for key in self.keys}

    @cached_property
    def look_by_fingerprint(self) -> Mapping[str, PublicKey]:
        return {key.fingerprint: key for key in self.look_keys}


@dataclass(frozen=True)
class Trust:
    """The pinned keys of a project. Its name is signed too: entries of another project are never trusted."""

    project: str = ""
    order: tuple[str, ...] = ()  # of the pipeline
    pinned: Mapping[str, EnvironmentKeys] = field(default_factory=dict)  # environments with required signatures
    looking: frozenset[str] = frozenset()  # environments of which this command has the role to look with alone

    @cached_property
    def name(self) -> str:
        """Hash of the keys, the entry environment and the project; empty without pinned keys."""
        if not self.pinned:
            return ""
        keys = {
            name: [pinned.signed_from, *(key.fingerprint for key in pinned.keys), *sorted(pinned.look_by_fingerprint)]
            for name, pinned in self.pinned.items()
        }
        return sha256(json.dumps([self.project, self.order[:1], keys], sort_keys=True).encode()).hexdigest()

    @property
    def checkpoint_signer(self) -> str:
        """The environment with the key for checkpoints: the last one with a key; empty without keys."""
        return next((name for name in reversed(self.order) if name in self.pinned), "")

    def find_signer(self, entry: Entry) -> str:
        """Return the environment with the key for this entry; empty if it may be unsigned."""
        if not self.pinned:
            return ""
        event = entry.event
        name = event.beside or self.order[0] if isinstance(event, ReleaseCreated) else event.environment
        return name if self._must_sign(name, entry) else ""

    def _must_sign(self, name: str, entry: Entry) -> bool:
        pinned = self.pinned.get(name)
        return pinned is not None and entry.seq >= pinned.signed_from

    def explain_distrust(self, entry: Entry) -> str:
        """Return the reason to distrust the entry; empty for a trusted one."""
        if other := next(
            (name for name in events.list_environments(entry.event)[1:] if self._must_sign(name, entry)), ""
        ):
            return f"it speaks of {other} too, and is not signed for it"
        signer = self.find_signer(entry)
        if not signer:
            return ""
        signature = entry.signature
        if signature is not None and signature.key in self.pinned[signer].look_by_fingerprint:
            if not is_look(entry.event):
                return f"it is signed with the look key of {signer}, which signs found drift alone"
            key = self.pinned[signer].look_by_fingerprint[signature.key]
            return _check_signature(key, signature, self.encode_signed_message(entry))
        return self.explain_bad_signature(signer, signature, self.encode_signed_message(entry))

    def signs_with_look_key(self, entry: Entry) -> bool:
        """Check if this command has to sign the entry with the key for looks."""
        return self.find_signer(entry) in self.looking and is_look(entry.event)

    def explain_bad_signature(self, signer: str, signature: Signature | None, message: bytes) -> str:
        """Return the fault of a signature of the message by an environment; empty for a valid one."""
        if signature is None:
            return "it is not signed"
        key = self.pinned[signer].by_fingerprint.get(signature.key)
        if key is None:
            return f"it is signed with {self._name_key(signature.key)}, not with the key of {signer}"
        return _check_signature(key, signature, message)

    def _name_key(self, fingerprint: str) -> str:
        for name, pinned in self.pinned.items():
            if fingerprint in pinned.by_fingerprint:
                return f"the key of {name}"
            if fingerprint in pinned.look_by_fingerprint:
                return f"the look key of {name}"
        return "an unpinned key"

    def encode_signed_message(self, entry: Entry) -> bytes:
        """Return the signed message of an entry. It includes number and previous hash, and so its position."""
        return self.hash_for_signing("entry", encode_entry(replace(entry, signature=None)))

    def hash_for_signing(self, kind: str, data: bytes) -> bytes:
        """Hash the data with its kind: a signature of one kind is invalid for any other."""
        return sha256(f"envctl {kind} of {self.project}\n".encode() + data).digest()


def _check_signature(key: PublicKey, signature: Signature, message: bytes) -> str:
    value = decode_signature(signature)
    good = value is not None and key.has_signed(value, message)
    return "" if good else "its signature does not match its content or its position"


def is_look(event: events.Event) -> bool:
    """Check if the event is a drift check that only takes evidence away. The key for looks signs no other one."""
    return isinstance(event, events.DriftChecked) and (event.drifted > 0 or not event.locked)


def find_shared_key(pinned: Mapping[str, Iterable[PublicKey]]) -> tuple[str, str] | None:
    """Return two owners with a common key, or None."""
    owners: dict[str, str] = {}
    for name, keys in pinned.items():
        for key in keys:
            owner = owners.setdefault(key.fingerprint, name)
            if owner != name:
                return owner, name
    return None


def is_personal_event(event: events.Event) -> bool:
    """Check if the event is signed with the author's own credentials, not with those of a deployment."""
    return isinstance(event, PERSONAL_EVENTS)
