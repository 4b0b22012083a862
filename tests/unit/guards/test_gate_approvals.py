"""Who approved at each gate, until when that holds, and who can give what is missing."""

from datetime import datetime

import pytest

from envctl.domain.guards import Request
from envctl.domain.guards.gate_approvals import GateApprovals, GivenApproval, list_gate_approvals
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.state import Approval
from tests.unit.guards.asked import ANN, CAT, DAN, HOUR, NOW, TO_PROD, approval, here, ruled
from tests.unit.guards.test_both_documents import bound, gated, ruled_by

PEER = ruled(TO_PROD, approvals={"peer": 1})
TWO = ruled(TO_PROD, approvals={"peer": 2}, expires=8 * HOUR)
OTHERS = "any person except ann, bob"


def given(by: Actor, age: int = 1, expires: datetime | None = None) -> GivenApproval:
    return GivenApproval(by, NOW - age * HOUR, expires)


def approved(request: Request, *approvals: Approval) -> Request:
    return here(request, approvals=approvals)


def aged(by: Actor, hours: int) -> Approval:
    return approval(by, at=NOW - hours * HOUR)


CASES: dict[str, tuple[Request, dict[str, GateApprovals]]] = {
    "no gates": (ruled(TO_PROD, approvals={}), {}),
    "nobody approved": (PEER, {"peer": GateApprovals(0, 1, who=OTHERS)}),
    "one approved": (approved(PEER, aged(CAT, 1)), {"peer": GateApprovals(1, 1, None, (given(CAT),))}),
    "the author approved": (approved(PEER, aged(ANN, 1)), {"peer": GateApprovals(0, 1, who=OTHERS)}),
    "one of two approved, until": (
        approved(TWO, aged(CAT, 3)),
        {"peer": GateApprovals(1, 2, NOW + 5 * HOUR, (given(CAT, 3, NOW + 5 * HOUR),), OTHERS)},
    ),
    "a gate holds until its first needed approval ends": (
        approved(TWO, aged(DAN, 1), aged(CAT, 3)),
        {"peer": GateApprovals(2, 2, NOW + 5 * HOUR, (given(CAT, 3, NOW + 5 * HOUR), given(DAN, 1, NOW + 7 * HOUR)))},
    ),
    "a spare approval may end before": (
        approved(ruled(TO_PROD, approvals={"peer": 1}, expires=8 * HOUR), aged(CAT, 3), aged(DAN, 1)),
        {"peer": GateApprovals(1, 1, NOW + 7 * HOUR, (given(CAT, 3, NOW + 5 * HOUR), given(DAN, 1, NOW + 7 * HOUR)))},
    ),
    "of one person the last approval counts": (
        approved(TWO, aged(CAT, 3), aged(CAT, 1)),
        {"peer": GateApprovals(1, 2, NOW + 7 * HOUR, (given(CAT, 1, NOW + 7 * HOUR),), OTHERS)},
    ),
    "an expired approval is missing": (approved(TWO, aged(CAT, 9)), {"peer": GateApprovals(0, 2, who=OTHERS)}),
    "each gate has its own": (
        approved(ruled(TO_PROD, approvals={"peer": 1, "law": 1}), aged(CAT, 2), approval(DAN, "law")),
        {"peer": GateApprovals(1, 1, None, (given(CAT, 2),)), "law": GateApprovals(1, 1, None, (given(DAN),))},
    ),
    "an approval by one of two documents is none": (
        bound(
            ruled_by(
                gated(approvals={"peer": 1}),
                gated(approvals={"peer": 1}, expires="2h"),
                approved(TO_PROD, aged(CAT, 3), aged(DAN, 1)),
            )
        ),
        {"peer": GateApprovals(1, 1, NOW + HOUR, (given(DAN, 1, NOW + HOUR),))},
    ),
    "patterns say who can approve": (
        ruled(PEER, approve={"peer": ("lead@example.com",)}),
        {"peer": GateApprovals(0, 1, who="lead@example.com except ann, bob")},
    ),
}


@pytest.mark.parametrize(("request_", "wanted"), CASES.values(), ids=CASES)
def test_gate_has_its_approvals(request_: Request, wanted: dict[str, GateApprovals]) -> None:
    assert list_gate_approvals(request_) == wanted


@pytest.mark.parametrize(("have", "missing"), [(0, 2), (1, 1), (2, 0), (3, 0)])
def test_missing_is_what_lacks(have: int, missing: int) -> None:
    assert GateApprovals(have, 2).missing == missing
