"""G106: whether enough people have approved, and who counts."""

from dataclasses import replace
from typing import Any

import pytest

from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards import Refusal, Request, count_missing_at_gates
from envctl.domain.guards.approvals import describe_allowed_approvers
from envctl.domain.guards.authors import is_only_author, list_authors
from envctl.domain.ledger.events import Actor
from envctl.domain.ledger.people.run_start import NO_START, RunStart
from envctl.domain.ledger.state import Approval, LedgerState
from envctl.domain.plan.changes import Action, Changeover, EnvironmentPlan, StackPlan
from envctl.domain.plan.fingerprint import fingerprint_plan
from tests.unit.guards.asked import (
    ANN,
    BACK,
    BOB,
    CAT,
    DAN,
    DESTRUCTION,
    ENTRY,
    HOUR,
    NOW,
    PROMOTION,
    R1,
    R2,
    SAME_CODE,
    TICK,
    TO_PROD,
    answer,
    approval,
    change,
    deployed,
    here,
    made,
    proof,
    ruled,
    said,
)

ASKED = ruled(TO_PROD, approvals={"peer": 1})
LACKS = "release 111111111111 lacks approvals for prod: "


def approved(*given: Approval, request: Request = ASKED) -> Request:
    return here(request, approvals=given)


def released(request: Request, **more: object) -> Request:
    releases = {**request.present.releases, R1: made(R1, 1, **more)}
    return replace(request, present=replace(request.present, releases=releases))


EVE = Actor("eve")
SCHEDULE = Actor("schedule of acme/shop, envctl deploy, run 7", via="github", verified=True)
PUSHED = replace(ASKED, start=RunStart(people=(EVE,)))
TWO = ruled(ASKED, approvals={"peer": 2})
GATES = ruled(ASKED, approvals={"peer": 1, "business": 2, "quality": 1})
EXPIRING = ruled(ASKED, expires=8 * HOUR)
SELF = ruled(ASKED, self_approval=True)
CAT_EXPIRED = "the approval of cat expired on 2026-11-25 07:00 UTC"
WEB_COMES = Changeover(new_stacks=("web",))
APPROVED: dict[str, Request] = {
    "no gate asks": approved(request=ruled(TO_PROD, approvals={})),
    "somebody who did not make it and does not promote it": approved(approval(CAT)),
    "two people where two are asked": approved(approval(CAT), approval(DAN), request=TWO),
    "more people than are asked": approved(approval(CAT), approval(DAN), approval(Actor("eve"))),
    "one person at every gate": approved(
        *(approval(CAT, gate) for gate in GATES.rules.approvals), approval(DAN, "business"), request=GATES
    ),
    "with a plan or without": approved(approval(CAT, plan="f00d")),
    "exactly as old as it may be": approved(approval(CAT, at=NOW - 8 * HOUR), request=EXPIRING),
    "as old as can be where none expires": approved(approval(CAT, at=NOW - 10_000 * HOUR)),
    "who promotes, where the project allows it": approved(approval(BOB), request=SELF),
    "who wrote it, where the project allows it": approved(approval(ANN), request=SELF),
    "who changed rules that this does not record": replace(
        approved(approval(CAT)), wrote_rules=("cat",), action="apply", undoes=True
    ),
    "beside approvals that do not count": approved(approval(ANN), approval(CAT, release=R2), approval(CAT)),
    "before what runs began, and stacks come": replace(
        approved(approval(CAT, at=NOW - 3 * HOUR), request=here(ASKED, current=deployed())), changeover=WEB_COMES
    ),
    "no release is not for this guard": replace(ASKED, release=None),
    "a destruction is not": ruled(DESTRUCTION, approvals={"peer": 1}),
}
TO_GIVE = "envctl approve prod --gate peer"
OWN = "does not count for their own changes"
NONE, TAKES_PART = "peer (0 of 1)", "does not count (made or promotes the release)"
CHANGED = "the settings of prod have changed since it was approved"
OF_BEFORE = "the approval of cat was given by an older envctl: approve again"
MOVED_AWAY = "the place of prod changed since the approval"
MISSING: dict[str, tuple[Request, str]] = {
    "nobody approved": (ASKED, NONE),
    "one of two": (approved(approval(CAT), request=TWO), "peer (1 of 2)"),
    "the same person twice": (approved(approval(CAT), approval(CAT, at=NOW), request=TWO), "peer (1 of 2)"),
    "another release": (approved(approval(CAT, release=R2)), NONE),
    "another release with other settings": (approved(approval(CAT, release=R2, settings="others")), NONE),
    "other settings": (approved(approval(CAT, settings="others")), f"{NONE}; {CHANGED}"),
    "another place": (
        approved(approval(CAT, place="elsewhere")),
        f"{NONE}; {MOVED_AWAY}: account, region, role, backend or provider settings",
    ),
    "another place that is known": (
        replace(approved(approval(CAT, place="elsewhere")), elsewhere={"elsewhere": "region a -> b"}),
        f"{NONE}; {MOVED_AWAY}: region a -> b",
    ),
    "two other places, and two people at one": (
        replace(
            approved(*(approval(by, place=place) for by, place in ((CAT, "x"), (DAN, "x"), (CAT, "y")))),
            elsewhere={"x": "region a -> b", "y": "region c -> b"},
        ),
        f"{NONE}; {MOVED_AWAY}: region a -> b; {MOVED_AWAY}: region c -> b",
    ),
    "before places were recorded": (approved(approval(CAT, place="")), f"{NONE}; {OF_BEFORE}"),
    "before places were recorded, with none today": (
        replace(approved(approval(CAT, place="")), place=""),
        f"{NONE}; {OF_BEFORE}",
    ),
    "anew, at another gate": (
        approved(approval(CAT, place=""), approval(CAT), approval(DAN, "business"), request=GATES),
        "business (1 of 2), quality (0 of 1)",
    ),
    "anew at one of two gates": (
        approved(approval(CAT, place=""), approval(CAT), approval(CAT, "business", place=""), request=GATES),
        f"business (0 of 2), quality (0 of 1); {OF_BEFORE}",
    ),
    "another release in another place": (approved(approval(CAT, release=R2, place="elsewhere")), NONE),
    "other settings in another place": (
        approved(approval(CAT, settings="others", place="elsewhere")),
        f"{NONE}; {CHANGED}",
    ),
    "another gate": (approved(approval(CAT, "quality")), NONE),
    "a microsecond too old": (
        approved(approval(CAT, at=NOW - 8 * HOUR - TICK), request=EXPIRING),
        f"{NONE}; the approval of cat expired on 2026-11-25 07:59 UTC",
    ),
    "dated in the future": (
        approved(approval(CAT, at=NOW + HOUR), request=EXPIRING),
        f"{NONE}; the approval of cat is dated 2026-11-25 09:00 UTC, in the future",
    ),
    "several too old": (
        approved(approval(DAN, at=NOW - 9 * HOUR), approval(CAT, at=NOW - 9 * HOUR), request=EXPIRING),
        f"{NONE}; {CAT_EXPIRED}; the approval of dan expired on 2026-11-25 07:00 UTC",
    ),
    "who wrote it": (approved(approval(ANN)), f"{NONE}; the approval of ann {TAKES_PART}"),
    "who promotes it": (approved(approval(BOB)), f"{NONE}; the approval of bob {TAKES_PART}"),
    "who wrote it and who promotes it": (
        approved(approval(BOB), approval(ANN)),
        f"{NONE}; the approval of ann, bob {TAKES_PART}",
    ),
    "who changed its rules": (
        replace(approved(approval(CAT)), wrote_rules=("cat",)),
        f"{NONE}; the approval of cat {OWN}",
    ),
    "stacks come": (replace(ASKED, changeover=WEB_COMES), NONE),
    "all that can be wrong at once": (
        approved(approval(ANN), approval(CAT, at=NOW - 9 * HOUR), approval(DAN, settings="others"), request=EXPIRING),
        f"{NONE}; the approval of cat expired on 2026-11-25 07:00 UTC; the approval of ann {TAKES_PART}; {CHANGED}",
    ),
    "who promotes it, with other settings": (
        approved(approval(BOB, settings="others"), request=SELF),
        f"{NONE}; {CHANGED}",
    ),
    "the same code again": (ruled(replace(SAME_CODE, target="prod"), approvals={"peer": 1}), NONE),
}


@pytest.mark.parametrize("request_", APPROVED.values(), ids=APPROVED.keys())
def test_enough_approvals_pass(request_: Request) -> None:
    assert answer("G106", request_) is None


@pytest.mark.parametrize(("request_", "wanted"), MISSING.values(), ids=MISSING.keys())
def test_missing_approvals_are_refused(request_: Request, wanted: str) -> None:
    assert said("G106", request_) == LACKS + wanted


def test_missing_approval_is_temporary_and_names_approvers() -> None:
    assert answer("G106", ASKED) == Refusal(
        GuardCode.APPROVALS,
        message=f"{LACKS}peer (0 of 1)",
        hint=TO_GIVE,
        for_now=True,
        who="any person except ann, bob",
    )


def test_only_approver_must_not_promote_too() -> None:
    refusal = answer("G106", approved(approval(BOB)))
    assert refusal is not None
    assert refusal.hint == "as another person: envctl promote staging prod"
    assert refusal.who == "any person who did not approve it"
    both = answer("G106", approved(approval(BOB), request=TWO))
    assert both and both.hint == TO_GIVE


def test_approver_is_told_what_others_are() -> None:
    refusal = answer("G106", approved(approval(BOB), request=TWO))
    others = answer("G106", replace(approved(approval(BOB), request=TWO), actor=Actor("")))
    assert refusal and others
    assert refusal.message == f"{others.message}; bob approved it, and may not deploy it"
    assert (refusal.hint, refusal.who) == (others.hint, others.who) == (TO_GIVE, "any person except ann")


def test_author_of_the_push_must_not_approve_it() -> None:
    request = approved(approval(EVE), request=PUSHED)
    assert said("G106", request).startswith(f"{LACKS}peer (0 of 1)")
    assert not said("G106", replace(request, start=NO_START))
    refusal = answer("G106", request)
    assert refusal and refusal.hint == "as another person: envctl promote staging prod"


def test_all_who_approved_and_act_are_named() -> None:
    refusal = answer("G106", approved(approval(BOB), approval(EVE), request=ruled(PUSHED, approvals={"peer": 3})))
    assert refusal and refusal.message.endswith("; bob and eve approved it, and may not deploy it")


def test_missing_usual_gates_show_both_fixes() -> None:
    refusal = answer("G106", ruled(ASKED, is_usual=True))
    assert refusal is not None
    unsaid = "; envctl.toml sets no approvals for prod: the usual ones apply"
    assert refusal.message == f"{LACKS}peer (0 of 1){unsaid}"
    assert refusal.hint == f"if it needs none, write [environments.prod.gates] approvals = {{}}; otherwise: {TO_GIVE}"


def test_only_missing_gates_are_listed() -> None:
    request = approved(approval(CAT), approval(DAN, "business"), request=GATES)
    refusal = answer("G106", request)
    assert refusal and refusal.message == f"{LACKS}business (1 of 2), quality (0 of 1)"
    assert refusal.hint == "envctl approve prod --gate business"


def test_missing_approvals_are_counted_and_never_negative() -> None:
    request = approved(approval(CAT), approval(DAN), approval(CAT, "business"), request=GATES)
    assert count_missing_at_gates(request) == {"peer": 0, "business": 1, "quality": 1}
    assert count_missing_at_gates(ruled(request, approvals={})) == {}


WHO: dict[str, tuple[Request, str]] = {
    "those who made it and who promotes it are out": (ASKED, "any person except ann, bob"),
    "who had it bundled counts for the others": (
        released(ASKED, by=CAT),
        "any person except bob; ann, cat only for changes of others",
    ),
    "who changed its rules counts for the others": (
        replace(ASKED, wrote_rules=("cat",)),
        "any person except bob; ann, cat only for changes of others",
    ),
    "who changed rules that it does not bring is not": (
        replace(ASKED, wrote_rules=("cat",), action="apply", undoes=True),
        "any person except ann, bob",
    ),
    "nobody is out twice": (replace(ASKED, actor=ANN), "any person except ann"),
    "a release that nobody is known to have written": (
        released(ASKED, author="", by=CAT),
        "any person except bob, cat",
    ),
    "a release that nobody is known to have bundled": (released(ASKED, by=Actor("")), "any person except ann, bob"),
    "those who wrote what was pushed are out": (PUSHED, "any person except ann, bob, eve"),
    "a schedule is nobody": (replace(ASKED, actor=SCHEDULE), "any person except ann"),
    "who ran a schedule again is out": (
        replace(ASKED, actor=SCHEDULE, start=RunStart(people=(CAT,))),
        "any person except ann, cat",
    ),
    "somebody without a name": (replace(ASKED, actor=Actor("")), "any person except ann"),
    "a release that is not known": (replace(ASKED, release=R2, present=LedgerState()), "any person except bob"),
    "all may where the project allows it": (SELF, "any person"),
}


@pytest.mark.parametrize(("request_", "who"), WHO.values(), ids=WHO.keys())
def test_refusal_names_who_can_approve(request_: Request, who: str) -> None:
    refusal = answer("G106", request_)
    assert refusal and refusal.who == who


def test_approval_by_bundler_does_not_count() -> None:
    assert said("G106", approved(approval(CAT), request=released(ASKED, by=CAT))) == (
        f"{LACKS}peer (0 of 1); the approval of cat {OWN}"
    )


def test_makers_are_author_and_bundler() -> None:
    assert list_authors(ASKED) == (("ann",),)
    assert list_authors(released(ASKED, by=CAT)) == (("cat",), ("ann",))
    assert list_authors(released(ASKED, author="", by=CAT)) == (("cat",),)
    assert list_authors(replace(ASKED, release=None)) == ()


QA = "arn:aws:iam::333333333333:role/QARole"


def on_aws(person: str, role: str = "QARole") -> Actor:
    arn = f"arn:aws:sts::333333333333:assumed-role/{role}/{person}"
    return Actor(arn, via="aws", verified=True, arn=arn)


def github(login: str, **more: Any) -> Actor:
    return replace(Actor(login, via="github", verified=True), **more)


OF_OCTOCAT = released(ASKED, author="583231+octocat@users.noreply.github.com")
SAME_PERSON: dict[str, tuple[Request, str]] = {
    "the author's no-reply address, as a login": (approved(approval(github("Octocat")), request=OF_OCTOCAT), "Octocat"),
    "the author, by a no-reply address, on AWS": (approved(approval(on_aws("octocat")), request=OF_OCTOCAT), "octocat"),
    "who merged or committed it": (
        approved(approval(github("cat")), request=released(ASKED, others=("1+cat@users.noreply.github.com",))),
        "cat",
    ),
    "a co-author": (
        approved(approval(on_aws("cat@example.com")), request=released(ASKED, others=("cat+x@example.com",))),
        "cat@example.com",
    ),
    "the bundler": (
        approved(approval(github("cat")), request=released(ASKED, by=replace(on_aws("ci"), also=("cat",)))),
        "cat",
    ),
    "the promoter": (
        approved(approval(github("dan")), request=replace(ASKED, actor=replace(on_aws("ci"), also=("Dan",)))),
        "dan",
    ),
    "the approver": (approved(approval(replace(on_aws("cat"), also=("arn:aws:iam::333333333333:user/bob",)))), "cat"),
}


@pytest.mark.parametrize(("request_", "name"), SAME_PERSON.values(), ids=SAME_PERSON)
def test_approval_by_same_person_as_maker_is_ignored(request_: Request, name: str) -> None:
    said_of_it = said("G106", request_)
    assert said_of_it in {f"{LACKS}{NONE}; the approval of {name} {why}" for why in (TAKES_PART, OWN)}


TWICE = {
    "a login and a session": (github("cat"), on_aws("cat")),
    "a session and an address": (on_aws("cat@example.com"), Actor("Cat@example.com")),
    "a login and a no-reply address": (github("cat"), Actor("7+Cat@users.noreply.github.com")),
    "two logins that differ in case": (github("cat"), github("CAT")),
    "two roles of one user": (
        replace(on_aws("a", "One"), also=("arn:aws:iam::333333333333:user/cat",)),
        replace(on_aws("b", "Two"), also=("arn:aws:iam::333333333333:user/cat",)),
    ),
    "two sessions that boto3 named": (on_aws("botocore-session-1"), on_aws("botocore-session-2")),
}


@pytest.mark.parametrize(("one", "other"), TWICE.values(), ids=TWICE)
def test_one_person_counts_once_as(one: Actor, other: Actor) -> None:
    assert said("G106", approved(approval(one), approval(other), request=TWO)) == f"{LACKS}peer (1 of 2)"
    assert answer("G106", approved(approval(one), approval(DAN), request=TWO)) is None


def test_bot_is_not_counted_at_a_gate() -> None:
    gatekeeper = approval(github("gatekeeper[bot]"))
    assert said("G106", approved(gatekeeper)) == (
        f"{LACKS}peer (0 of 1); gatekeeper[bot] (not a person) may not approve at peer"
    )
    named = ruled(ASKED, approve={"peer": ("github:gatekeeper[bot]",)})
    assert answer("G106", approved(gatekeeper, request=named)) is None


TO_QA = ruled(ASKED, approve={"peer": (QA,), "business": ("github:eve",)})
ONE_PERSON: dict[str, tuple[Request, str]] = {
    "the author on AWS": (approved(approval(on_aws("ann"))), f"{NONE}; the approval of ann {TAKES_PART}"),
    "the bundler in another role": (
        approved(approval(on_aws("cat")), request=released(ASKED, by=on_aws("cat", "DeveloperRole"))),
        f"{NONE}; the approval of cat {OWN}",
    ),
    "the promoter in another role": (
        approved(approval(on_aws("bob")), request=replace(ASKED, actor=on_aws("bob", "OperatorRole"))),
        f"{NONE}; the approval of bob {TAKES_PART}",
    ),
    "one in two roles": (
        approved(approval(on_aws("cat")), approval(on_aws("cat", "Other")), request=TWO),
        "peer (1 of 2)",
    ),
    "who may not": (approved(approval(CAT), request=TO_QA), "peer (0 of 1); cat may not approve at peer"),
    "two who may not": (
        approved(approval(DAN), approval(on_aws("cat", "Other")), request=TO_QA),
        "peer (0 of 1); cat may not approve at peer, dan may not approve at peer",
    ),
    "who may at another gate": (
        approved(approval(Actor("eve", via="github", verified=True)), request=TO_QA),
        "peer (0 of 1); eve may not approve at peer",
    ),
    "who may and is too late": (
        approved(approval(on_aws("cat"), at=NOW - 9 * HOUR), request=ruled(TO_QA, expires=8 * HOUR)),
        f"peer (0 of 1); {CAT_EXPIRED}",
    ),
}


@pytest.mark.parametrize(("request_", "wanted"), ONE_PERSON.values(), ids=ONE_PERSON)
def test_person_does_not_count_when(request_: Request, wanted: str) -> None:
    assert said("G106", request_) == LACKS + wanted


def test_approver_counts_in_the_permitted_role() -> None:
    assert answer("G106", approved(approval(on_aws("cat")), request=TO_QA)) is None


def test_allowed_approvers_are_named_where_restricted() -> None:
    both = ruled(TO_QA, approvals={"peer": 1, "business": 1})
    told = {
        "at one gate": TO_QA,
        "at two": both,
        "at the one that is open": approved(approval(on_aws("cat")), request=both),
        "at one of two": ruled(both, approve={"peer": (QA,)}),
        "with nobody barred": replace(ruled(TO_QA, self_approval=True)),
    }
    assert {name: describe_allowed_approvers(request) for name, request in told.items()} == {
        "at one gate": f"{QA} except ann, bob",
        "at two": f"{QA} or github:eve except ann, bob",
        "at the one that is open": "github:eve except ann, bob",
        "at one of two": "any person except ann, bob",
        "with nobody barred": QA,
    }


def test_maker_is_recognized_in_any_role() -> None:
    bundled = released(ASKED, by=on_aws("cat", "DeveloperRole"), author="cat@example.com")
    assert is_only_author(list_authors(bundled), on_aws("cat"))
    assert is_only_author(list_authors(released(ASKED, author=on_aws("ann").arn)), on_aws("ann", "Other"))
    assert not is_only_author(list_authors(bundled), ANN)
    assert not is_only_author(list_authors(released(ASKED, by=CAT, author="dan")), CAT)


WAITING = fingerprint_plan(
    EnvironmentPlan(
        environment="prod",
        release=R1,
        stacks=(
            StackPlan("network", resources=(change(Action.CREATE),)),
            StackPlan("web", waits_for=("network",)),
            StackPlan("jobs", waits_for=("web",)),
            StackPlan("db", waits_for=("network",), behind=True),
            StackPlan("gone", waits_for=("network",)),
        ),
    )
)
NEEDS = {"network": (), "web": ("network",), "jobs": ("network", "web"), "db": ("network",)}
UNSEEN = replace(ASKED, approved={WAITING.digest: WAITING}, needs=NEEDS)
SAW = approval(CAT, plan=WAITING.digest)
NOW_PLANNABLE = " could not be planned when it was approved, and can be planned now"
STILL_COUNTS: dict[str, Request] = {
    "nothing that it waits for is applied": here(UNSEEN, approvals=(SAW,), stacks=frozenset({"db"})),
    "it was applied since": here(UNSEEN, approvals=(SAW,), stacks=frozenset({"network", "web", "jobs", "db"})),
    "it was named": here(UNSEEN, approvals=(replace(SAW, unseen=("web",)),), stacks=frozenset({"network", "db"})),
    "its plan is missing": here(replace(UNSEEN, approved={}), approvals=(SAW,), stacks=frozenset({"network", "db"})),
}
COUNTS_NO_MORE: dict[str, tuple[Request, str]] = {
    "what it waits for is applied": (
        here(UNSEEN, approvals=(SAW,), stacks=frozenset({"network", "db"})),
        f"peer (0 of 1); web{NOW_PLANNABLE}",
    ),
    "one of two was named": (
        here(UNSEEN, approvals=(replace(SAW, unseen=("web",)),), stacks=frozenset({"network", "web", "db"})),
        f"peer (0 of 1); jobs{NOW_PLANNABLE}",
    ),
    "who has looked again is told nothing": (
        here(ruled(UNSEEN, approvals={"peer": 2}), approvals=(SAW, approval(CAT)), stacks=frozenset({"network", "db"})),
        "peer (1 of 2)",
    ),
    "two people did not see it": (
        here(UNSEEN, approvals=(SAW, replace(SAW, by=DAN)), stacks=frozenset({"network", "db"})),
        f"peer (0 of 1); web{NOW_PLANNABLE}",
    ),
}


@pytest.mark.parametrize("request_", STILL_COUNTS.values(), ids=STILL_COUNTS)
def test_approval_counts_while_unplanned_stack_waits(request_: Request) -> None:
    assert answer("G106", request_) is None


@pytest.mark.parametrize(("request_", "told"), COUNTS_NO_MORE.values(), ids=COUNTS_NO_MORE)
def test_approval_expires_once_unplanned_stack_is_planned(request_: Request, told: str) -> None:
    assert said("G106", request_) == LACKS + told


# BACK goes from R2 to R1 in staging; both ran there with "settings".
GOING_BACK = ruled(BACK, approvals={"peer": 1})
OTHERWISE = replace(GOING_BACK, settings="others")
MOVED = replace(GOING_BACK, place="elsewhere")
FAILED_BACK = deployed(action="rollback", outcome="failed", settings="others")
BACK_UNASKED: dict[str, Request] = {
    "with the settings that run and that it ran with": GOING_BACK,
    "with the settings that run": here(GOING_BACK, evidence={}),
    "with the settings that it ran with": here(GOING_BACK, current=deployed(R2, settings="others")),
    "with the settings that it ran with, and nothing runs": here(GOING_BACK, current=None),
    "with settings of its own runs": here(OTHERWISE, evidence={R1: proof(deployment=deployed(settings="others"))}),
    "with the settings of the same rollback, which failed": here(OTHERWISE, evidence={}, last=FAILED_BACK),
    "where it alone ran": here(MOVED, evidence={R1: proof(deployment=deployed(place="elsewhere"))}),
    "where it runs now": here(MOVED, evidence={}, current=deployed(R2, place="elsewhere")),
    "with new settings that were approved before what runs began": approved(
        approval(CAT, settings="others", at=NOW - 3 * HOUR), request=OTHERWISE
    ),
}
BACK_ASKED: dict[str, Request] = {
    "with new settings": OTHERWISE,
    "with settings of another release": here(
        OTHERWISE, evidence={R1: proof(), R2: proof(R2, deployment=deployed(R2, settings="others"))}
    ),
    "with settings that were started and never came to an end": here(OTHERWISE, last=deployed(R2, settings="others")),
    "with the settings of another failed rollback": here(OTHERWISE, evidence={}, last=replace(FAILED_BACK, release=R2)),
    "where nothing runs and nothing ran": here(GOING_BACK, current=None, evidence={}),
    "in a place where it never ran": MOVED,
    "where only the settings of one and the place of another ran": here(
        replace(OTHERWISE, place="elsewhere"),
        current=deployed(R2, settings="others"),
        evidence={R1: proof(deployment=deployed(place="elsewhere"))},
    ),
    "no place": here(GOING_BACK, current=deployed(R2, place=""), evidence={R1: proof(deployment=deployed(place=""))}),
    "with neither place recorded": here(replace(GOING_BACK, place=""), current=deployed(R2, place=""), evidence={}),
}


@pytest.mark.parametrize("request_", BACK_UNASKED.values(), ids=BACK_UNASKED.keys())
def test_rollback_to_known_state_needs_no_approval(request_: Request) -> None:
    assert answer("G106", request_) is None


@pytest.mark.parametrize("request_", BACK_ASKED.values(), ids=BACK_ASKED.keys())
def test_rollback_to_new_state_needs_approval(request_: Request) -> None:
    assert said("G106", request_) == "release 111111111111 lacks approvals for staging: peer (0 of 1)"


def test_only_rollback_with_earlier_settings_needs_no_approval() -> None:
    assert said("G106", ruled(PROMOTION, approvals={"peer": 1}))
    assert said("G106", ruled(SAME_CODE, approvals={"peer": 1}))
    assert said("G106", ruled(ENTRY, approvals={"peer": 1}))
