"""What is done to the states of an environment beside a deployment's own plans, as events of the ledger."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from envctl.domain.ledger.later_fields import later

ImportOutcome = Literal["imported", "failed", "abandoned"]


@dataclass(frozen=True)
class ImportStarted:
    """What exists already is about to be taken into the state of a stack, at an address of its root module. Secret keys
    in the address are redacted. Its id is not recorded, since it may be a secret.
    """

    kind: ClassVar[str] = "import started"
    environment: str
    release: str
    stack: str
    address: str


@dataclass(frozen=True)
class ImportEnded:
    """`started` is the number of its start. *failed* changed nothing that Terraform told of; *abandoned* is one whose
    end nobody recorded, so that it may be in the state or not. `reason` says why in codes alone.
    """

    kind: ClassVar[str] = "import ended"
    environment: str
    release: str
    started: int
    stack: str
    address: str
    outcome: ImportOutcome
    reason: str = ""


@dataclass(frozen=True)
class StateMoved:
    """The state of a stack is that of another one from now on: it was renamed. `started` is the number of the
    deployment. `lineage` and `serial` are those of the state that was copied, and that is emptied after this.
    """

    kind: ClassVar[str] = "state moved"
    environment: str
    release: str
    started: int
    stack: str
    to: str
    lineage: str = later("")
    serial: int = later(0)
