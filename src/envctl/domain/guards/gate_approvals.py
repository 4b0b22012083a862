"""The approvals at each gate: who gave them, until when they hold, and who can give the missing ones."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from envctl.domain.guards.approvals import describe_approvers_at
from envctl.domain.guards.authors import Author, count_people, list_authors
from envctl.domain.guards.gate_table import GateCell, find_cells
from envctl.domain.guards.plan import list_counting_approvals
from envctl.domain.guards.request import Request
from envctl.domain.guards.rules import count_missing_at_gates, count_required_approvals, list_views
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.people.person_names import is_same_person
from envctl.domain.ledger.state import Approval


@dataclass(frozen=True)
class GivenApproval:
    """A valid approval. `expires_at` is None if it does not expire."""

    by: Actor
    at: datetime
    expires_at: datetime | None = None


@dataclass(frozen=True)
class GateApprovals:
    """The approvals at one gate."""

    # have and need: the number of people whose approvals cover all stacks that can be approved now, and the number
    # required.
    have: int
    need: int
    expires_at: datetime | None = None  # the time from which an approval more is missing; None if no approval expires
    given: tuple[GivenApproval, ...] = ()  # the valid approvals, the last one of each person
    who: str = ""  # the people able to give a missing approval; empty if none is missing
    # how far the approvals cover each stack of the release
    stacks: Mapping[str, GateCell] = field(default_factory=dict)

    @property
    def missing(self) -> int:
        return max(0, self.need - self.have)


def list_gate_approvals(request: Request) -> dict[str, GateApprovals]:
    """Return the approvals at each gate in either rules document."""
    required, missing = count_required_approvals(request), count_missing_at_gates(request)
    return {gate: _find_gate_approvals(request, gate, need, missing[gate]) for gate, need in required.items()}


def has_covered_missing(gate: GateApprovals, actor: Actor) -> bool:
    """Check if the actor has approved all that the gate lacks: another approval of theirs would count for nothing."""
    lacking = (cell.by for cell in gate.stacks.values() if not cell.is_covered and not cell.later)
    people = (tuple(each.by for each in gate.given), *lacking)
    return all(any(is_same_person(by, actor) for by in each) for each in people)


def _find_gate_approvals(request: Request, gate: str, need: int, missing: int) -> GateApprovals:
    views = [view for view in list_views(request) if gate in view.rules.approvals]
    counting = [list_counting_approvals(view) for view in views]
    # An approval counts only if it does so in both documents.
    common = [each for each in counting[0] if each.gate == gate and all(each in others for others in counting)]
    given = tuple(GivenApproval(each.by, each.at, _find_expiry(views, each)) for each in _drop_earlier(common))
    # Authors may approve their own changes only if both documents allow it.
    counted = replace(request, rules=next((v for v in views if not v.rules.self_approval), request).rules)
    cells, authors = find_cells(counted, common, need), list_authors(counted)
    covered = (count_people(authors, cell.by) for cell in cells.values() if not cell.later)
    have = min([max(0, need - missing), *covered])
    who = next((describe_approvers_at(view, (gate,)) for view in views if have < need), "")
    return GateApprovals(have, need, _find_next_expiry(authors, given, need), given, who, cells)


def _drop_earlier(approvals: Iterable[Approval]) -> list[Approval]:
    """Return the last approval of each person, in the order of time."""
    kept: list[Approval] = []
    for each in sorted(approvals, key=lambda approval: approval.at):
        kept = [*(other for other in kept if not is_same_person(other.by, each.by)), each]
    return kept


def _find_expiry(views: Iterable[Request], approval: Approval) -> datetime | None:
    return min((approval.at + view.rules.expires for view in views if view.rules.expires is not None), default=None)


def _find_next_expiry(authors: Iterable[Author], given: tuple[GivenApproval, ...], need: int) -> datetime | None:
    """Return when the gate loses an approval that it needs. More approvals than needed may expire before."""
    known = tuple(authors)
    enough = min(need, count_people(known, [each.by for each in given]))
    for end in sorted(each.expires_at for each in given if each.expires_at is not None):
        left = [each.by for each in given if each.expires_at is None or each.expires_at > end]
        if count_people(known, left) < enough:
            return end
    return None
