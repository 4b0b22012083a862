"""Guard G201: the target can pull the images of the release."""

from envctl.domain.config.rules.guard_codes import GuardCode
from envctl.domain.guards.request import Refusal, Request
from envctl.domain.images.image_reference import ImagePresence
from envctl.domain.text.short_ids import shorten_id

REGISTRY_UNREACHABLE = "E433"
"""Code of the problem of an unreachable registry."""
_ABSENT = frozenset({"absent", "no repository"})


def check_artifact(request: Request) -> Refusal | None:
    """G201: each image is pinned by digest, and exists or comes with the deployment. Only new images are checked."""
    if request.action == "destroy" or request.images is None:
        return None
    unpinned = [image for image in request.images if image.found == "unpinned"]
    if unpinned:
        return _refuse_unpinned(request, unpinned)
    missing = [
        image
        for image in request.images
        if image.found != "there" and not (image.will_be_copied and image.found in _ABSENT)
    ]
    return _refuse_missing(request, missing) if missing else None


def _refuse_unpinned(request: Request, images: list[ImagePresence]) -> Refusal:
    named = ", ".join(f"{image.artifact} ({image.reference})" for image in images)
    release = shorten_id(request.identity)
    message = f"release {release} carries no digest for {named}: what runs there could become another"
    hint = f"make a new release, which looks for the digest: envctl apply {request.pipeline.entry}"
    return Refusal(GuardCode.ARTIFACT, message, hint, waivable=False)


def _refuse_missing(request: Request, images: list[ImagePresence]) -> Refusal:
    reasons = tuple(dict.fromkeys(image.why for image in images if image.why))
    told = "; ".join(f"{image.artifact}: {image.reference} {_describe_absence(image)}" for image in images)
    return Refusal(
        GuardCode.ARTIFACT,
        f"{request.target} does not find every image where it pulls from: {told}",
        _suggest_fix(request, images),
        for_now=len(reasons) > 0
        and all(why.code == REGISTRY_UNREACHABLE for why in reasons)
        and not any(image.found in _ABSENT for image in images),
        warns=all(image.is_warning_only for image in images),
        because=reasons,
    )


def _describe_absence(image: ImagePresence) -> str:
    match image.found:
        case "absent":
            return "is not there"
        case "no repository":
            return "is not there, nor is its repository"
        case _:
            return "could not be looked for"


def _suggest_fix(request: Request, images: list[ImagePresence]) -> str:
    again = f"then: {request.command}"
    if not any(image.found in _ABSENT for image in images):
        return f"mend what is listed, {again}"
    if any(image.found == "no repository" for image in images):
        return f"make the repository, and push that very content to it, or let envctl do that (copy = true), {again}"
    return f"push that very content there, or let envctl do it (copy = true in [artifacts]), {again}"
