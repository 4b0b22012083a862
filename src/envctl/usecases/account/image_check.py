"""The images of a release: a tag becomes a digest where code enters, and each environment has them where it pulls."""

from dataclasses import replace

from envctl.domain.config.project import Project
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.images.image_reference import Image, ImageFound, ecr
from envctl.domain.images.manifest import digest_of
from envctl.domain.release.contents import Release
from envctl.domain.release.image_repositories import copied, images
from envctl.usecases.account import account_check
from envctl.usecases.ports.aws import Pulled
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load
from envctl.usecases.project.image_tags import tagged


def pin(ports: Ports, project: Project, release: Release) -> Release:
    """The release of a working tree with digests alone. Registries are asked only where there is a tag without one."""
    found = dict(release.wiring.artifacts)
    for name, image in tagged(project, release).items():
        found[project.artifacts[name].variable] = str(_settle(ports, project, name, image))
    return replace(release, wiring=replace(release.wiring, artifacts=found))


def look(ports: Ports, project: Project, environment: str, release: Release) -> tuple[ImageFound, ...]:
    """Of each image of a release, whether it is where the environment pulls from. Takes its credentials there."""
    placed = images(project, load.artifacts(ports, project, environment, release.wiring))
    looks = (_look(ports, project, environment, name, text) for name, text in placed.items())
    return tuple(found for found in looks if not (found.only_told and found.found in {"no repository", "unknown"}))


def _settle(ports: Ports, project: Project, name: str, image: Image) -> Image:
    digest = _digest(ports, project, image)
    if digest is None and ports.sandbox:
        settled = image.pinned_to(digest_of(str(image).encode()))
        ports.observer.said(f"{name}: {image} is not in the sandbox; a digest that is made up stands for it")
        return settled
    if digest is None:
        message = f"artifact {name}: there is no {image}"
        hint = f"push it first, or correct the tag in {load.settings_file(project.entry)}"
        raise OperationFailedError(Problem("E431", message, hint))
    ports.observer.said(f"{name}: {image} is {digest}")
    return image.pinned_to(digest)


def _digest(ports: Ports, project: Project, image: Image) -> str | None:
    if not _asked(ports, image):
        return None
    return ports.registries.digest(into(ports, project, image, project.entry))


def into(ports: Ports, project: Project, image: Image, environment: str) -> Pulled:
    """ECR is asked with the credentials of an environment, and not before its own account has answered."""
    if ecr(image.registry):
        account_check.demand(ports, project, environment)
    return Pulled(image, environment)


def _asked(ports: Ports, image: Image) -> bool:
    """Nothing of the sandbox leaves this machine: of all registries, ECR alone is there."""
    return not ports.sandbox or ecr(image.registry) is not None


def _look(ports: Ports, project: Project, environment: str, name: str, text: str) -> ImageFound:
    comes = name in copied(project) and not ports.sandbox
    seen = ImageFound(name, text, "unpinned", comes=comes, only_told=ports.sandbox)
    try:
        image = Image.parse(text)
    except ValueError:
        return replace(seen, comes=False)
    if not image.digest:
        return replace(seen, comes=False)
    if not _asked(ports, image):
        return replace(seen, found="unknown")
    try:
        return replace(seen, found=ports.registries.find(into(ports, project, image, environment)))
    except OperationFailedError as error:
        return replace(seen, found="unknown", why=error.problems[0])
