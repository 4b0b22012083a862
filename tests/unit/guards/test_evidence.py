"""G103, G104, G105 and G110: whether what the source proves is enough, recent, and still true."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards import Refusal, Request
from envctl.domain.ledger.state import DriftCheck
from tests.unit.guards.asked import (
    ANN,
    BACK,
    DAY,
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
    deployed,
    here,
    proof,
    ran,
    ruled,
    said,
    there,
    with_environment,
)

UNVERIFIED = proof(verified_at=None, since=None)
REVOKED = replace(UNVERIFIED, revoked="its verification failed: http: 500 instead of 200")
DRIFTED = replace(UNVERIFIED, revoked="drift was found there")
IN_DEV, IN_STAGING = (f"release 111111111111 is not verified in {name}: " for name in ("dev", "staging"))
NEVER = "it was not verified since its deployment there"
AGAIN = (
    "deploy it there again: envctl rollback dev --to 111111111111; or take the current release of dev: envctl"
    " promote dev staging"
)
BY_NAME = "envctl promote dev staging --release 111111111111"
# Proven in dev and staging, where R2 runs by now.
PASSED_BY = with_environment(PROMOTION, "dev", ran(R1, R2))
PASSED_BY_IN_STAGING = with_environment(TO_PROD, "staging", ran(R1, R2))


def seen(drifted: int, *resources: str) -> DriftCheck:
    return DriftCheck(release=R1, by=ANN, at=NOW - HOUR, drifted=drifted, resources=resources)


VPC, SUBNET, EIP, LOGS = "network: aws_vpc.main", "network: aws_subnet.a", "web: aws_eip.out", "web: aws_x.logs"
ONE = seen(1, VPC)


def proven(request: Request, **changes: object) -> Request:
    """The proof of R1 in the source is otherwise."""
    found = request.source_state.evidence[R1]
    return there(request, evidence={**request.source_state.evidence, R1: replace(found, **changes)})  # type: ignore[arg-type]


VERIFIED: dict[str, Request] = {
    "a release whose verification holds": PROMOTION,
    "an earlier release whose verification holds": PASSED_BY,
    "what the source never had is not for this guard": replace(PROMOTION, release=R2),
    "no release is not for this guard": replace(PROMOTION, release=None),
    "a rollback is not": here(BACK, evidence={R1: REVOKED}),
    "the same code again is not": here(SAME_CODE, evidence={R1: REVOKED}),
    "what enters is not": here(ENTRY, evidence={R1: REVOKED}),
    "a destruction is not": here(DESTRUCTION, evidence={R1: REVOKED}),
}
NOT_VERIFIED: dict[str, tuple[Request, str, str]] = {
    "what was never verified": (there(PROMOTION, evidence={R1: UNVERIFIED}), f"{IN_DEV}{NEVER}", "envctl verify dev"),
    "what failed": (
        there(PROMOTION, evidence={R1: REVOKED}),
        f"{IN_DEV}its verification failed: http: 500 instead of 200",
        "envctl verify dev",
    ),
    "what has drifted": (
        there(PROMOTION, evidence={R1: DRIFTED}, drift=ONE),
        f"{IN_DEV}drift was found there",
        "envctl drift dev --fix",
    ),
    "what had drifted": (
        there(PROMOTION, evidence={R1: DRIFTED}, drift=seen(0)),
        f"{IN_DEV}drift was found there",
        "envctl verify dev",
    ),
    "what has drifted where no plan undoes it": (
        there(PROMOTION, evidence={R1: DRIFTED}, drift=replace(ONE, unplanned=(VPC,))),
        f"{IN_DEV}drift was found there",
        "undo it by hand, then: envctl drift dev; to accept it: envctl apply dev",
    ),
    "what ran with other providers": (
        there(PROMOTION, evidence={R1: replace(UNVERIFIED, deployment=deployed(unpinned=("acme/aws",)))}),
        f"{IN_DEV}{NEVER}",
        "deploy it there again without provider overrides: envctl apply dev",
    ),
    "what runs in the middle": (
        there(TO_PROD, evidence={R1: UNVERIFIED}),
        f"{IN_STAGING}{NEVER}",
        "envctl verify staging",
    ),
    "what ran in the entry": (proven(PASSED_BY, verified_at=None), f"{IN_DEV}{NEVER}", AGAIN),
    "what ran in the middle": (proven(PASSED_BY_IN_STAGING, verified_at=None), f"{IN_STAGING}{NEVER}", BY_NAME),
    "what another failed on top of": (
        there(TO_PROD, evidence={R1: UNVERIFIED}, last=deployed(R2, outcome="failed", seq=7)),
        f"{IN_STAGING}{NEVER}",
        BY_NAME,
    ),
}


@pytest.mark.parametrize("request_", VERIFIED.values(), ids=VERIFIED.keys())
def test_verified_release_passes(request_: Request) -> None:
    assert answer("G103", request_) is None


@pytest.mark.parametrize(("request_", "message", "hint"), NOT_VERIFIED.values(), ids=NOT_VERIFIED.keys())
def test_unverified_release_is_refused(request_: Request, message: str, hint: str) -> None:
    assert answer("G103", request_) == Refusal(GuardCode.VERIFIED, message=message, hint=hint)


CHECKED = ruled(PROMOTION, checks={"smoke": "smoke:1", "http": "http:2"})
CHECKS: dict[str, tuple[Mapping[str, datetime], str]] = {
    "both": ({"smoke:1": NOW, "http:2": NOW}, ""),
    "both before marks were recorded": ({"smoke": NOW, "http": NOW}, ""),
    "one of two": ({"http:2": NOW, "other:3": NOW}, "the check smoke"),
    "none": ({}, "the checks smoke, http"),
    "one that asked for something else": ({"smoke:0": NOW, "http": NOW}, "the check smoke in its current form"),
}


@pytest.mark.parametrize(("passed", "lacking"), CHECKS.values(), ids=CHECKS.keys())
def test_verification_must_hold_every_check(passed: Mapping[str, datetime], lacking: str) -> None:
    assert said("G103", proven(CHECKED, passed=passed)) == (
        f"release 111111111111 was verified in dev without {lacking}" if lacking else ""
    )


def test_missing_checks_are_run_by_verify() -> None:
    told = answer("G103", CHECKED)
    assert told and told.hint == "run the missing checks: envctl verify dev"


# PROMOTION has soaked for an hour.
LONG_ENOUGH: dict[str, Request] = {
    "nothing is asked": PROMOTION,
    "nothing is asked of what was verified this moment": proven(PROMOTION, verified_at=NOW, since=NOW),
    "exactly as long as it takes": ruled(PROMOTION, soak=HOUR),
    "longer than it takes": ruled(PROMOTION, soak=HOUR - TICK),
    "a stay that ended was long enough": ruled(proven(PROMOTION, longest=DAY, since=NOW), soak=DAY),
    "it no longer runs and its stay was long enough": ruled(PASSED_BY, soak=HOUR),
    "what is not verified is not for this guard": ruled(there(PROMOTION, evidence={R1: UNVERIFIED}), soak=HOUR),
    "what is not proven is not for this guard": ruled(replace(PROMOTION, release=R2), soak=HOUR),
    "the same code again need not soak": ruled(SAME_CODE, soak=DAY),
    "going back need not soak": ruled(BACK, soak=DAY),
}


@pytest.mark.parametrize("request_", LONG_ENOUGH.values(), ids=LONG_ENOUGH.keys())
def test_soaked_release_passes(request_: Request) -> None:
    assert answer("G104", request_) is None


def test_soak_short_by_a_microsecond_is_refused() -> None:
    assert answer("G104", ruled(PROMOTION, soak=HOUR + TICK)) == Refusal(
        GuardCode.SOAK,
        message="release 111111111111 ran verified in dev for 1h of 1h",
        hint="wait, then: envctl promote dev staging",
        for_now=True,
        opens=NOW + TICK,
        since=NOW - HOUR,
    )


def test_soak_counts_only_the_current_stay() -> None:
    request = ruled(proven(PROMOTION, longest=2 * HOUR), soak=DAY)
    assert answer("G104", request) == Refusal(
        GuardCode.SOAK,
        message="release 111111111111 ran verified in dev for 2h of 1d",
        hint="wait, then: envctl promote dev staging",
        for_now=True,
        opens=NOW - HOUR + DAY,
        since=NOW - HOUR,
    )


def test_soak_ends_exactly_at_retry_time() -> None:
    request = ruled(PROMOTION, soak=DAY)
    refusal = answer("G104", request)
    assert refusal and refusal.opens is not None
    assert answer("G104", replace(request, now=refusal.opens - TICK)) is not None
    assert answer("G104", replace(request, now=refusal.opens)) is None


SOAKS_NO_LONGER: dict[str, tuple[Request, str, str]] = {
    "in the entry": (
        ruled(PASSED_BY, soak=HOUR + TICK),
        "release 111111111111 ran verified in dev for 1h of 1h, and no longer runs there",
        AGAIN,
    ),
    "in the middle": (
        ruled(PASSED_BY_IN_STAGING, soak=DAY),
        "release 111111111111 ran verified in staging for 1h of 1d, and no longer runs there",
        BY_NAME,
    ),
}


@pytest.mark.parametrize(("request_", "message", "hint"), SOAKS_NO_LONGER.values(), ids=SOAKS_NO_LONGER.keys())
def test_soak_of_removed_release_cannot_be_completed(request_: Request, message: str, hint: str) -> None:
    assert answer("G104", request_) == Refusal(GuardCode.SOAK, message=message, hint=hint)


def test_drifted_release_soaks_zero_until_drift_is_cleared() -> None:
    """Its clock stands still, until a look finds that reality is what is recorded."""
    request = ruled(there(proven(PROMOTION, since=None), drift=ONE), soak=DAY)
    assert answer("G104", request) == Refusal(
        GuardCode.SOAK,
        message="release 111111111111 ran verified in dev for 0s of 1d; this time does not count during drift",
        hint="envctl drift dev",
    )


# The proof of PROMOTION is an hour old.
RECENT: dict[str, Request] = {
    "nothing is asked": proven(PROMOTION, verified_at=NOW - 1000 * DAY),
    "exactly as old as it may be": ruled(PROMOTION, max_age=HOUR),
    "younger than it may be": ruled(PROMOTION, max_age=HOUR + TICK),
    "a check that never passed has no age": ruled(proven(CHECKED, passed={"http": NOW - HOUR}), max_age=HOUR),
    "the last verification counts and not the first": ruled(proven(PROMOTION, since=NOW - DAY), max_age=HOUR),
    "what is not verified is not for this guard": ruled(there(PROMOTION, evidence={R1: UNVERIFIED}), max_age=TICK),
    "what is not proven is not for this guard": ruled(replace(PROMOTION, release=R2), max_age=TICK),
    "the same code again needs no recent proof": ruled(SAME_CODE, max_age=TICK),
    "going back needs no recent proof": ruled(BACK, max_age=TICK),
}


def too_old(message: str, hint: str, **more: Any) -> Refusal:
    return Refusal(GuardCode.MAX_AGE, message=message, hint=hint, **more)


TOO_OLD: dict[str, tuple[Request, Refusal]] = {
    "by a microsecond": (
        ruled(PROMOTION, max_age=HOUR - TICK),
        too_old(
            "release 111111111111 was verified in dev 1h ago; staging accepts at most 59m59s",
            "envctl verify dev",
            since=NOW - TICK,
        ),
    ),
    "the oldest check": (
        ruled(
            proven(CHECKED, passed={"smoke:1": NOW - HOUR, "smoke": NOW - DAY, "http": NOW - 2 * HOUR}), max_age=HOUR
        ),
        too_old(
            "release 111111111111 was verified in dev 2h ago; staging accepts at most 1h",
            "envctl verify dev",
            since=NOW - HOUR,
        ),
    ),
    "it is still to come": (
        ruled(proven(PROMOTION, verified_at=NOW + HOUR), max_age=HOUR),
        too_old(
            "the verification of release 111111111111 in dev is recorded at 2026-11-25 09:00 UTC, in the future:"
            " a clock was wrong, and its age is unknown",
            "envctl verify dev",
        ),
    ),
    "by days, and it runs no longer": (
        ruled(proven(PASSED_BY_IN_STAGING, verified_at=NOW - 15 * DAY), max_age=14 * DAY),
        too_old(
            "release 111111111111 was verified in staging 15d ago; prod accepts at most 2w",
            BY_NAME,
            since=NOW - DAY,
        ),
    ),
}


@pytest.mark.parametrize("request_", RECENT.values(), ids=RECENT.keys())
def test_recent_evidence_passes(request_: Request) -> None:
    assert answer("G105", request_) is None


@pytest.mark.parametrize(("request_", "refusal"), TOO_OLD.values(), ids=TOO_OLD.keys())
def test_old_evidence_is_refused(request_: Request, refusal: Refusal) -> None:
    assert answer("G105", request_) == refusal


UNDRIFTED: dict[str, Request] = {
    "nobody looked": PROMOTION,
    "a look at the source found nothing": there(PROMOTION, drift=seen(0)),
    "a look at the target found nothing": here(PROMOTION, drift=seen(0)),
    "a look at what enters found nothing": here(ENTRY, drift=seen(0)),
    "what is destroyed may have drifted": here(DESTRUCTION, drift=ONE),
    "what is neither source nor target may drift": with_environment(PROMOTION, "prod", replace(ran(R1), drift=ONE)),
}


@pytest.mark.parametrize("request_", UNDRIFTED.values(), ids=UNDRIFTED.keys())
def test_source_without_drift_passes(request_: Request) -> None:
    assert answer("G110", request_) is None


def test_drift_in_the_source_refuses() -> None:
    assert answer("G110", there(PROMOTION, drift=ONE)) == Refusal(
        GuardCode.DRIFT,
        message="dev has drifted: 1 difference from the state (network: aws_vpc.main)",
        hint="fix it with: envctl drift dev --fix, or by hand; then check again: envctl drift dev",
        since=NOW - HOUR,
    )


WARNED: dict[str, Request] = {
    "a promotion": here(PROMOTION, drift=ONE),
    "a promotion from where a look found nothing": here(there(PROMOTION, drift=seen(0)), drift=ONE),
    "the same code again": here(SAME_CODE, drift=ONE),
    "a rollback": here(BACK, drift=ONE),
}


@pytest.mark.parametrize("request_", WARNED.values(), ids=WARNED.keys())
def test_drift_in_the_target_warns(request_: Request) -> None:
    assert answer("G110", request_) == Refusal(
        GuardCode.DRIFT,
        message="staging has drifted: 1 difference from the state (network: aws_vpc.main); this deployment restores the"
        " configured values",
        hint="envctl drift staging",
        since=NOW - HOUR,
        warns=True,
    )


UNDO, OBJECT = "undo it by hand, then: envctl drift dev", "shop: Service/shop/web"
IGNORE = "to accept it, add it to ignore, or its writer to managers, in [environments.dev.drift]"


@pytest.mark.parametrize(
    ("unplanned", "told"),
    {
        "all of it": ((VPC, SUBNET), f"no deployment undoes {VPC}, {SUBNET}"),
        "a part of it": ((SUBNET,), f"no deployment undoes {SUBNET}"),
        "of four three": ((VPC, SUBNET, EIP, LOGS), f"no deployment undoes {VPC}, {SUBNET}, {EIP} and 1 more"),
    }.values(),
    ids=str,
)
def test_warning_names_drift_in_no_plan(unplanned: tuple[str, ...], told: str) -> None:
    refusal = answer("G110", here(PROMOTION, drift=replace(seen(2, VPC, SUBNET), unplanned=unplanned)))
    assert refusal and refusal.warns
    assert refusal.message == f"staging has drifted: 2 differences from the state ({VPC}, {SUBNET}); {told}"
    assert refusal.hint == "undo it by hand, then: envctl drift staging; to accept it: envctl apply staging"


def test_warning_says_how_to_accept_drift_of_objects() -> None:
    refusal = answer("G110", here(PROMOTION, drift=replace(seen(1, OBJECT), unplanned=(OBJECT,))))
    assert refusal and refusal.hint == f"{UNDO}; {IGNORE}".replace("dev", "staging")


def test_source_drift_is_reported_before_target_drift() -> None:
    refusal = answer("G110", there(here(PROMOTION, drift=ONE), drift=ONE))
    assert refusal and refusal.message.startswith("dev has drifted")
    assert not refusal.warns


COUNTED: dict[str, tuple[DriftCheck, str]] = {
    "two": (seen(2, VPC, SUBNET), f"2 differences from the state ({VPC}, {SUBNET})"),
    "three are all named": (seen(3, VPC, SUBNET, EIP), f"3 differences from the state ({VPC}, {SUBNET}, {EIP})"),
    "of four three": (
        seen(4, VPC, SUBNET, EIP, LOGS),
        f"4 differences from the state ({VPC}, {SUBNET}, {EIP} and 1 more)",
    ),
    "more than are named in the ledger": (
        seen(30, VPC, SUBNET, EIP, LOGS),
        f"30 differences from the state ({VPC}, {SUBNET}, {EIP} and 27 more)",
    ),
    "of two one is named": (seen(2, VPC), f"2 differences from the state ({VPC} and 1 more)"),
}


@pytest.mark.parametrize(("drift", "told"), COUNTED.values(), ids=COUNTED.keys())
def test_drift_is_counted_and_first_resource_is_named(drift: DriftCheck, told: str) -> None:
    assert said("G110", there(PROMOTION, drift=drift)) == f"dev has drifted: {told}"


UNPLANNED: dict[str, tuple[tuple[str, ...], str]] = {
    "a resource": ((VPC,), f"{UNDO}; to accept it: envctl apply dev"),
    "a resource with a key like an object": (('web: aws_x.y["a: b/c"]',), f"{UNDO}; to accept it: envctl apply dev"),
    "an object, which is in no state": ((OBJECT,), f"{UNDO}; {IGNORE}"),
    "an object and a resource": ((OBJECT, VPC), f"{UNDO}; to accept it: envctl apply dev"),
}


@pytest.mark.parametrize(("names", "hint"), UNPLANNED.values(), ids=UNPLANNED.keys())
def test_drift_in_no_plan_is_undone_by_hand(names: tuple[str, ...], hint: str) -> None:
    refusal = answer("G110", there(PROMOTION, drift=replace(seen(len(names), *names), unplanned=names)))
    assert refusal and refusal.hint == hint
