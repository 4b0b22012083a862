"""Whose signature an entry needs to count, what exactly is signed, and why an entry is not believed.

The public keys are pinned in the project, which is reviewed like code: who may write into the store alone can't change
what is believed of it.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256

from envctl.domain.ledger.entries import Entry, encode
from envctl.domain.ledger.events import (
    ApprovalGiven,
    ApprovalWithdrawn,
    EnvironmentLocked,
    EnvironmentUnlocked,
    Event,
    HoldLifted,
    ReleaseCreated,
)
from envctl.domain.ledger.rule_events import RulesApproved, RulesResetRequested, RulesResetWithdrawn
from envctl.domain.ledger.signatures import PublicKey, Signature, value_of

SAID = (
    ApprovalGiven,
    ApprovalWithdrawn,
    EnvironmentLocked,
    EnvironmentUnlocked,
    HoldLifted,
    RulesApproved,
    RulesResetRequested,
    RulesResetWithdrawn,
)


@dataclass(frozen=True)
class Pinned:
    """The keys that are believed about an environment, the one that signs today last, and the number of the first entry
    that has to be signed.
    """

    keys: tuple[PublicKey, ...]
    signed_from: int = 1

    @cached_property
    def by_fingerprint(self) -> Mapping[str, PublicKey]:
        return {key.fingerprint: key for key in self.keys}


@dataclass(frozen=True)
class Trust:
    """`order` is that of the pipeline, and `pinned` holds the environments whose entries have to be signed.

    The project's name is signed too: two that share a key do not believe each other's entries.
    """

    project: str = ""
    order: tuple[str, ...] = ()
    pinned: Mapping[str, Pinned] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.pinned)

    @cached_property
    def name(self) -> str:
        """A hash of all that decides what is believed; empty where everything is."""
        if not self.pinned:
            return ""
        keys = {
            name: [pinned.signed_from, *(key.fingerprint for key in pinned.keys)]
            for name, pinned in self.pinned.items()
        }
        return sha256(json.dumps([self.project, self.order[:1], keys], sort_keys=True).encode()).hexdigest()

    @property
    def keeper(self) -> str:
        """The environment whose key checkpoints are signed with: the last one that has a key. Empty without one."""
        return next((name for name in reversed(self.order) if name in self.pinned), "")

    def signer(self, entry: Entry) -> str:
        """The environment whose key the entry has to be signed with; empty where it counts unsigned."""
        if not self.pinned:
            return ""
        event = entry.event
        name = event.beside or self.order[0] if isinstance(event, ReleaseCreated) else event.environment
        pinned = self.pinned.get(name)
        return name if pinned and entry.seq >= pinned.signed_from else ""

    def doubt(self, entry: Entry) -> str:
        """Why the entry is not believed; empty where it is."""
        signer = self.signer(entry)
        return self.mistrust(signer, entry.signature, self.message(entry)) if signer else ""

    def mistrust(self, signer: str, signature: Signature | None, message: bytes) -> str:
        """Why that is no signature of the message by an environment; empty where it is."""
        if signature is None:
            return "it is not signed"
        key = self.pinned[signer].by_fingerprint.get(signature.key)
        if key is None:
            others = (name for name, pinned in self.pinned.items() if signature.key in pinned.by_fingerprint)
            whose = next((f"the key of {name}" for name in others), "a key that is not pinned")
            return f"it is signed with {whose}, and not with that of {signer}"
        value = value_of(signature)
        good = value is not None and key.signed(value, message)
        return "" if good else "its signature does not fit what it says, or where it stands"

    def message(self, entry: Entry) -> bytes:
        """What is signed of an entry. It holds the number and the hash of the one before: so it has one place."""
        return self.digest("entry", encode(replace(entry, signature=None)))

    def digest(self, kind: str, data: bytes) -> bytes:
        """No two kinds of things have the same: the signature of one is none of another."""
        return sha256(f"envctl {kind} of {self.project}\n".encode() + data).digest()


def shared(pinned: Mapping[str, Iterable[PublicKey]]) -> tuple[str, str] | None:
    """Two environments that pin the same key, if there are any."""
    owners: dict[str, str] = {}
    for name, keys in pinned.items():
        for key in keys:
            owner = owners.setdefault(key.fingerprint, name)
            if owner != name:
                return owner, name
    return None


def said_by_a_person(event: Event) -> bool:
    """What people say is signed with the credentials of whoever says it, and what a deployment does with those that it
    works with.
    """
    return isinstance(event, SAID)
