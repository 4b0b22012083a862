"""What people say of the rules of an environment, as events of the ledger."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class RulesApproved:
    """One person's word that the rules with the digest `rules` may take the place of those with the digest `recorded`.
    `gate` is one of those that the recorded rules have; empty where they have none.
    """

    kind: ClassVar[str] = "rules approved"
    environment: str
    gate: str
    recorded: str
    rules: str


@dataclass(frozen=True)
class RulesResetRequested:
    """The rules with the digest `recorded` shall count no longer, once a delay is over."""

    kind: ClassVar[str] = "rules reset requested"
    environment: str
    recorded: str
    reason: str


@dataclass(frozen=True)
class RulesResetWithdrawn:
    """`recorded` is the digest of the rules that go on."""

    kind: ClassVar[str] = "rules reset withdrawn"
    environment: str
    recorded: str
    reason: str = ""
