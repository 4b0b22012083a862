"""Ledger events of break-glass in two steps: a person waives guards beforehand, and another reviews it afterwards."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, kw_only=True)
class WaiverGiven:
    """A person lets one deployment override guards, bound to release, settings and place."""

    kind: ClassVar[str] = "waiver given"
    environment: str
    release: str
    settings: str  # Digest of the settings
    place: str  # Digest of the place
    guards: tuple[str, ...]  # Codes of the guards that it may override
    reason: str


@dataclass(frozen=True)
class WaiverReviewed:
    """Another person reviewed what was done under a waiver."""

    kind: ClassVar[str] = "waiver reviewed"
    environment: str
    waiver: int  # Number of the entry of its use
    reason: str = ""
