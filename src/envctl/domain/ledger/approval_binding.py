"""What an approval binds, as one value: the event and the state have the same fields, each in its permanent order."""

from dataclasses import dataclass, field, fields
from datetime import datetime

from envctl.domain.ledger.events import Actor, ApprovalGiven
from envctl.domain.ledger.state import Approval


@dataclass(frozen=True, kw_only=True)
class ApprovalBinding:
    """All that a person approves. Two approvals of one person with equal bindings are the same one.

    It has no defaults: a new field must be given wherever an approval is made. `ApprovalGiven` explains the fields.
    """

    gate: str
    release: str
    settings: str
    plan: str
    place: str
    unseen: tuple[str, ...]
    rules: str
    recorded: str
    # What was shown. Whether a plan is covered is decided by `plan`: two approvals may differ in it and be the same.
    reading: str = field(compare=False)

    def to_event(self, environment: str, *, reviewer: str) -> ApprovalGiven:
        return ApprovalGiven(environment=environment, reviewer=reviewer, **vars(self))

    def to_approval(self, by: Actor, at: datetime, *, unread: bool = False, seq: int = 0, key: str = "") -> Approval:
        return Approval(by=by, at=at, unread=unread, seq=seq, key=key, **vars(self))


def read_binding(given: ApprovalGiven | Approval) -> ApprovalBinding:
    return ApprovalBinding(**{each.name: getattr(given, each.name) for each in fields(ApprovalBinding)})
