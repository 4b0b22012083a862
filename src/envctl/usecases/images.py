"""The images of a release: a tag becomes a digest where code enters, and each environment has them where it pulls."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.images import Image, ImageFound, ecr, pinned
from envctl.domain.manifests import digest_of
from envctl.domain.placing import copied, images
from envctl.domain.project import Project
from envctl.domain.release import Release
from envctl.usecases import access, load
from envctl.usecases.ports import Copied, Ports, Pulled

BETWEEN = timedelta(seconds=5)
"""A copy of large layers is told of no more often."""


def tagged(project: Project, release: Release) -> dict[str, Image]:
    """The images, by their artifacts, whose content is not settled yet: they have a tag and no digest."""
    found = {name: Image.parse(text) for name, text in images(project, release.wiring.artifacts).items()}
    return {name: image for name, image in found.items() if not image.digest}


def tell_tags(ports: Ports, project: Project, release: Release) -> None:
    """For commands that ask no registry."""
    for name, image in tagged(project, release).items():
        ports.observer.said(
            f"{name}: {image} is a tag; envctl apply {project.entry} looks for the digest that it means"
        )


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


def bring(ports: Ports, project: Project, source: str, environment: str, release: Release) -> None:
    """Copies to where the environment pulls from what is not there, of the artifacts that say so: from where `source`
    pulls, which is empty where nothing is promoted, or else from where the image was when it entered.
    """
    if ports.sandbox:
        # Its ECR takes no images, and no other registry is there.
        return
    way = _Way(ports, project, source, environment, release)
    placed = way.places(environment)
    for name in copied(project):
        if not pinned(placed.get(name)):
            # The release has no such artifact, or G201 was overridden for it.
            continue
        target = _into(ports, project, Image.parse(placed[name]), environment)
        if ports.registries.find(target) != "there":
            _copy(ports, name, way.origin(name, target), target)


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
    return ports.registries.digest(_into(ports, project, image, project.entry))


def _into(ports: Ports, project: Project, image: Image, environment: str) -> Pulled:
    """ECR is asked with the credentials of an environment, and not before its own account has answered."""
    if ecr(image.registry):
        access.demand(ports, project, environment)
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
        return replace(seen, found=ports.registries.find(_into(ports, project, image, environment)))
    except OperationFailedError as error:
        return replace(seen, found="unknown", why=error.problems[0])


@dataclass(frozen=True)
class _Way:
    """The images of a release, on their way into an environment."""

    ports: Ports
    project: Project
    source: str
    environment: str
    release: Release

    def places(self, environment: str) -> dict[str, str]:
        return images(self.project, load.artifacts(self.ports, self.project, environment, self.release.wiring))

    def origin(self, name: str, target: Pulled) -> Pulled:
        """Where the content can be copied from, the likeliest place first. Raises OperationFailedError."""
        entered = images(self.project, self.release.wiring.artifacts)[name]
        likely = [self.places(self.source)[name], entered] if self.source else [entered]
        places = [text for text in dict.fromkeys(likely) if Image.parse(text).name != target.image.name]
        for image in map(Image.parse, places):
            place = _into(self.ports, self.project, image, self.whose(image))
            if self.ports.registries.find(place) == "there":
                return place
        nowhere = f", nor is {' or '.join(places)}" if places else ""
        message = f"artifact {name}: {target.image} is not there{nowhere}: there is nothing to copy"
        hint = f"push that very content again, or make a new release: envctl apply {self.project.entry}"
        raise OperationFailedError(Problem("E435", message, hint))

    def whose(self, image: Image) -> str:
        """The environment in whose account a registry is: it is read with the credentials of that one. What is in no
        environment's account has to let the target pull, as it must anyway.
        """
        there = ecr(image.registry)
        order = (self.environment, *(name for name in (self.source,) if name), *self.project.pipeline.order)
        mine = (name for name in order if there and self.project.environments[name].account_id == there.account_id)
        return next(mine, self.environment)


def _copy(ports: Ports, name: str, source: Pulled, target: Pulled) -> None:
    said = ports.observer.said
    said(f"{name}: copying {source.image} to {target.image.name}")
    ports.registries.copy(source, target, _Teller(name, said, ports.clock.now).tell)
    said(f"{name}: {target.image.name} has it")


@dataclass
class _Teller:
    name: str
    say: Callable[[str], None]
    now: Callable[[], datetime]
    told: datetime | None = None
    blobs: int = 0

    def tell(self, copied: Copied) -> None:
        """Each blob that is there, and now and then how far a long one is."""
        now = self.now()
        if copied.blobs == self.blobs and self.told is not None and now - self.told < BETWEEN:
            return
        self.told, self.blobs = now, copied.blobs
        size, of_size = (f"{count / (1 << 20):.1f}" for count in (copied.size, copied.of_size))
        self.say(f"{self.name}: {copied.blobs} of {copied.of_blobs} layers, {size} of {of_size} MiB")
