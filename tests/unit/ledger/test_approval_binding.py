"""What an approval binds is the same in the event, in its bytes and in the state."""

import json
from dataclasses import fields

from envctl.domain.ledger.approval_binding import ApprovalBinding, read_binding
from envctl.domain.ledger.entries import GENESIS, Entry, decode_entry, encode_entry
from envctl.domain.ledger.events import Actor, ApprovalGiven
from envctl.domain.ledger.projection.apply_entries import apply_entries
from envctl.domain.ledger.state import Approval
from tests.unit.ledger.ledger_strategies import START

CAT = Actor("cat", via="github", verified=True)
BINDING = ApprovalBinding(
    gate="peer",
    release="re1ease",
    settings="sett1ngs",
    plan="p1an",
    place="p1ace",
    unseen=("web",),
    rules="ru1es",
    recorded="rec0rded",
    reading="read1ng",
)
ENTRY = Entry(seq=1, prev=GENESIS, at=START, actor=CAT, event=BINDING.to_event("prod", reviewer=""))


def list_fields(cls: type[ApprovalBinding | ApprovalGiven | Approval]) -> set[str]:
    return {each.name for each in fields(cls)}


def test_binding_has_every_field_of_an_approval() -> None:
    where = (
        "a field belongs to ApprovalBinding, ApprovalGiven (later_field) and Approval; raise FORMAT in checkpoint.py"
    )
    assert list_fields(ApprovalGiven) - {"environment", "reviewer"} == list_fields(ApprovalBinding), where
    assert list_fields(Approval) - {"by", "at", "unread", "seq", "key", "ended"} == list_fields(ApprovalBinding), where


def test_approval_in_state_binds_what_was_recorded() -> None:
    (given,) = apply_entries([decode_entry(encode_entry(ENTRY))]).environments["prod"].approvals
    assert given == BINDING.to_approval(CAT, START, seq=1)
    assert read_binding(given) == read_binding(BINDING.to_event("prod", reviewer="cat")) == BINDING


def test_bytes_of_an_approval_name_each_value() -> None:
    assert json.loads(encode_entry(ENTRY))["event"] == {
        "kind": "approval given",
        "environment": "prod",
        "gate": "peer",
        "release": "re1ease",
        "settings": "sett1ngs",
        "plan": "p1an",
        "place": "p1ace",
        "unseen": ["web"],
        "rules": "ru1es",
        "recorded": "rec0rded",
        "reading": "read1ng",
    }
