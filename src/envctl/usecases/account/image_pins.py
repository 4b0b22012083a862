"""`envctl images pin`: write the digests of the images in Kubernetes objects into the code of their stacks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from envctl.domain.errors import ConfigurationError, EnvctlError, OperationFailedError, Problem, combine_errors
from envctl.domain.images.image_reference import Image
from envctl.domain.kubernetes.manifests.image_pins import find_pins_file, has_tag, is_pinned
from envctl.domain.kubernetes.manifests.kustomization import YAML_SUFFIXES, find_kustomization
from envctl.domain.release.bundle import Release
from envctl.usecases.account.account_check import authorize_pull
from envctl.usecases.concurrency.dag_runner import ALL_STACKS, StackSelection, select_stacks
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.manifests import PinTarget
from envctl.usecases.project import project_file, working_tree
from envctl.usecases.project.manifests import render_manifests
from envctl.usecases.project.settings.environment_settings import load_settings

_UNKNOWN_TAG = "E613"


@dataclass(frozen=True)
class PinnedImage:
    """An image that has got its digest."""

    image: str  # the reference before, without a digest
    digest: str  # of the image that the tag names today
    stack: str  # whose objects start it
    file: str  # where the digest is written
    before: str = ""  # the digest before, of an image whose tag has moved; empty for an image without one


@dataclass(frozen=True)
class PinnedImages:
    """The images that have got their digest; empty if all had one."""

    images: tuple[PinnedImage, ...]
    refreshed: bool = False  # whether moved tags were followed
    unknown: tuple[str, ...] = ()  # images whose digest is unknown; the errors say why


def pin_images(
    ports: Ports, selection: StackSelection | None = None, *, refresh: bool = False
) -> tuple[PinnedImages, EnvctlError | None]:
    """Write the digests of images without one, as their registries name them now, into the code of the working tree.
    With `refresh`, replace the digests of tags that name another image by now. A digest without a tag stays.

    The code of all environments is pinned, with the credentials of the first one. Returns an error for images without
    a digest: the others are pinned. Raises UsageError (E029) for an unknown stack.
    """
    project = project_file.load_project(ports)
    context = Context(ports, project.view_for(project.order.order[0]))
    needs = {name: working_tree.wire_stack(stack).needs for name, stack in context.project.stacks.items()}
    wanted = select_stacks(selection or ALL_STACKS, needs)
    pinning = _Pinning(context, refresh)
    for environment in context.project.pipeline.order:
        for stack in wanted:
            pinning.pin_stack(environment, stack)
    failed = combine_errors(list(pinning.failures.values())) if pinning.failures else None
    return PinnedImages(tuple(dict.fromkeys(pinning.done)), refresh, tuple(pinning.failures)), failed


@dataclass
class _Pinning:
    """The digests so far, and the errors of images without one. Images are as rendered, with a digest to replace."""

    context: Context
    refresh: bool = False
    done: list[PinnedImage] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict)
    failures: dict[str, EnvctlError] = field(default_factory=dict)

    def pin_stack(self, environment: str, stack: str) -> None:
        """Pin the images of a stack in one environment: in its base if that has them, else in its overlay."""
        release = working_tree.build_release(self.context)
        if release.wiring.stacks[stack].kubernetes is None:
            return
        images = [
            each
            for each in _list_images(self.context, release, environment, stack)
            if not is_pinned(each) or (self.refresh and has_tag(each))
        ]
        for image in images:
            self._resolve(image)
        known = {image: self.digests[image] for image in images if image in self.digests}
        known = {image: digest for image, digest in known.items() if not image.endswith(f"@{digest}")}
        for path, target in _list_targets(release, environment, stack):
            if known:
                known = self._write(environment, stack, path, target, known)
        for image in known:
            hint = f"write it yourself, in the values or objects: {_drop_digest(image)}@{known[image]}"
            problem = Problem(_UNKNOWN_TAG, f"no file of the stack {stack} holds the image {image}", hint)
            self.failures[image] = ConfigurationError(problem)

    def _resolve(self, image: str) -> None:
        if image in self.digests or image in self.failures:
            return
        try:
            self.digests[image] = _find_digest(self.context, _drop_digest(image))
        except EnvctlError as error:
            # The message of a registry names no image.
            named = _drop_digest(image)
            error.problems = tuple(
                each if named in each.message else replace(each, message=f"{named}: {each.message}")
                for each in error.problems
            )
            self.failures[image] = error

    def _write(
        self, environment: str, stack: str, path: str, target: PinTarget, digests: Mapping[str, str]
    ) -> dict[str, str]:
        """Write the digests into a file, and return those without an effect there: they are not left in the file."""
        tree, manifests = self.context.ports.tree, self.context.ports.manifests
        before, effective = tree.read_contents(path), dict(digests)
        tree.write_contents(path, manifests.add_digests(before or b"", path, effective, target))
        release = working_tree.build_release(self.context)
        left = digests.keys() & set(_list_images(self.context, release, environment, stack))
        effective = {image: digest for image, digest in digests.items() if image not in left}
        if left and (effective or before is not None):
            after = manifests.add_digests(before or b"", path, effective, target) if effective else before or b""
            tree.write_contents(path, after)
        self.done += [
            PinnedImage(_drop_digest(image), digest, stack, path, image.partition("@")[2])
            for image, digest in effective.items()
        ]
        return {image: digest for image, digest in digests.items() if image in left}


def _drop_digest(image: str) -> str:
    return image.partition("@")[0]


def _list_images(context: Context, release: Release, environment: str, stack: str) -> tuple[str, ...]:
    """Return the rendered images. Images of artifacts get their digests when a release is made, and are left out."""
    settings = load_settings(context, environment, release.wiring)
    artifacts = {str(each) for each in release.wiring.artifacts.values()}
    (found,) = render_manifests(context, release, settings, (stack,))
    return tuple(image for image in found.rendered.images if image not in artifacts)


def _find_digest(context: Context, text: str) -> str:
    try:
        image = Image.parse(text)
    except ValueError as error:
        problem = Problem(_UNKNOWN_TAG, f"{text} is not an image: {error}", "correct it in the objects or values")
        raise ConfigurationError(problem) from None
    tagged = image if image.tag else Image(image.name, "latest")
    digest = context.ports.registries.resolve_digest(authorize_pull(context, tagged, context.project.entry))
    if digest is None:
        hint = "correct the tag, or push the image"
        raise OperationFailedError(Problem(_UNKNOWN_TAG, f"{tagged} is not in its registry", hint))
    return digest


def _list_targets(release: Release, environment: str, stack: str) -> Iterator[tuple[str, PinTarget]]:
    wired = release.wiring.stacks[stack]
    code = wired.kubernetes
    if code is None:
        return
    if code.is_chart:
        yield find_pins_file(wired.module), "chart"
        return
    folders = dict.fromkeys((wired.module, code.find_overlay(environment) or wired.module))
    for path in filter(None, (find_kustomization(release.files, folder) for folder in folders)):
        yield path, "kustomization"
    if not find_kustomization(release.files, wired.module):
        for each in sorted(release.files):
            if each.startswith(f"{wired.module}/") and each.endswith(YAML_SUFFIXES):
                yield each, "plain"
