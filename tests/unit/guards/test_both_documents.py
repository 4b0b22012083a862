"""A deployment satisfies the rules of the tree and the recorded ones: no guard, and no rule, is asked by one alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.errors import Problem
from envctl.domain.guards import (
    GUARDS,
    Refusal,
    Request,
    check_guards,
    count_missing_at_gates,
    count_required_approvals,
    list_unwaivable,
    list_views,
    merge_answers,
)
from envctl.domain.guards.approvals import bind_approval
from envctl.domain.guards.request import Guard
from envctl.domain.guards.rules import (
    RESET_DELAY,
    can_replace_rules,
    check_stopped_deployment,
    count_missing_rules_approvals,
    count_missing_since,
    describe_approvers,
    find_barring_view,
    has_new_rules,
    list_ignored_drift,
    list_valid_in_any_view,
)
from envctl.domain.ledger.approval_binding import ApprovalBinding, read_binding
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.people.run_start import RunStart
from envctl.domain.ledger.recorded_rules import RulesApproval, RulesRecord, RulesReset
from envctl.domain.ledger.state import Evidence
from envctl.domain.plan.changes import Action
from envctl.domain.rules.document import RulesDocument, to_rules
from envctl.domain.rules.environment_rules import Rules
from tests.unit.guards.asked import (
    ANN,
    BOB,
    CAT,
    DAN,
    HOUR,
    NOW,
    PLACE,
    PROMOTION,
    R1,
    TICK,
    TO_PROD,
    approval,
    change,
    debt,
    deployed,
    here,
    plan,
    ran,
    there,
)

WAY: dict[str, Any] = {"order": {"after": ["dev", "staging"]}}
RECORDED_AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
BY_RECORD = "by the rules of prod recorded on 2026-11-20 (entry 41)"


def document(**said: Any) -> RulesDocument:
    return RulesDocument("prod", {**WAY, "gates": {"approvals": {}}, **said})


def gated(**gates: Any) -> RulesDocument:
    return document(gates={"approvals": {}, **gates})


PLAIN = document()
TREE = gated(approvals={"peer": 1})


def ruled_by(tree: RulesDocument, recorded: RulesDocument, request: Request = TO_PROD) -> Request:
    """The request by a tree that says the one, in an environment that was deployed with the other."""
    record = RulesRecord(recorded.digest, 41, RECORDED_AT)
    known = {each.digest: each for each in (tree, recorded)}
    asked = here(request, rules=record, current=deployed(source="staging"))
    return replace(asked, rules=to_rules(tree), document=tree, documents=known)


def codes(request: Request) -> set[str]:
    return {refusal.code for refusal in check_guards(request)}


# In each point that a rule can ask for: what it says, and a request that it stands against.
OTHERWISE = there(TO_PROD, performed={R1: frozenset[str]()})
DESTROYS = replace(TO_PROD, plan=plan(change(Action.DELETE, "acme_db.main"), change(Action.DELETE, "acme_queue.main")))
UNCOMMITTED = replace(
    TO_PROD, present=replace(TO_PROD.present, releases={R1: replace(TO_PROD.present.releases[R1], uncommitted=True)})
)
DIFFERING = replace(TO_PROD, differing={"size": (Problem("E001", "size differs"),)})
BY_ROLE = Actor("arn:aws:sts::3:assumed-role/Qa/cat", via="aws", arn="arn:aws:sts::3:assumed-role/Qa/cat")
ASKS_PEER: dict[str, Any] = {"gates": {"approvals": {"peer": 1}}}
GIVEN = here(TO_PROD, approvals=(approval(CAT),))
GIVEN_BY_MAKER = here(TO_PROD, approvals=(approval(ANN),))
OLD = here(TO_PROD, approvals=(approval(CAT, at=NOW - timedelta(days=2)),))
STALE = there(
    TO_PROD,
    evidence={R1: Evidence(deployment=deployed(), verified_at=NOW - timedelta(days=3), since=NOW - timedelta(days=3))},
)
UNREVIEWED = here(TO_PROD, debts=(debt(at=NOW - timedelta(days=8)),))
TWO_GATES: dict[str, Any] = {"approvals": {"peer": 1, "law": 1}}
FREEZE = {"kind": "deny", "name": "x", "start": "2026-11-01T00:00", "end": "2026-12-01T00:00", "tz": "UTC"}
STRICTER: dict[str, tuple[str, RulesDocument, RulesDocument, Request]] = {
    "approvals": ("G106", PLAIN, document(**ASKS_PEER), TO_PROD),
    "apply": ("G207", PLAIN, document(allow={"apply": ["github:zoe"]}), TO_PROD),
    "approve": (
        "G106",
        document(**ASKS_PEER),
        document(**ASKS_PEER, allow={"approve": {"peer": ["github:zoe"]}}),
        GIVEN,
    ),
    "only_ci": ("G207", PLAIN, document(allow={"only_ci": True}), TO_PROD),
    "machines": (
        "G207",
        document(allow={"machines": ["schedule"]}),
        PLAIN,
        replace(TO_PROD, start=RunStart(schedule="schedule of acme/shop", machines=("schedule",))),
    ),
    "self_approval": ("G106", gated(approvals={"peer": 1}, self_approval=True), document(**ASKS_PEER), GIVEN_BY_MAKER),
    "expires": ("G106", document(**ASKS_PEER), gated(approvals={"peer": 1}, expires="1d"), OLD),
    "soak": ("G104", PLAIN, gated(soak="2d"), TO_PROD),
    "max_age": ("G105", PLAIN, gated(max_age="1d"), STALE),
    "windows": ("G107", PLAIN, gated(windows=[FREEZE]), TO_PROD),
    "committed": ("G206", PLAIN, gated(committed=True), UNCOMMITTED),
    "rehearsed": (
        "G303",
        gated(rehearsed="off"),
        gated(rehearsed="refuse"),
        replace(OTHERWISE, plan=plan(change(Action.CREATE))),
    ),
    "may_differ": ("G205", PLAIN, document(parity={}), DIFFERING),
    "protected": ("G301", document(max_destroys=1), document(max_destroys=1, protected=True), DESTROYS),
    "max_destroys": ("G301", document(protected=True), document(protected=True, max_destroys=1), DESTROYS),
    "stateful": (
        "G301",
        document(protected=True),
        document(protected=True, protection={"stateful": ["acme_db"]}),
        DESTROYS,
    ),
    "review_days": ("G114", gated(review_days=9), gated(review_days=7), UNREVIEWED),
    "checks": ("G103", PLAIN, document(checks={"smoke": {"kind": "command", "command": ["smoke"]}}), TO_PROD),
}
# Not asked by a guard: where reviewers count is where somebody said so, and what may be waived is tested below.
# `signers` is in tests/usecases/approval/test_required_signatures.py: a key of approvals, which no request here has.
ASKED_ELSEWHERE = {"reviewers", "waivable", "signers"}


def bound(request: Request) -> Request:
    """With its approvals given under the rules of today."""
    given = tuple(
        replace(each, rules=request.rules_digest, recorded=request.recorded_digest)
        for each in request.target_state.approvals
    )
    return here(request, approvals=given)


def test_every_rule_is_checked_by_both_documents() -> None:
    rules = set(Rules.model_fields) - {"is_usual"}
    assert set(STRICTER) | ASKED_ELSEWHERE == rules, "add a stricter document of the new rule to STRICTER"


@pytest.mark.parametrize(("code", "lenient", "strict", "request_"), STRICTER.values(), ids=STRICTER.keys())
def test_stricter_rule_refuses(code: str, lenient: RulesDocument, strict: RulesDocument, request_: Request) -> None:
    assert code not in codes(bound(ruled_by(lenient, lenient, request_)))
    by_tree = bound(ruled_by(strict, lenient, request_))
    by_record = bound(ruled_by(lenient, strict, request_))
    assert code in codes(by_tree)
    assert code in codes(by_record)
    told = next(refusal.message for refusal in check_guards(by_record) if refusal.code == code)
    assert BY_RECORD in told
    assert BY_RECORD not in next(refusal.message for refusal in check_guards(by_tree) if refusal.code == code)


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.code.guard)
def test_every_guard_is_checked_by_both_documents(guard: Guard, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Rules] = []

    def check(request: Request) -> Refusal | None:
        seen.append(request.rules)
        return None

    asked = tuple(replace(each, check=check) if each.code == guard.code else each for each in GUARDS)
    monkeypatch.setattr("envctl.domain.guards.GUARDS", asked)
    tree, recorded = gated(soak="1h"), gated(soak="2h")
    check_guards(ruled_by(tree, recorded))
    assert [rules.soak for rules in seen] == [timedelta(hours=1), timedelta(hours=2)]


def test_same_refusal_is_reported_once() -> None:
    window = gated(windows=[FREEZE])
    told = [each for each in check_guards(ruled_by(window, gated(windows=[FREEZE], soak="1h"))) if each.code == "G107"]
    assert len(told) == 1
    assert BY_RECORD not in told[0].message


def test_two_refusals_of_one_guard_are_merged() -> None:
    request = ruled_by(gated(soak="3h"), gated(soak="2d"))
    (told,) = (refusal for refusal in check_guards(request) if refusal.code == "G104")
    assert "for 1h of 3h" in told.message
    assert f"{BY_RECORD}: release" in told.message
    assert "for 1h of 2d" in told.message
    assert told.opens == NOW - HOUR + timedelta(days=2)


REFUSAL = Refusal(GuardCode.SOAK, message="no", hint="wait", for_now=True, opens=NOW, waivable=True)
OTHER = replace(REFUSAL, message="not that either")
JOINED: dict[str, tuple[Refusal | None, Refusal | None, dict[str, Any]]] = {
    "the tree alone": (REFUSAL, None, {"message": "no"}),
    "the record alone": (None, REFUSAL, {"message": f"no ({BY_RECORD})", "for_now": True, "opens": NOW}),
    "both the same": (REFUSAL, REFUSAL, {"message": "no"}),
    "both": (REFUSAL, OTHER, {"message": f"no; {BY_RECORD}: not that either", "opens": NOW}),
    "one for good": (REFUSAL, replace(OTHER, for_now=False), {"for_now": False}),
    "the other for good": (replace(REFUSAL, for_now=False), OTHER, {"for_now": False}),
    "one without an end": (REFUSAL, replace(OTHER, opens=None), {"opens": None}),
    "the other without an end": (replace(REFUSAL, opens=None), OTHER, {"opens": None}),
    "the later end": (REFUSAL, replace(OTHER, opens=NOW + HOUR), {"opens": NOW + HOUR}),
    "one that nobody waives": (REFUSAL, replace(OTHER, waivable=False), {"waivable": False}),
    "the other that nobody waives": (replace(REFUSAL, waivable=False), OTHER, {"waivable": False}),
    "a warning by the record": (REFUSAL, replace(OTHER, warns=True), {"message": "no", "warns": False}),
    "the tree warns": (
        replace(REFUSAL, warns=True),
        OTHER,
        {"message": f"not that either ({BY_RECORD})", "warns": False},
    ),
    "two warnings": (replace(REFUSAL, warns=True), replace(OTHER, warns=True), {"message": "no", "warns": True}),
    "one of the record": (
        None,
        replace(OTHER, warns=True),
        {"message": f"not that either ({BY_RECORD})", "warns": True},
    ),
    "neither": (None, None, {}),
}


@pytest.mark.parametrize(("by_tree", "by_record", "joined"), JOINED.values(), ids=JOINED.keys())
def test_both_refusals_are_merged(by_tree: Refusal | None, by_record: Refusal | None, joined: dict[str, Any]) -> None:
    told = merge_answers([(by_tree, ""), (by_record, BY_RECORD)])
    assert (told is None) == (not joined)
    assert {name: getattr(told, name) for name in joined} == joined


def test_problems_of_both_documents_are_reported() -> None:
    one, two = Problem("E204", "one"), Problem("E204", "two")
    answers = ((replace(REFUSAL, because=(one,)), ""), (replace(OTHER, because=(two, one)), BY_RECORD))
    told = merge_answers(answers)
    assert told and told.because == (one, two)


def test_waiver_needs_listing_in_both_documents() -> None:
    lists, silent = gated(waivable=["G104"], soak="2d"), gated(soak="2d")
    for tree, recorded, left in ((lists, lists, []), (lists, silent, ["G104"]), (silent, lists, ["G104"])):
        request = ruled_by(tree, recorded)
        refused = tuple(refusal for refusal in check_guards(request) if refusal.code == "G104")
        assert [refusal.code for refusal in list_unwaivable(request, refused)] == left


ENTRY_RULES = RulesDocument("prod", {"order": {"after": []}, "gates": {"soak": "2d"}})
COUNTING: dict[str, tuple[Request, bool]] = {
    "another one": (ruled_by(PLAIN, gated(soak="2d")), True),
    "the same": (ruled_by(gated(soak="2d"), gated(soak="2d")), False),
    "none": (here(ruled_by(PLAIN, gated(soak="2d")), rules=None), False),
    "recorded where code entered": (ruled_by(PLAIN, ENTRY_RULES), False),
    "the tree calls it the entry": (ruled_by(replace(PLAIN, content={"order": {"after": []}}), gated(soak="2d")), True),
    "recorded beside the pipeline": (ruled_by(PLAIN, RulesDocument("prod", {"order": {"beside": True}})), True),
}


@pytest.mark.parametrize(("request_", "counts"), COUNTING.values(), ids=COUNTING.keys())
def test_recorded_document_counts_only_when_different(request_: Request, *, counts: bool) -> None:
    assert (len(list_views(request_)) == 2) is counts


LAW = gated(approvals={"peer": 1, "law": 2})
IGNORES = document(drift={"ignore": ["b", "c"]})
# What of the drift that the tree ignores, a and b, is ignored; and whether other rules are recorded with it.
RECORDED: dict[str, tuple[Request, tuple[str, ...], bool]] = {
    "others that ignore one": (ruled_by(PLAIN, IGNORES), ("b",), True),
    "others that ignore nothing": (ruled_by(PLAIN, LAW), (), True),
    "others with an empty table": (ruled_by(PLAIN, document(drift={})), (), True),
    "others, on the way back": (replace(ruled_by(PLAIN, IGNORES), action="rollback"), ("b",), False),
    "the same": (ruled_by(PLAIN, PLAIN), ("a", "b"), False),
    "those of an entry": (ruled_by(PLAIN, ENTRY_RULES), ("a", "b"), False),
    "none": (here(ruled_by(PLAIN, LAW), rules=None), ("a", "b"), False),
    "damaged ones": (replace(ruled_by(PLAIN, LAW), documents={}), (), False),
}


@pytest.mark.parametrize(("request_", "ignored", "brings"), RECORDED.values(), ids=RECORDED.keys())
def test_recorded_rules_decide_ignored_drift(request_: Request, ignored: tuple[str, ...], *, brings: bool) -> None:
    assert list_ignored_drift(request_, ("a", "b")) == ignored
    assert has_new_rules(request_) is brings


def test_account_of_another_environment_is_named_by_both() -> None:
    request = replace(ruled_by(PLAIN, document(account_id="1", other_accounts=["2"])), other_accounts=("2", "3"))
    assert [view.other_accounts for view in list_views(request)] == [("2", "3"), ("2",)]


def test_rest_must_be_approved_by_both_documents() -> None:
    """What a deployment left that stopped halfway."""
    stopped = deployed(outcome="failed", reason="G302 same_plan: more", ended_at=NOW - HOUR)
    given = (approval(CAT), approval(CAT, "law"))
    request = bound(here(ruled_by(TREE, LAW), last=stopped, approvals=given))
    told = check_stopped_deployment(request)
    assert told is not None
    assert told.message == (f"the last deployment stopped halfway; its rest needs approval at: law ({BY_RECORD})")
    assert count_missing_at_gates(request) == {"peer": 0, "law": 1}
    assert check_stopped_deployment(bound(here(request, approvals=(*given, approval(DAN, "law"))))) is None


def test_drift_fix_needs_later_approvals_by_both_documents() -> None:
    given = (approval(CAT), approval(CAT, "law", at=NOW - HOUR - TICK), approval(DAN, "law", at=NOW))
    request = bound(ruled_by(TREE, LAW, here(TO_PROD, approvals=given)))
    assert count_missing_since(request, NOW - HOUR) == {"law": 1}
    assert count_missing_since(request, NOW - 2 * HOUR) == {}
    assert count_missing_since(request, NOW) == {"peer": 1, "law": 1}


def test_gates_of_both_documents_are_required() -> None:
    request = bound(ruled_by(gated(approvals={"peer": 2, "qa": 1}), LAW, here(TO_PROD, approvals=(approval(CAT),))))
    assert count_required_approvals(request) == {"peer": 2, "qa": 1, "law": 2}
    assert count_missing_at_gates(request) == {"peer": 1, "qa": 1, "law": 2}
    assert list_valid_in_any_view(request) == request.target_state.approvals


def test_approvers_must_be_allowed_by_both_documents() -> None:
    law = document(gates={"approvals": {"law": 1}}, allow={"approve": {"law": ["github:zoe"]}})
    assert describe_approvers(ruled_by(PLAIN, law), ["law"]) == "github:zoe except ann, bob"
    assert describe_approvers(ruled_by(law, PLAIN), ["law"]) == "github:zoe except ann, bob"
    assert describe_approvers(ruled_by(PLAIN, PLAIN), []) == "any person except ann, bob"


def test_approver_of_either_document_is_accepted() -> None:
    zoe = document(gates={"approvals": {"law": 1}}, allow={"approve": {"law": ["github:zoe"]}})
    open_to_all = gated(approvals={"law": 1})
    assert find_barring_view(ruled_by(zoe, open_to_all), "law", CAT) is None
    assert find_barring_view(ruled_by(open_to_all, zoe), "law", CAT) is None
    barred = find_barring_view(ruled_by(zoe, zoe), "law", CAT)
    assert barred and barred.rules.approve == {"law": ("github:zoe",)}
    # Who made it may not, by any document but one that says so.
    assert find_barring_view(ruled_by(open_to_all, open_to_all), "law", ANN) is not None
    selfish = gated(approvals={"law": 1}, self_approval=True)
    assert find_barring_view(ruled_by(selfish, open_to_all), "law", ANN) is None
    # A document without the gate has no say; at a gate of neither the tree has.
    assert find_barring_view(ruled_by(PLAIN, zoe), "law", CAT) is not None
    assert find_barring_view(ruled_by(PLAIN, gated(self_approval=True)), "law", ANN) is not None


BOUND = {"rules": TREE.digest, "recorded": LAW.digest}
APPROVALS: dict[str, tuple[Any, Any, dict[str, str], bool]] = {
    "given for both": (TREE, LAW, BOUND, True),
    "another tree": (gated(approvals={"peer": 1}, soak="1h"), LAW, BOUND, False),
    "another record": (TREE, gated(approvals={"peer": 1}, soak="1h"), BOUND, False),
    "the tree's became the recorded ones": (TREE, TREE, BOUND, True),
    "they went back": (LAW, LAW, BOUND, False),
    "without a digest, and some are recorded": (TREE, TREE, {}, False),
    "without a digest, and none are recorded": (TREE, None, {}, True),
    "with one, and none are recorded": (TREE, None, {"rules": TREE.digest}, True),
    "with another one, and none are recorded": (TREE, None, {"rules": LAW.digest}, False),
}


@pytest.mark.parametrize(("tree", "recorded", "digests", "counts"), APPROVALS.values(), ids=APPROVALS.keys())
def test_approval_is_bound_to_both_digests(
    tree: RulesDocument, recorded: RulesDocument | None, digests: dict[str, str], *, counts: bool
) -> None:
    given = here(TO_PROD, approvals=(approval(CAT, **digests),))
    request = ruled_by(tree, recorded or tree, given)
    if recorded is None:
        request = here(request, rules=None)
    assert bool(list_valid_in_any_view(request)) is counts


def test_approval_binds_what_was_asked() -> None:
    request = ruled_by(TREE, LAW)
    binding = bind_approval(request, "peer", plan="p1an", unseen=("web",), reading="read1ng")
    assert binding == ApprovalBinding(
        gate="peer",
        release=R1,
        settings="settings",
        plan="p1an",
        place=PLACE,
        unseen=("web",),
        rules=TREE.digest,
        recorded=LAW.digest,
        reading="read1ng",
    )
    given = here(request, approvals=(binding.to_approval(CAT, NOW),))
    assert [read_binding(each) for each in list_valid_in_any_view(given)] == [binding]


def test_refusal_explains_changed_rules() -> None:
    other = gated(approvals={"peer": 1}, soak="1h")
    given = here(TO_PROD, approvals=(approval(CAT, rules=TREE.digest, recorded=LAW.digest),))
    request = replace(ruled_by(other, LAW, given), documents={each.digest: each for each in (TREE, LAW, other)})
    (told,) = (refusal.message for refusal in check_guards(request) if refusal.code == "G106")
    assert "the rules of prod changed since cat approved: gates.soak not set -> 1h" in told
    since = replace(ruled_by(TREE, other, given), documents=request.documents)
    (told,) = (refusal.message for refusal in check_guards(since) if refusal.code == "G106")
    assert "approved: gate law goes, gates.soak not set -> 1h" in told
    # Of seven differences six are named.
    many = gated(approvals={"peer": 1, **dict.fromkeys("abcdefg", 1)})
    request_of_many = replace(ruled_by(many, LAW, given), documents={each.digest: each for each in (TREE, LAW, many)})
    (told,) = (refusal.message for refusal in check_guards(request_of_many) if refusal.code == "G106")
    assert "gate f is new (1) and 1 more" in told
    unknown = replace(request, documents={each.digest: each for each in (LAW, other)})
    (told,) = (refusal.message for refusal in check_guards(unknown) if refusal.code == "G106")
    assert "since cat approved: envctl.toml or a later deployment" in told
    before = here(ruled_by(TREE, TREE, TO_PROD), approvals=(approval(CAT),))
    (told,) = (refusal.message for refusal in check_guards(before) if refusal.code == "G106")
    assert "the approval of cat was given before rules were recorded: approve again" in told


def test_rollback_and_fix_need_no_rules_approval() -> None:
    given = here(TO_PROD, approvals=(approval(CAT, rules="gone", recorded="gone"),))
    for request in (
        replace(ruled_by(TREE, LAW, given), action="rollback"),
        replace(ruled_by(TREE, LAW, given), action="apply", undoes=True),
    ):
        assert [each.by for each in list_valid_in_any_view(request)] == [CAT]


def reset(ago: timedelta) -> RulesReset:
    return RulesReset(50, LAW.digest, BOB, NOW - ago, "they left")


def test_reset_counts_after_its_delay() -> None:
    request = ruled_by(PLAIN, LAW)
    assert len(list_views(here(request, rules_reset=reset(RESET_DELAY - TICK)))) == 2
    assert len(list_views(here(request, rules_reset=reset(RESET_DELAY)))) == 1
    assert timedelta(days=7) == RESET_DELAY


ALLOWING = document(gates={"approvals": {"law": 2, "peer": 1}, "self_approval": True})


def agreed(by: Actor, gate: str = "law", **more: Any) -> RulesApproval:
    return replace(RulesApproval(gate, LAW.digest, PLAIN.digest, by, NOW - HOUR), **more)


HALF_AN_HOUR, AN_HOUR = (gated(approvals={"law": 1}, expires=time) for time in ("30m", "1h"))
SELFISH = gated(approvals={"law": 1}, self_approval=True)
ZOES = document(gates={"approvals": {"law": 1}}, allow={"approve": {"law": ["arn:*:assumed-role/Qa/*"]}})
AGREED: dict[str, tuple[RulesDocument, tuple[RulesApproval, ...], bool]] = {
    "nobody": (LAW, (), False),
    "enough at each gate": (LAW, (agreed(CAT, "peer"), agreed(CAT), agreed(DAN)), True),
    "one person twice": (LAW, (agreed(CAT, "peer"), agreed(CAT), agreed(CAT)), False),
    "a gate without anybody": (LAW, (agreed(CAT), agreed(DAN)), False),
    "who promotes it": (LAW, (agreed(CAT, "peer"), agreed(CAT), agreed(BOB)), False),
    "other rules": (LAW, (agreed(CAT, "peer"), agreed(CAT), agreed(DAN, rules="others")), False),
    "other recorded ones": (LAW, (agreed(CAT, "peer"), agreed(CAT), agreed(DAN, recorded="others")), False),
    "rules that ask for nobody": (gated(soak="2d"), (), False),
    "rules that ask for nobody, and one": (
        gated(soak="2d"),
        (agreed(BOB, "", recorded=gated(soak="2d").digest),),
        True,
    ),
    "who may not": (ZOES, (agreed(CAT, recorded=ZOES.digest),), False),
    "who may": (ZOES, (agreed(BY_ROLE, recorded=ZOES.digest),), True),
    "too long ago": (HALF_AN_HOUR, (agreed(CAT, recorded=HALF_AN_HOUR.digest),), False),
    "just in time": (AN_HOUR, (agreed(CAT, recorded=AN_HOUR.digest),), True),
    "this very moment": (AN_HOUR, (agreed(CAT, recorded=AN_HOUR.digest, at=NOW),), True),
    "in the future": (AN_HOUR, (agreed(CAT, recorded=AN_HOUR.digest, at=NOW + TICK),), False),
    "oneself where that is allowed": (SELFISH, (agreed(BOB, recorded=SELFISH.digest),), True),
}


@pytest.mark.parametrize(("recorded", "given", "replaced"), AGREED.values(), ids=AGREED.keys())
def test_approvers_of_recorded_rules_can_replace_them(
    recorded: RulesDocument, given: tuple[RulesApproval, ...], *, replaced: bool
) -> None:
    request = here(ruled_by(PLAIN, recorded), rules_approvals=given)
    assert (len(list_views(request)) == 1) is replaced


def test_author_of_the_push_can_not_replace_rules() -> None:
    recorded = document(gates={"approvals": {"law": 1}})
    request = here(ruled_by(PLAIN, recorded), rules_approvals=(agreed(CAT, recorded=recorded.digest),))
    assert len(list_views(request)) == 1
    assert len(list_views(replace(request, start=RunStart(people=(CAT,))))) == 2


def test_rules_without_gates_need_one_approval() -> None:
    recorded = gated(soak="2d")
    assert count_missing_rules_approvals(ruled_by(PLAIN, recorded), to_rules(recorded)) == {"": 1}


WRITERS: dict[str, tuple[Request, bool]] = {
    "another person": (ruled_by(PLAIN, LAW), True),
    "who changed the rules": (replace(ruled_by(PLAIN, LAW), wrote_rules=("cat",)), False),
    "who changed them, renamed": (replace(ruled_by(PLAIN, LAW), wrote_rules=("7+Cat@users.noreply.x.io",)), False),
    "who changed them, where that is allowed": (replace(ruled_by(PLAIN, ALLOWING), wrote_rules=("cat",)), True),
}


def test_authors_of_rules_approve_each_others_rules() -> None:
    request_ = replace(ruled_by(PLAIN, LAW), wrote_rules=("cat", "dan"))
    recorded = request_.documents[request_.recorded_digest]
    peers, law = ((CAT, "peer"), (DAN, "peer")), ((CAT, "law"), (DAN, "law"), (Actor("eve"), "law"))
    said = tuple(agreed(person, gate, recorded=recorded.digest) for person, gate in (*peers, *law))
    for given, counts in ((said[1:], False), (said[:-1], False), (said, True)):
        asked = here(request_, rules_approvals=given)
        assert can_replace_rules(asked, to_rules(recorded)) is counts
        assert not can_replace_rules(replace(asked, unknown_authors="some"), to_rules(recorded))


@pytest.mark.parametrize(("request_", "counts"), WRITERS.values(), ids=WRITERS.keys())
def test_rules_author_may_not_approve_the_rules(request_: Request, *, counts: bool) -> None:
    recorded = request_.documents[request_.recorded_digest]
    given = ((CAT, "law"), (CAT, "peer"), (DAN, "law"))
    said = tuple(agreed(person, gate, recorded=recorded.digest) for person, gate in given)
    assert can_replace_rules(here(request_, rules_approvals=said), to_rules(recorded)) is counts


def test_rules_author_approves_changes_of_others_alone() -> None:
    given = here(TO_PROD, approvals=(approval(CAT, rules=PLAIN.digest, recorded=LAW.digest),))
    request = ruled_by(PLAIN, LAW, given)
    assert [each.by for each in list_valid_in_any_view(request)] == [CAT]
    written = replace(request, wrote_rules=("cat",))
    assert (count_missing_at_gates(request)["peer"], count_missing_at_gates(written)["peer"]) == (0, 1)
    assert find_barring_view(written, "peer", CAT) is None


def test_approval_is_bound_to_place_and_settings() -> None:
    elsewhere = here(TO_PROD, approvals=(approval(CAT, place="elsewhere", **BOUND),))
    assert list_valid_in_any_view(ruled_by(TREE, LAW, elsewhere)) == ()
    assert PROMOTION.place == PLACE
    assert ran(R1).current is not None
