"""Recorded rules of an environment, as values of the ledger state."""

from dataclasses import dataclass
from datetime import datetime

from envctl.domain.ledger.events import Actor


@dataclass(frozen=True)
class RulesRecord:
    """The rules of an environment by its deployments."""

    digest: str
    started: int  # Number of their first deployment
    at: datetime
    before: str = ""  # Digest of the earlier rules; may be empty


@dataclass(frozen=True)
class RulesApproval:
    """One person's approval of the rules `rules` in place of `recorded`, at a gate of the latter."""

    gate: str
    recorded: str
    rules: str
    by: Actor
    at: datetime
    key: str = ""  # Fingerprint of the key that signed it; empty for none


@dataclass(frozen=True)
class RulesReset:
    """A reset of the rules `recorded`, due after a delay."""

    seq: int  # Number of its entry
    recorded: str
    by: Actor
    at: datetime  # Start of the delay
    reason: str
    key: str = ""  # Fingerprint of the key that signed it; empty for none
