"""Ledger events of changes to Terraform states outside of plans."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from envctl.domain.ledger.later_fields import later_field

ImportOutcome = Literal["imported", "failed", "abandoned"]


@dataclass(frozen=True)
class ImportStarted:
    """An import of an existing resource into the state of a stack is about to start. Secret keys in the address are
    redacted. The resource id may be a secret, and is not recorded.
    """

    kind: ClassVar[str] = "import started"
    environment: str
    release: str
    stack: str
    address: str


@dataclass(frozen=True, kw_only=True)
class ImportEnded:
    """An import ended."""

    kind: ClassVar[str] = "import ended"
    environment: str
    release: str
    started: int  # Number of its start
    stack: str
    address: str
    # *failed*: no change reported by Terraform. *abandoned*: its end was not recorded, its result is unknown.
    outcome: ImportOutcome
    reason: str = ""  # Error codes only


@dataclass(frozen=True, kw_only=True)
class StateMoved:
    """The state of a stack moved to the name of another one."""

    kind: ClassVar[str] = "state moved"
    environment: str
    release: str
    started: int  # Number of the deployment
    stack: str
    to: str
    lineage: str = later_field("")  # Lineage of the copied state, emptied afterwards
    serial: int = later_field(0)  # Serial of the copied state
