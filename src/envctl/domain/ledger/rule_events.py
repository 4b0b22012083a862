"""Ledger events about the rules of an environment."""

from dataclasses import dataclass
from typing import ClassVar

from envctl.domain.ledger.later_fields import later_field


@dataclass(frozen=True)
class RulesApproved:
    """One person's approval of the rules with digest `rules` in place of those with digest `recorded`. `gate` is one of
    the recorded rules; empty if they have none. `reading` is the digest of what the person read; empty in old entries.
    """

    kind: ClassVar[str] = "rules approved"
    environment: str
    gate: str
    recorded: str
    rules: str
    reading: str = later_field("")


@dataclass(frozen=True)
class RulesResetRequested:
    """A reset of the rules with digest `recorded` was requested; it is due after a delay."""

    kind: ClassVar[str] = "rules reset requested"
    environment: str
    recorded: str
    reason: str


@dataclass(frozen=True)
class RulesResetWithdrawn:
    """A reset was withdrawn. `recorded` is the digest of the remaining rules."""

    kind: ClassVar[str] = "rules reset withdrawn"
    environment: str
    recorded: str
    reason: str = ""
