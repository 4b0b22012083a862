"""Copy missing images by digest to the repository of an environment."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from envctl.domain.command_lines import format_command
from envctl.domain.config.project import Project
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.images.image_reference import Image, is_pinned_image, parse_ecr_registry
from envctl.domain.release.artifacts import list_copied_artifacts, select_images
from envctl.domain.release.bundle import Release
from envctl.usecases.account.account_check import authorize_pull
from envctl.usecases.ports.aws import CopyProgress, RegistryImage
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project.environment_settings import resolve_artifacts

REPORT_INTERVAL = timedelta(seconds=5)  # Minimum, for copies of large layers.


def copy_images(context: Context, source: str, environment: str, release: Release) -> None:
    """Copy the missing images of all artifacts with `copy` to the registry of the environment.

    They come from the registry of `source`, empty without a promotion, or else from their original repository.
    """
    ports = context.ports
    if ports.sandbox:
        # Its ECR accepts no images, and it has no other registry.
        return
    way = _ImageRoute(ports, context.project, source, environment, release)
    placed = way.list_images(environment)
    for name in list_copied_artifacts(context.project):
        if not is_pinned_image(placed.get(name)):
            # The release has no such artifact, or G201 was overridden for it.
            continue
        target = authorize_pull(context, Image.parse(placed[name]), environment)
        if ports.registries.find_image(target) != "there":
            origin, report = way.find_origin(name, target), ports.observer.on_message
            report(f"{name}: copying {origin.image} to {target.image.name}")
            ports.registries.copy_image(origin, target, _CopyProgress(name, report, ports.clock.now).report_layers)
            report(f"{name}: {target.image.name} already has it")


@dataclass(frozen=True)
class _ImageRoute:
    """The images of a release, to be copied into an environment."""

    ports: Ports
    project: Project
    source: str
    environment: str
    release: Release

    def list_images(self, environment: str) -> dict[str, str]:
        resolved = resolve_artifacts(Context(self.ports, self.project), environment, self.release.wiring)
        return select_images(self.project, resolved)

    def find_origin(self, name: str, target: RegistryImage) -> RegistryImage:
        """Return the first repository with the image. Raise OperationFailedError if there is none."""
        entered = select_images(self.project, self.release.wiring.artifacts)[name]
        likely = [self.list_images(self.source)[name], entered] if self.source else [entered]
        places = [text for text in dict.fromkeys(likely) if Image.parse(text).name != target.image.name]
        for image in map(Image.parse, places):
            place = authorize_pull(Context(self.ports, self.project), image, self.find_owner(image))
            if self.ports.registries.find_image(place) == "there":
                return place
        nowhere = f", nor {' or '.join(places)}" if places else ""
        message = f"artifact {name}: {target.image} not found{nowhere}"
        hint = f"push the same image again, or make a new release: {format_command('apply', self.project.entry)}"
        raise OperationFailedError(Problem("E435", message, hint))

    def find_owner(self, image: Image) -> str:
        """Return the environment with credentials for the registry: the one of its account, else the target.

        A registry outside all accounts has to let the target pull anyway.
        """
        there = parse_ecr_registry(image.registry)
        order = (self.environment, *(name for name in (self.source,) if name), *self.project.pipeline.order)
        mine = (name for name in order if there and self.project.environments[name].account_id == there.account_id)
        return next(mine, self.environment)


@dataclass
class _CopyProgress:
    name: str
    say: Callable[[str], None]
    now: Callable[[], datetime]
    told: datetime | None = None
    blobs: int = 0

    def report_layers(self, copied: CopyProgress) -> None:
        """Report each copied layer, and the progress of large ones."""
        now = self.now()
        if copied.blobs == self.blobs and self.told is not None and now - self.told < REPORT_INTERVAL:
            return
        self.told, self.blobs = now, copied.blobs
        size, of_size = (f"{count / (1 << 20):.1f}" for count in (copied.size, copied.total_size))
        self.say(f"{self.name}: {copied.blobs} of {copied.total_blobs} layers, {size} of {of_size} MiB")
