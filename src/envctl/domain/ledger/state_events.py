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
    """An import ended.

    Attributes:
        started: Number of its start.
        outcome: *failed*: no change reported by Terraform. *abandoned*: its end was not recorded, its result is
            unknown.
        reason: Error codes only.
    """

    kind: ClassVar[str] = "import ended"
    environment: str
    release: str
    started: int
    stack: str
    address: str
    outcome: ImportOutcome
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class StateMoved:
    """The state of a stack moved to the name of another one.

    Attributes:
        started: Number of the deployment.
        lineage: Lineage of the copied state, emptied afterwards.
        serial: Serial of the copied state.
    """

    kind: ClassVar[str] = "state moved"
    environment: str
    release: str
    started: int
    stack: str
    to: str
    lineage: str = later_field("")
    serial: int = later_field(0)
