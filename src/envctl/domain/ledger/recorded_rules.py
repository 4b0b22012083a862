"""Recorded rules of an environment, as values of the ledger state."""

from dataclasses import dataclass
from datetime import datetime

from envctl.domain.ledger.events import Actor


@dataclass(frozen=True)
class RulesRecord:
    """The rules of an environment by its deployments.

    Attributes:
        started: Number of their first deployment.
        before: Digest of the earlier rules; may be empty.
    """

    digest: str
    started: int
    at: datetime
    before: str = ""


@dataclass(frozen=True)
class RulesApproval:
    """One person's approval of the rules `rules` in place of `recorded`, at a gate of the latter."""

    gate: str
    recorded: str
    rules: str
    by: Actor
    at: datetime


@dataclass(frozen=True)
class RulesReset:
    """A reset of the rules `recorded`, due after a delay.

    Attributes:
        seq: Number of its entry.
        at: Start of the delay.
    """

    seq: int
    recorded: str
    by: Actor
    at: datetime
    reason: str
