"""Ledger events about the history itself."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, kw_only=True)
class HistoryVouched:
    """People of an environment vouch for all entries up to `number`: those from before there were keys count then."""

    kind: ClassVar[str] = "history vouched"
    environment: str
    number: int  # of the last entry that they vouch for
    head: str  # hash of the chain there
