"""G101 and G102: the way of the code."""

from dataclasses import replace

import pytest

from envctl.domain.config.project import Pipeline
from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards import Refusal, Request
from envctl.domain.ledger.state import Evidence, LedgerState
from tests.unit.guards.asked import (
    BACK,
    DESTRUCTION,
    ENTRY,
    PROMOTION,
    R1,
    R2,
    SAME_CODE,
    TO_PROD,
    answer,
    deployed,
    here,
    made,
    proof,
    ran,
    there,
    with_environment,
)

MANAGEMENT = Pipeline(("management",), standalone=True)
ON_THE_WAY: dict[str, Request] = {
    "a promotion to the next environment": PROMOTION,
    "a promotion to the last environment": TO_PROD,
    "an apply to the entry": ENTRY,
    "the same code again": SAME_CODE,
    "a rollback": BACK,
    "a destruction": DESTRUCTION,
}
ONWARD = "envctl promote dev staging"
# Both run the same release.
NOTHING_NEW = "envctl status"
ONLY_DEV = LedgerState(environments={"dev": PROMOTION.present.find_environment("dev")})
IS_ENTRY = "dev is the entry of the pipeline (dev → staging → prod); it takes no promotions"
ASTRAY: dict[str, tuple[Request, str, str]] = {
    "past a stage": (
        replace(TO_PROD, source="dev"),
        "prod takes releases only from staging; promoting from dev skips a stage of dev → staging → prod",
        "envctl promote staging prod",
    ),
    "backwards by one": (
        replace(PROMOTION, source="prod"),
        "releases can't move backwards: prod comes after staging in dev → staging → prod",
        NOTHING_NEW,
    ),
    "to itself": (replace(PROMOTION, source="staging"), "staging can't be promoted to itself", NOTHING_NEW),
    "to itself, while it is empty": (
        replace(PROMOTION, source="staging", present=ONLY_DEV),
        "staging can't be promoted to itself",
        ONWARD,
    ),
    "into one beside the pipeline": (
        replace(PROMOTION, pipeline=MANAGEMENT, target="management"),
        "management is outside the pipeline; it takes no promotions",
        "envctl apply management",
    ),
    "from one beside the pipeline": (
        replace(PROMOTION, source="management"),
        "management is outside the pipeline (dev → staging → prod); its releases can't be promoted",
        NOTHING_NEW,
    ),
    "into the entry": (
        replace(PROMOTION, source="staging", target="dev"),
        IS_ENTRY,
        "for changes of the working tree: envctl apply dev",
    ),
    "from the entry into itself": (
        replace(PROMOTION, source="dev", target="dev"),
        IS_ENTRY,
        "for changes of the working tree: envctl apply dev",
    ),
}


@pytest.mark.parametrize("request_", ON_THE_WAY.values(), ids=ON_THE_WAY.keys())
def test_promotion_in_pipeline_order_passes(request_: Request) -> None:
    assert answer("G101", request_) is None


@pytest.mark.parametrize(("request_", "message", "hint"), ASTRAY.values(), ids=ASTRAY.keys())
def test_promotion_out_of_order_is_refused(request_: Request, message: str, hint: str) -> None:
    assert answer("G101", request_) == Refusal(GuardCode.ORDER, message=message, hint=hint)


NOTHING_RUNS = replace(PROMOTION, release=None)


def failed(outcome: str) -> Request:
    return there(PROMOTION, evidence={}, last=deployed(seq=5, outcome=outcome))


RETURNED = deployed(seq=5, action="rollback")
STOPPED = here(BACK, last=replace(RETURNED, outcome="failed"), evidence={R2: proof(R2)})
ARRIVED = here(BACK, current=RETURNED, last=RETURNED)
PROVEN: dict[str, Request] = {
    "what the source runs": PROMOTION,
    "what the source proves and the entry never had": there(replace(TO_PROD, release=R2), evidence={R2: proof(R2)}),
    "an earlier one that the source proved": replace(
        there(PROMOTION, evidence={R1: proof(), R2: proof(R2)}), release=R2
    ),
    "what another release failed on top of": there(PROMOTION, last=deployed(R2, outcome="failed")),
    "what another release is about to replace": there(PROMOTION, last=deployed(R2, seq=9, outcome="unfinished")),
    "what enters, though nothing was there": replace(ENTRY, release=None, present=LedgerState()),
    "the same code again": SAME_CODE,
    "an earlier release that was verified here": BACK,
    "an earlier release after one that failed": here(BACK, last=deployed(R2, outcome="failed")),
    "an earlier release when the last is not known": here(BACK, last=None),
    "a rollback that failed": STOPPED,
    "a rollback that was given up": here(STOPPED, last=replace(RETURNED, outcome="abandoned")),
    "a rollback that was not looked at yet": here(ARRIVED, evidence={R1: Evidence(deployment=RETURNED)}),
    "a rollback that is there already, verified": ARRIVED,
    "a destruction of what is there": DESTRUCTION,
    "a destruction of what nothing proves": replace(DESTRUCTION, present=LedgerState()),
}
ENTER, HISTORY = "envctl apply dev", "its deployments and verifications: envctl history staging"
IN_DEV = "release 111111111111 has no complete deployment in dev: "
LACKS = "release 111111111111 has no valid verification in staging"
# Staging runs R1, and dev R2.
DEV_AHEAD = with_environment(TO_PROD, "dev", ran(R1, R2))
LOST = {R1: proof(verified_at=None, revoked="drift was found there")}
UNPROVEN: dict[str, tuple[Request, str, str]] = {
    "nothing was ever there": (
        replace(NOTHING_RUNS, present=LedgerState()),
        "no release was ever deployed to dev",
        ENTER,
    ),
    "nothing was ever in the middle": (
        replace(TO_PROD, release=None, present=LedgerState()),
        "no release was ever deployed to staging",
        "envctl apply dev",
    ),
    "the source gets it once more": (
        there(PROMOTION, last=deployed(seq=9, outcome="unfinished")),
        f"{IN_DEV}its last deployment there is unfinished",
        ENTER,
    ),
    "the source was destroyed": (
        there(NOTHING_RUNS, last=deployed(action="destroy"), current=None),
        "dev no longer runs a release",
        ENTER,
    ),
    "the source never had the release": (
        replace(PROMOTION, release=R2),
        "release 222222222222 has no complete deployment in dev: it was never deployed there",
        ENTER,
    ),
    "the source never had anything": (
        replace(PROMOTION, present=LedgerState()),
        f"{IN_DEV}it was never deployed there",
        ENTER,
    ),
    "the entry proves it and the source does not": (
        there(TO_PROD, evidence={}, last=None),
        "release 111111111111 has no complete deployment in staging: it was never deployed there",
        "envctl promote dev staging",
    ),
    "an earlier release is wanted": (
        replace(there(DEV_AHEAD, evidence={}, last=None), older=True),
        "release 111111111111 has no complete deployment in staging: it was never deployed there",
        "envctl promote dev staging --release 111111111111",
    ),
    "two stages run an earlier one": (
        replace(
            with_environment(DEV_AHEAD, "test", ran(R1)),
            pipeline=Pipeline(("dev", "test", "staging", "prod")),
            release=R2,
        ),
        "release 222222222222 has no complete deployment in staging: it was never deployed there",
        "envctl promote dev test",
    ),
    "every environment lacks it": (
        replace(DEV_AHEAD, release="3" * 64),
        "release 333333333333 has no complete deployment in staging: it was never deployed there",
        "envctl promote dev staging",
    ),
    "its last deployment failed": (failed("failed"), f"{IN_DEV}its last deployment there failed", ENTER),
    "it was interrupted": (failed("interrupted"), f"{IN_DEV}its last deployment there was interrupted", ENTER),
    "it was given up": (failed("abandoned"), f"{IN_DEV}its last deployment there was abandoned", ENTER),
    "it goes on": (failed("unfinished"), f"{IN_DEV}its last deployment there is unfinished", ENTER),
    "there is nothing to deploy again": (
        replace(SAME_CODE, release=None),
        "staging has no release yet, and takes releases only by promotion",
        NOTHING_NEW,
    ),
    "there is nothing to go back to": (
        replace(BACK, release=None),
        "no earlier release was verified in staging",
        "its deployments and verifications: envctl history staging",
    ),
    "there is nothing to go back from": (
        replace(BACK, release=None, present=ONLY_DEV),
        "no earlier release was verified in staging",
        "envctl promote dev staging",
    ),
    "a rollback to what was never here": (here(BACK, evidence={R2: proof(R2)}), LACKS, HISTORY),
    "a rollback to what was never verified": (here(BACK, evidence={R1: proof(verified_at=None)}), LACKS, HISTORY),
    "a rollback to what lost its verification": (here(BACK, evidence=LOST), f"{LACKS}: drift was found there", HISTORY),
    "a rollback to what runs": (
        here(BACK, last=deployed()),
        "release 111111111111 is the last one deployed to staging, not an earlier one",
        "envctl apply staging",
    ),
    "a rollback to all that runs": (
        here(BACK, current=deployed(), last=deployed()),
        "release 111111111111 is the last one deployed to staging, not an earlier one",
        HISTORY,
    ),
    "another rollback failed": (
        replace(STOPPED, release="3" * 64),
        "release 333333333333 has no valid verification in staging",
        HISTORY,
    ),
    "a rollback with a waiver failed": (
        here(STOPPED, last=replace(RETURNED, outcome="failed", waiver=4)),
        LACKS,
        HISTORY,
    ),
    "a promotion of it failed": (
        here(STOPPED, last=replace(RETURNED, outcome="failed", action="promote")),
        LACKS,
        HISTORY,
    ),
    "a rollback did not help": (
        here(ARRIVED, evidence={R1: Evidence(deployment=RETURNED, revoked="its verification failed: smoke")}),
        f"{LACKS}: its verification failed: smoke",
        HISTORY,
    ),
}


@pytest.mark.parametrize("request_", PROVEN.values(), ids=PROVEN.keys())
def test_release_with_evidence_passes(request_: Request) -> None:
    assert answer("G102", request_) is None


@pytest.mark.parametrize(("request_", "message", "hint"), UNPROVEN.values(), ids=UNPROVEN.keys())
def test_release_without_evidence_is_refused(request_: Request, message: str, hint: str) -> None:
    assert answer("G102", request_) == Refusal(GuardCode.PROVENANCE, message=message, hint=hint)


BUNDLED = {"a promotion": PROMOTION, "the same code again": SAME_CODE, "a rollback": BACK, "a destruction": DESTRUCTION}
RESTORE = "restore it from a backup of the store; or change the code, and make a new release: envctl apply dev"


@pytest.mark.parametrize("request_", BUNDLED.values(), ids=BUNDLED.keys())
def test_missing_or_damaged_bundle_is_refused_without_waiver(request_: Request) -> None:
    assert answer("G102", replace(request_, bundle="missing")) == Refusal(
        GuardCode.PROVENANCE,
        message="the bundle of release 111111111111 is not in the store",
        hint=RESTORE,
        waivable=False,
    )
    assert answer("G102", replace(request_, bundle="damaged")) == Refusal(
        GuardCode.PROVENANCE,
        message="the bundle of release 111111111111 is damaged: its content does not match its name",
        hint=RESTORE,
        waivable=False,
    )


ELSEWHERE: dict[str, tuple[Pipeline, tuple[str, ...], str, str]] = {
    "for an environment beside the pipeline": (PROMOTION.pipeline, ("management",), "management", "dev"),
    "for two of them": (PROMOTION.pipeline, ("management", "tools"), "management and tools", "dev"),
    "for the pipeline": (MANAGEMENT, ("",), "the pipeline", "management"),
    "for the pipeline and another": (MANAGEMENT, ("", "tools"), "the pipeline and tools", "management"),
}


@pytest.mark.parametrize(("pipeline", "made_for", "whom", "entry"), ELSEWHERE.values(), ids=ELSEWHERE.keys())
def test_release_of_others_is_refused(pipeline: Pipeline, made_for: tuple[str, ...], whom: str, entry: str) -> None:
    request = replace(PROMOTION, pipeline=pipeline, present=replace(PROMOTION.present, releases={R1: made(R1, 1)}))
    known = {R1: made(R1, 1, made_for=made_for)}
    assert answer("G102", replace(request, present=replace(request.present, releases=known))) == Refusal(
        GuardCode.PROVENANCE,
        message=f"release 111111111111 was made only for {whom}",
        hint=f"make a new release: envctl apply {entry}",
        waivable=False,
    )
    fit = {R1: made(R1, 1, made_for=(*made_for, pipeline.standalone_name))}
    assert answer("G102", replace(request, present=replace(request.present, releases=fit))) is None


MADE = {name: request for name, request in BUNDLED.items() if name != "a destruction"}


@pytest.mark.parametrize("request_", MADE.values(), ids=MADE.keys())
def test_release_without_trusted_creation_entry_is_refused(request_: Request) -> None:
    present = replace(request_.present, releases={})
    assert answer("G102", replace(request_, present=present)) == Refusal(
        GuardCode.PROVENANCE,
        message="release 111111111111 has no trusted creation entry",
        hint="make a new release: envctl apply dev; untrusted entries: envctl ledger verify",
        waivable=False,
    )


def test_destroy_and_apply_need_no_creation_entry() -> None:
    for request in (DESTRUCTION, ENTRY):
        assert answer("G102", replace(request, present=replace(request.present, releases={}))) is None


def test_apply_needs_no_stored_bundle() -> None:
    assert answer("G102", replace(ENTRY, bundle="missing")) is None


def test_missing_evidence_is_reported_before_missing_bundle() -> None:
    refusal = answer("G102", replace(PROMOTION, release=R2, bundle="missing"))
    assert refusal and refusal.message.endswith("it was never deployed there")
