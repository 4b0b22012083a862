"""Trust in entries: the required signer, the signed bytes, and reasons to distrust an entry.

Public keys are pinned in the reviewed project: write access to the store alone can't change trust.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from typing import TypeVar

from envctl.domain.ledger import events
from envctl.domain.ledger.entries import Entry, NewerEntryError, encode_entry
from envctl.domain.ledger.key_roles import ALL_ROLES, KEY_ROLES, KeyRole, is_look
from envctl.domain.ledger.release_events import ReleaseCreated
from envctl.domain.ledger.signatures import PublicKey, Signature, decode_signature

T = TypeVar("T")
_KEY_NAMES: Mapping[KeyRole, str] = {
    "deployment": "the key of {}",
    "people": "the people's key of {}",
    "look": "the look key of {}",
}


@dataclass(frozen=True)
class EnvironmentKeys:
    """The trusted keys of an environment. Without `people_keys`, its `keys` sign for people too. `look_keys` sign drift
    checks that only take evidence away.
    """

    keys: tuple[PublicKey, ...]  # the current signing key is the last, as of the other two
    signed_from: int = 1  # number of the first entry with a required signature
    look_keys: tuple[PublicKey, ...] = ()
    people_keys: tuple[PublicKey, ...] = ()
    people_from: int = 1  # number of the first entry that people sign with their own key

    @property
    def signs_from(self) -> tuple[int, int]:
        """The numbers of the first entry that must be signed, and the first one that people sign; 0 for none."""
        return self.signed_from, self.people_from if self.people_keys else 0

    def list_keys(self, role: KeyRole) -> tuple[PublicKey, ...]:
        return {"deployment": self.keys, "people": self.people_keys, "look": self.look_keys}[role]

    def find_role(self, event: events.Event, seq: int) -> KeyRole:
        """Return the role whose key must sign the event in the entry with this number."""
        role = KEY_ROLES[type(event)]
        return "deployment" if role == "people" and (not self.people_keys or seq < self.people_from) else role

    def find_key(self, fingerprint: str) -> tuple[KeyRole, PublicKey] | None:
        """Return the pinned key with this fingerprint, and its role."""
        return self._by_fingerprint.get(fingerprint)

    @cached_property
    def _by_fingerprint(self) -> Mapping[str, tuple[KeyRole, PublicKey]]:
        return {key.fingerprint: (role, key) for role in ALL_ROLES for key in self.list_keys(role)}


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
        # Without a people's key the name stays that of before, and so do the checkpoints.
        keys = {
            name: [
                there.signed_from,
                *(key.fingerprint for key in there.keys),
                *sorted(key.fingerprint for key in there.look_keys),
                *([there.people_from, *(key.fingerprint for key in there.people_keys)] if there.people_keys else ()),
            ]
            for name, there in self.pinned.items()
        }
        return sha256(json.dumps([self.project, self.order[:1], keys], sort_keys=True).encode()).hexdigest()

    def has_people_key(self, environment: str, seq: int) -> bool:
        """Check if people sign an entry with this number with their own key there: break-glass then has two steps."""
        pinned = self.pinned.get(environment)
        return pinned is not None and bool(pinned.people_keys) and seq >= max(pinned.people_from, pinned.signed_from)

    @property
    def checkpoint_signer(self) -> str:
        """The environment with the key for checkpoints: the last one with a key; empty without keys."""
        return next((name for name in reversed(self.order) if name in self.pinned), "")

    @property
    def checkpoint_role(self) -> KeyRole:
        """The role whose key signs checkpoints. They contain what people decided: the key of deployments signs them
        only where it signs for people too.
        """
        return "people" if self.pinned[self.checkpoint_signer].people_keys else "deployment"

    def find_signer(self, entry: Entry) -> str:
        """Return the environment with the key for this entry; empty if it may be unsigned."""
        if not self.pinned:
            return ""
        name = self.find_environment(entry)
        return name if self._must_sign(name, entry) else ""

    def find_environment(self, entry: Entry) -> str:
        """Return the environment that the entry is about: for a release the one that it is made in."""
        event = entry.event
        if isinstance(event, ReleaseCreated):
            return event.beside or next(iter(self.order), "")
        return event.environment

    def _must_sign(self, name: str, entry: Entry | NewerEntryError) -> bool:
        pinned = self.pinned.get(name)
        return pinned is not None and entry.seq >= pinned.signed_from

    def explain_distrust(self, entry: Entry | NewerEntryError) -> str:
        """Return the reason to distrust the entry; empty for a trusted one."""
        if not self.pinned:
            return ""
        if isinstance(entry, NewerEntryError):
            return self._explain_distrust_newer(entry)
        if other := next(
            (name for name in events.list_environments(entry.event)[1:] if self._must_sign(name, entry)), ""
        ):
            return f"it speaks of {other} too, and is not signed for it"
        signer = self.find_signer(entry)
        if not signer:
            return ""
        role, message = self.pinned[signer].find_role(entry.event, entry.seq), self.encode_signed_message(entry)
        if is_look(entry.event) and self._is_of_look_key(signer, entry.signature):
            role = "look"
        return self.explain_bad_signature(signer, entry.signature, message, role)

    def is_proof(self, entry: Entry | NewerEntryError) -> bool:
        """Check if a trusted entry out of its place proves that others were changed. Where the whole pipeline signs, an
        unsigned one about another environment proves nothing: whoever may write into the store can write it.
        """
        if self.explain_distrust(entry):
            return False
        return not (isinstance(entry, Entry) and self.is_beside(entry))

    def is_beside(self, entry: Entry) -> bool:
        """Check if the entry need not be signed, although the whole pipeline signs."""
        signs = bool(self.order) and all(self._must_sign(name, entry) for name in self.order)
        return signs and not self.find_signer(entry)

    def _explain_distrust_newer(self, entry: NewerEntryError) -> str:
        """Its event is unknown, so any key of the project may sign it."""
        named = [entry.environment] if entry.environment in self.order else self.order
        if not all(self._must_sign(name, entry) for name in named):
            return ""
        message = self.hash_for_signing("entry", entry.signed_part)
        keys = (there.find_key(entry.signature.key) for there in self.pinned.values()) if entry.signature else ()
        known = next((key for found in keys if found for key in found[1:]), None)
        if known is None or entry.signature is None or _check_signature(known, entry.signature, message):
            return "it is of a newer format, and no key of the project signed it"
        return ""

    @cached_property
    def vouching(self) -> tuple[str, ...]:
        """The environments whose people vouch for a history: all with a people's key."""
        return tuple(name for name, there in self.pinned.items() if there.people_keys)

    def name_use(self, entry: Entry) -> str:
        """Return environment and role of the key that the entry needs, like `prod people`; empty if it needs none."""
        signer = self.find_signer(entry)
        return f"{signer} {self.pinned[signer].find_role(entry.event, entry.seq)}" if signer else ""

    def choose_key(self, entry: Entry) -> KeyRole:
        """Return the role whose key this command has to sign the entry with."""
        signer = self.find_signer(entry)
        if signer in self.looking and is_look(entry.event):
            return "look"
        return self.pinned[signer].find_role(entry.event, entry.seq)

    def explain_bad_signature(
        self, signer: str, signature: Signature | None, message: bytes, role: KeyRole = "deployment"
    ) -> str:
        """Return the fault of a signature of the message by a key of an environment; empty for a valid one."""
        if signature is None:
            return "it is not signed"
        found = self.pinned[signer].find_key(signature.key)
        if found is None or found[0] != role:
            return f"it is signed with {self._name_key(signature.key)}, not with {_KEY_NAMES[role].format(signer)}"
        return _check_signature(found[1], signature, message)

    def _is_of_look_key(self, signer: str, signature: Signature | None) -> bool:
        found = self.pinned[signer].find_key(signature.key) if signature else None
        return found is not None and found[0] == "look"

    def _name_key(self, fingerprint: str) -> str:
        for name, there in self.pinned.items():
            if found := there.find_key(fingerprint):
                return _KEY_NAMES[found[0]].format(name)
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


def find_shared_key(pinned: Mapping[T, Iterable[PublicKey]]) -> tuple[T, T] | None:
    """Return two owners with a common key, or None."""
    owners: dict[str, T] = {}
    for name, keys in pinned.items():
        for key in keys:
            owner = owners.setdefault(key.fingerprint, name)
            if owner != name:
                return owner, name
    return None
