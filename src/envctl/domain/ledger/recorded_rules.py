"""What the ledger knows of the rules of an environment, as values of the present."""

from dataclasses import dataclass
from datetime import datetime

from envctl.domain.ledger.events import Actor


@dataclass(frozen=True)
class RulesRecord:
    """The rules that an environment was deployed with: their digest, and the deployment that they came with. `before`
    is the digest of those before them; empty where there were none.
    """

    digest: str
    started: int
    at: datetime
    before: str = ""


@dataclass(frozen=True)
class RulesApproval:
    """One person's word that the rules `rules` may take the place of the rules `recorded`, given at one of the gates of
    the latter.
    """

    gate: str
    recorded: str
    rules: str
    by: Actor
    at: datetime


@dataclass(frozen=True)
class RulesReset:
    """The rules `recorded` count no longer once a delay is over, which begins `at`. `seq` is the number of the entry
    that says so.
    """

    seq: int
    recorded: str
    by: Actor
    at: datetime
    reason: str
