"""Images that an environment pulls from a repository of its own, brought there by digest where they are missing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from envctl.domain.config.project import Project
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.images.image_reference import Image, ecr, pinned
from envctl.domain.release.contents import Release
from envctl.domain.release.image_repositories import copied, images
from envctl.usecases.account.image_check import into
from envctl.usecases.ports.aws import Copied, Pulled
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load

BETWEEN = timedelta(seconds=5)
"""A copy of large layers is told of no more often."""


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
        target = into(ports, project, Image.parse(placed[name]), environment)
        if ports.registries.find(target) != "there":
            _copy(ports, name, way.origin(name, target), target)


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
            place = into(self.ports, self.project, image, self.whose(image))
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
