"""G201: whether the target finds the images of the release where it pulls from."""

from dataclasses import replace

import pytest

from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.errors import Problem
from envctl.domain.guards import Refusal, Request, list_unwaivable
from envctl.domain.images.image_reference import ImagePresence
from envctl.domain.plan.changes import EnvironmentPlan, StackPlan
from tests.unit.guards.asked import BACK, DESTRUCTION, ENTRY, PROMOTION, SAME_CODE, answer, ruled

APP = ImagePresence("app", "registry.example.com/shop@sha256:a", "there")
SIDE = ImagePresence("side", "registry.example.com/side@sha256:b", "there")
ABSENT, LOST = replace(APP, found="absent"), replace(SIDE, found="no repository")
UNREACHED = Problem("E433", "the registry can't be asked", "try again")
DENIED = Problem("E432", "the registry does not let you", "log in")
SILENT = replace(APP, found="unknown", why=UNREACHED)
SHUT = replace(SIDE, found="unknown", why=DENIED)
TAGGED = replace(APP, reference="registry.example.com/shop:1.4", found="unpinned")
MOVES = {"a promotion": PROMOTION, "the same code again": SAME_CODE, "a rollback": BACK, "what enters": ENTRY}


def with_images(request: Request, *images: ImagePresence) -> Request:
    return replace(request, images=images)


FINE: dict[str, Request] = {
    "nothing was checked": PROMOTION,
    "there is nothing to look for": with_images(PROMOTION),
    "all are there": with_images(PROMOTION, APP, SIDE),
    "what not found comes": with_images(PROMOTION, replace(ABSENT, will_be_copied=True), SIDE),
    "without a repository it comes, or its copy says why": with_images(PROMOTION, replace(LOST, will_be_copied=True)),
    "a destruction needs none": with_images(DESTRUCTION, ABSENT, TAGGED, SILENT),
}


@pytest.mark.parametrize("request_", FINE.values(), ids=FINE.keys())
def test_found_images_pass(request_: Request) -> None:
    assert answer("G201", request_) is None


@pytest.mark.parametrize("request_", MOVES.values(), ids=MOVES.keys())
def test_missing_image_is_refused(request_: Request) -> None:
    assert answer("G201", with_images(request_, ABSENT, SIDE)) == Refusal(
        GuardCode.ARTIFACT,
        message=f"{request_.target} can't pull every image: app: {APP.reference} not found",
        hint=f"push the same image there, or let envctl copy it (copy = true in [artifacts]), then: {request_.command}",
    )


def test_missing_repository_must_be_created() -> None:
    refusal = answer("G201", with_images(PROMOTION, ABSENT, LOST))
    assert refusal is not None
    assert refusal.message.endswith(
        f": app: {APP.reference} not found; side: {SIDE.reference} not found: no such repository"
    )
    assert refusal.hint == (
        "create the repository, and push the same image to it, or let envctl copy it (copy = true), "
        "then: envctl promote dev staging"
    )


def test_unreachable_registry_is_refused_temporarily() -> None:
    assert answer("G201", with_images(PROMOTION, SILENT)) == Refusal(
        GuardCode.ARTIFACT,
        message=f"staging can't pull every image: app: {APP.reference} could not be checked",
        hint="fix the listed problems, then: envctl promote dev staging",
        for_now=True,
        because=(UNREACHED,),
    )


def test_copy_does_not_excuse_unreachable_registry() -> None:
    assert answer("G201", with_images(PROMOTION, replace(SILENT, will_be_copied=True))) is not None


STANDING: dict[str, tuple[tuple[ImagePresence, ...], bool, tuple[Problem, ...]]] = {
    "it has not answered": ((SILENT,), True, (UNREACHED,)),
    "two do not answer, for one reason": ((SILENT, replace(SIDE, found="unknown", why=UNREACHED)), True, (UNREACHED,)),
    "it does not let one in": ((SHUT,), False, (DENIED,)),
    "one of each": ((SILENT, SHUT), False, (UNREACHED, DENIED)),
    "one has not answered and one not found": ((SILENT, LOST), False, (UNREACHED,)),
    "one not found": ((ABSENT,), False, ()),
    "it was not asked": ((replace(APP, found="unknown"),), False, ()),
}


@pytest.mark.parametrize(("images", "for_now", "because"), STANDING.values(), ids=STANDING.keys())
def test_only_unreachable_registry_is_temporary(
    images: tuple[ImagePresence, ...], for_now: bool, because: tuple[Problem, ...]
) -> None:
    refusal = answer("G201", with_images(PROMOTION, *images))
    assert refusal and (refusal.for_now, refusal.because) == (for_now, because)


def test_missing_and_unreachable_images_are_both_reported() -> None:
    refusal = answer("G201", with_images(PROMOTION, SILENT, replace(SIDE, found="absent")))
    assert refusal is not None
    assert refusal.message.endswith(f"app: {APP.reference} could not be checked; side: {SIDE.reference} not found")
    assert refusal.hint.startswith("push the same image there")


def test_warning_only_image_warns_unless_another_is_missing() -> None:
    told = replace(ABSENT, is_warning_only=True)
    for images, warns in (((told,), True), ((told, LOST), False)):
        refusal = answer("G201", with_images(PROMOTION, *images))
        assert refusal and refusal.warns is warns


@pytest.mark.parametrize("request_", MOVES.values(), ids=MOVES.keys())
def test_image_without_digest_is_refused_and_not_waivable(request_: Request) -> None:
    assert answer("G201", with_images(request_, SIDE, TAGGED, replace(LOST, will_be_copied=True))) == Refusal(
        GuardCode.ARTIFACT,
        message="release 111111111111 has no digest for app (registry.example.com/shop:1.4): its image could change",
        hint="make a new release to record the digest: envctl apply dev",
        waivable=False,
    )


def test_all_unpinned_images_are_named() -> None:
    refusal = answer("G201", with_images(PROMOTION, TAGGED, replace(SIDE, reference="side:1", found="unpinned")))
    assert refusal and "for app (registry.example.com/shop:1.4), side (side:1): " in refusal.message


FLOATING: dict[str, tuple[tuple[str, ...], str]] = {
    "one": (("nginx:1.29",), "1 image has no digest: nginx:1.29 (web)"),
    "two": (("nginx:1.29", "side"), "2 images have no digest: nginx:1.29 (web), side (web)"),
    "of four three are named": (("a", "b", "c", "d"), "4 images have no digest: a (web), b (web), c (web) and 1 more"),
}


@pytest.mark.parametrize(("images", "told"), FLOATING.values(), ids=FLOATING)
def test_floating_images_of_a_plan_are_refused(images: tuple[str, ...], told: str) -> None:
    plan = EnvironmentPlan(
        environment="staging", release="r", stacks=(StackPlan("web", floating_images=images), StackPlan("db"))
    )
    refusal = answer("G201", replace(with_images(PROMOTION, APP), plan=plan))
    assert refusal == Refusal(
        GuardCode.ARTIFACT,
        message=f"{told}. The content behind a tag can change",
        hint="write the digests into the code: envctl images pin; then make a new release",
        waivable=False,
    )
    assert answer("G201", replace(DESTRUCTION, plan=plan)) is None


def test_missing_image_is_waivable_but_unpinned_is_not() -> None:
    listed = ruled(PROMOTION, waivable=frozenset({"G201"}))
    for image, left in ((ABSENT, 0), (SILENT, 0), (TAGGED, 1)):
        refusal = answer("G201", with_images(listed, image))
        assert refusal is not None
        assert len(list_unwaivable(listed, (refusal,))) == left
