"""Who signed an entry: what proves its author, beside the name that the entry itself has."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from envctl.domain.ledger.entries import Entry
from envctl.domain.ledger.key_roles import KeyRole
from envctl.domain.ledger.trust import Trust

SHORT_KEY = 8


@dataclass(frozen=True)
class Signer:
    """The signer of an entry. An entry that is not trusted has no effect.

    Attributes:
        standing: *vouched*: it is of before there were keys, and people vouched for it. *not checked*: it has a
            signature, but the project names no key for it.
        environment: the environment of the key, and of those who vouched; else empty.
        role: the use of the key.
        key: the fingerprint of the key that signed it.
    """

    standing: Literal["signed", "vouched", "not signed", "not checked", "not trusted"]
    environment: str = ""
    role: KeyRole | Literal[""] = ""
    key: str = ""

    @property
    def is_known(self) -> bool:
        """Check if a trusted key stands for the author."""
        return self.standing == "signed"

    def __str__(self) -> str:
        match self.standing:
            case "signed":
                return f"{self.environment}, {self.role} {self.key[:SHORT_KEY]}"
            case "vouched":
                return f"vouched by {self.environment}"
            case _:
                return self.standing


UNSIGNED = Signer("not signed")


@dataclass(frozen=True)
class UnsignedEntries:
    """The entries about an environment that count without a signature."""

    environment: str
    count: int
    last: int  # number of the last of them


def describe_signer(trust: Trust, entry: Entry, doubt: str) -> Signer:
    """Return who signed the entry, by the keys of the project. `doubt` is the reason to distrust it, if any."""
    if doubt:
        return Signer("not trusted")
    if trust.explain_distrust(entry):
        return Signer("vouched", ", ".join(trust.vouching), "people")
    environment, signature = trust.find_signer(entry), entry.signature
    found = trust.pinned[environment].find_key(signature.key) if environment and signature else None
    if found is None or signature is None:
        return Signer("not checked") if signature else UNSIGNED
    return Signer("signed", environment, found[0], signature.key)


def count_unsigned(trust: Trust, entries: Iterable[Entry]) -> tuple[UnsignedEntries, ...]:
    """Return which of these entries need no signature, by environment. A release is one of its first environment."""
    found: dict[str, UnsignedEntries] = {}
    for entry in entries:
        if not trust.find_signer(entry):
            name = trust.find_environment(entry)
            known = found.get(name) or UnsignedEntries(name, 0, 0)
            found[name] = replace(known, count=known.count + 1, last=entry.seq)
    return tuple(found.values())


def to_proven_entry(entry: Entry, signer: Signer) -> Entry:
    """Return the entry with its author as verified only if a service gave the name and a trusted key signed it."""
    if signer.is_known or not entry.actor.verified:
        return entry
    proven = replace(entry, actor=replace(entry.actor, verified=False))
    # The next entry names the digest of the stored bytes.
    vars(proven)["digest"] = entry.digest
    return proven
