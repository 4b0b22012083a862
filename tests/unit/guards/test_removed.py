"""G305: whether it was said what becomes of a stack that the next release has no more; and G301 beside it."""

from dataclasses import replace

import pytest

from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards import Refusal, Request
from envctl.domain.plan.changes import Action, Changeover, EnvironmentPlan, Leaves, StackPlan
from tests.unit.guards.asked import (
    BACK,
    CAT,
    DESTRUCTION,
    ENTRY,
    HOUR,
    NOW,
    PROMOTION,
    SAME_CODE,
    answer,
    approval,
    change,
    ruled,
    said,
)


def leaving(request: Request, coming: tuple[str, ...] = (), **fates: Leaves) -> Request:
    return replace(request, changeover=Changeover(leaving=fates, new_stacks=coming))


PROTECTED = ruled(PROMOTION, protected=True, max_destroys=1, stateful=frozenset({"aws_db_instance"}))
PASSES: dict[str, Request] = {
    "nothing leaves": PROTECTED,
    "it is to be destroyed": leaving(PROTECTED, cache="destroy"),
    "it is to be forgotten": leaving(PROTECTED, cache="forget"),
    "the environment is not protected": leaving(PROMOTION, cache=""),
    "all is destroyed, which G301 refuses": leaving(ruled(DESTRUCTION, protected=True), cache=""),
}
ANEW = ", and make a release: envctl apply dev"
REFUSED: dict[str, tuple[Request, str]] = {
    "a promotion": (leaving(PROTECTED, cache=""), ANEW),
    "a redeployment": (leaving(ruled(SAME_CODE, protected=True), cache=""), ", and run it again: envctl apply staging"),
    "the entry": (leaving(ruled(ENTRY, protected=True), cache=""), ANEW),
    "a rollback": (
        leaving(ruled(BACK, protected=True), cache=""),
        ", and run it again: envctl rollback staging --to 111111111111",
    ),
    "one of two is said": (leaving(PROTECTED, web="destroy", cache=""), ANEW),
    "another one comes": (
        leaving(PROTECTED, coming=("store",), cache=""),
        f' (or, if cache was renamed, moved_from = "cache" under [stacks.store]){ANEW}',
    ),
}


@pytest.mark.parametrize("request_", PASSES.values(), ids=PASSES.keys())
def test_removed_stack_with_fate_or_unprotected_passes(request_: Request) -> None:
    assert said("G305", request_) == ""


@pytest.mark.parametrize(("request_", "way_on"), REFUSED.values(), ids=REFUSED.keys())
def test_removed_stack_without_fate_is_refused_where_protected(request_: Request, way_on: str) -> None:
    assert answer("G305", request_) == Refusal(
        GuardCode.REMOVED,
        message=f"{request_.target} holds cache; release 111111111111 no longer has it, and does not say whether to"
        " destroy or forget"
        " it",
        hint='add [removed.cache] with then = "destroy" or "forget" ("destroy" loses what another stack takes over)'
        f" to envctl.toml{way_on}",
    )


def test_all_removed_stacks_without_fate_are_named() -> None:
    assert said("G305", leaving(PROTECTED, cache="", web="")) == (
        "staging holds cache and web; release 111111111111 no longer has them, and does not say whether to"
        " destroy or forget"
        " them"
    )


def deletes(request: Request, *types: str) -> Request:
    gone = tuple(change(Action.DELETE, f"{each}.this") for each in types)
    return replace(
        request,
        plan=EnvironmentPlan(
            environment="staging", release="r", stacks=(StackPlan("cache", resources=gone, leaves="destroy"),)
        ),
    )


def test_decided_destruction_does_not_count_for_max_destroys() -> None:
    many = ("aws_eip", "aws_vpc", "aws_subnet")
    assert said("G301", deletes(leaving(PROTECTED, cache="destroy"), *many)) == ""
    assert "max_destroys is 1" in said("G301", deletes(leaving(PROTECTED, cache=""), *many))


def test_stateful_resource_is_protected_despite_decided_fate() -> None:
    assert "holds data" in said("G301", deletes(leaving(PROTECTED, cache="destroy"), "aws_db_instance"))


GATED = ruled(BACK, approvals={"peer": 1})


def approved(request: Request, at: object) -> Request:
    environment = request.present.find_environment("staging")
    given = replace(environment, approvals=(approval(CAT, at=at),))
    environments = {**request.present.environments, "staging": given}
    return replace(request, present=replace(request.present, environments=environments))


def test_rollback_to_same_stacks_needs_no_approval() -> None:
    assert said("G106", GATED) == ""


@pytest.mark.parametrize(
    ("request_", "why"),
    [
        (leaving(GATED, coming=("cache",)), "going back would create cache again"),
        (leaving(GATED, cache="destroy"), "cache would be removed"),
        (
            replace(
                GATED,
                plan=EnvironmentPlan(
                    environment="staging",
                    release="r",
                    stacks=(StackPlan("web", resources=(change(Action.CREATE),), stateless=True),),
                ),
            ),
            "going back would create web again",
        ),
    ],
    ids=["it comes again", "it leaves", "its state is empty"],
)
def test_rollback_to_unseen_stack_set_needs_new_approval(request_: Request, why: str) -> None:
    assert why in said("G106", request_)
    assert why in said("G106", approved(request_, NOW - 3 * HOUR))
    # BACK's release began two hours ago.
    assert said("G106", approved(request_, NOW - 2 * HOUR)) == ""
