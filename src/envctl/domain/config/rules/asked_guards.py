"""What a use case asks before it writes. The set stands beside each use case that can reach a port that writes."""

from dataclasses import dataclass

from envctl.domain.config.rules.guard_codes import GuardCode

BEFORE_CHANGE = frozenset({GuardCode.LOCK, GuardCode.BUSY, GuardCode.ACCOUNT, GuardCode.ALLOWED})
"""Asked at least, before a state, its lock or a cluster is changed."""


@dataclass(frozen=True)
class AskedGuards:
    """The guards that a use case asks. `why` says why no others."""

    codes: frozenset[GuardCode]
    why: str = ""


EVERY_GUARD = AskedGuards(frozenset(GuardCode))
RECORDS_ONLY = AskedGuards(frozenset(), "it adds to the ledger or the store, and changes no environment")
