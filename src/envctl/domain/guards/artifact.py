"""G201: that the target finds the images of the release where it pulls from."""

from envctl.domain.guards.request import Refusal, Request
from envctl.domain.images.image_reference import ImageFound
from envctl.domain.text.short_ids import short

UNREACHED = "E433"
"""The code of what a registry that answered nothing is told with."""


def artifact(request: Request) -> Refusal | None:
    """G201: each image is pinned by digest, and there, or comes with the deployment. What runs already may be gone."""
    if request.action == "destroy" or request.images is None:
        return None
    unpinned = [image for image in request.images if image.found == "unpinned"]
    if unpinned:
        return _unpinned(request, unpinned)
    missing = [image for image in request.images if image.found != "there" and not (image.comes and _is_absent(image))]
    return _missing(request, missing) if missing else None


def _unpinned(request: Request, images: list[ImageFound]) -> Refusal:
    named = ", ".join(f"{image.artifact} ({image.reference})" for image in images)
    message = f"release {short(request.identity)} carries no digest for {named}: what runs there could become another"
    hint = f"make a new release, which looks for the digest: envctl apply {request.pipeline.entry}"
    return Refusal("G201", "artifact", message, hint, waivable=False)


def _missing(request: Request, images: list[ImageFound]) -> Refusal:
    reasons = tuple(dict.fromkeys(image.why for image in images if image.why))
    told = "; ".join(f"{image.artifact}: {image.reference} {_how(image)}" for image in images)
    return Refusal(
        "G201",
        "artifact",
        f"{request.target} does not find every image where it pulls from: {told}",
        _hint(request, images),
        for_now=len(reasons) > 0 and all(why.code == UNREACHED for why in reasons) and not any(map(_is_absent, images)),
        warns=all(image.only_told for image in images),
        because=reasons,
    )


def _is_absent(image: ImageFound) -> bool:
    return image.found in {"absent", "no repository"}


def _how(image: ImageFound) -> str:
    match image.found:
        case "absent":
            return "is not there"
        case "no repository":
            return "is not there, nor is its repository"
        case _:
            return "could not be looked for"


def _hint(request: Request, images: list[ImageFound]) -> str:
    again = f"then: {request.command}"
    if not any(map(_is_absent, images)):
        return f"mend what is listed, {again}"
    if any(image.found == "no repository" for image in images):
        return f"make the repository, and push that very content to it, or let envctl do that (copy = true), {again}"
    return f"push that very content there, or let envctl do it (copy = true in [artifacts]), {again}"
