"""The images of a release: pin tags to digests in the entry environment, and check for images elsewhere."""

from dataclasses import replace

from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.images.image_reference import Image, ImagePresence, is_pinned_image, parse_ecr_registry
from envctl.domain.images.manifest import compute_digest
from envctl.domain.release.artifacts import list_copied_artifacts, select_images
from envctl.domain.release.bundle import Release
from envctl.usecases.account import account_check
from envctl.usecases.ports.aws import RegistryImage
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load
from envctl.usecases.project.image_tags import find_tagged_images


def pin_digests(context: Context, release: Release) -> Release:
    """Return the release with tags replaced by digests. Registries are queried for tags without a digest only."""
    found = dict(release.wiring.artifacts)
    for name, image in find_tagged_images(context.project, release).items():
        found[context.project.artifacts[name].variable] = str(_pin_tag(context, name, image))
    return replace(release, wiring=replace(release.wiring, artifacts=found))


def find_images(context: Context, environment: str, release: Release) -> tuple[ImagePresence, ...]:
    """Return for each image its status in the registry of the environment, read with the credentials there."""
    placed = select_images(context.project, load.resolve_artifacts(context, environment, release.wiring))
    looks = (_find_image(context, environment, name, text) for name, text in placed.items())
    ignored = {"no repository", "unknown"}
    return tuple(found for found in looks if not (found.is_warning_only and found.found in ignored))


def _pin_tag(context: Context, name: str, image: Image) -> Image:
    ports = context.ports
    reachable = authorize_pull(context, image, context.project.entry) if _is_reachable(ports, image) else None
    digest = ports.registries.resolve_digest(reachable) if reachable else None
    if digest is None and ports.sandbox:
        ports.observer.on_message(f"{name}: {image} is not in the sandbox; a digest that is made up stands for it")
        return Image(image.name, digest=compute_digest(str(image).encode()))
    if digest is None:
        message = f"artifact {name}: there is no {image}"
        hint = f"push it first, or correct the tag in {load.settings_path(context.project.entry)}"
        raise OperationFailedError(Problem("E431", message, hint))
    ports.observer.on_message(f"{name}: {image} is {digest}")
    return Image(image.name, digest=digest)


def authorize_pull(context: Context, image: Image, environment: str) -> RegistryImage:
    """Return the image with the environment for its credentials. For ECR, check the account first."""
    if parse_ecr_registry(image.registry):
        account_check.require_account(context, environment)
    return RegistryImage(image, environment)


def _is_reachable(ports: Ports, image: Image) -> bool:
    """Return true for a reachable registry: the sandbox has ECR only, and never leaves this machine."""
    return not ports.sandbox or parse_ecr_registry(image.registry) is not None


def _find_image(context: Context, environment: str, name: str, text: str) -> ImagePresence:
    ports = context.ports
    comes = name in list_copied_artifacts(context.project) and not ports.sandbox
    seen = ImagePresence(name, text, "unpinned", will_be_copied=comes, is_warning_only=ports.sandbox)
    if not is_pinned_image(text):
        return replace(seen, will_be_copied=False)
    image = Image.parse(text)
    if not _is_reachable(ports, image):
        return replace(seen, found="unknown")
    try:
        return replace(seen, found=ports.registries.find_image(authorize_pull(context, image, environment)))
    except OperationFailedError as error:
        return replace(seen, found="unknown", why=error.problems[0])
