"""Check the account of an environment before any access to its resources: credentials, state bucket and images."""

from dataclasses import replace

from envctl.domain.aws.access import CallerIdentity, check_remaining_time
from envctl.domain.command_lines import format_command
from envctl.domain.config.settings_places import find_shared_path
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.guards import RefusedError
from envctl.domain.guards.target import check_caller_account
from envctl.domain.images.image_reference import Image, ImagePresence, is_pinned_image, parse_ecr_registry
from envctl.domain.images.manifest import compute_digest
from envctl.domain.ledger.state import LedgerState
from envctl.domain.release.artifacts import list_copied_artifacts, select_images
from envctl.domain.release.bundle import Release
from envctl.usecases.ports.aws import RegistryImage
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project.settings.artifact_values import find_tagged_images
from envctl.usecases.project.settings.environment_settings import resolve_artifacts


def find_caller(context: Context, environment: str) -> CallerIdentity | None:
    """Return the AWS caller there, or None if the project file has the environment outside AWS."""
    return (
        context.ports.access.fetch_caller(environment) if context.project.environments[environment].is_on_aws else None
    )


def require_account(context: Context, environment: str) -> None:
    """Raise RefusedError for credentials of another account, and OperationFailedError for a misplaced state bucket.

    A positive result is cached while the credentials stay the same.
    """
    if context.ports.access.is_confirmed(environment):
        return
    found = find_caller(context, environment)
    if refusal := check_caller_account(environment, context.project.environments[environment].account_id or "", found):
        raise RefusedError((refusal,))
    require_state_bucket(context, environment)
    context.ports.access.save_confirmed(environment)


def has_checks(context: Context, environment: str) -> bool:
    """Return whether `require_account` checks anything: an environment outside AWS has no account."""
    return context.project.environments[environment].is_on_aws or context.project.state.backend == "s3"


def require_time_left(ports: Ports, present: LedgerState, environment: str, found: CallerIdentity | None) -> None:
    """Raise OperationFailedError if the credentials expire before a deployment of the usual duration would end."""
    now = ports.clock.now()
    if found is None or (short := check_remaining_time(found, present.environments.values(), now)) is None:
        return
    message = f"the credentials for {environment} expire in {short.left}; the longest deployment took {short.needed}"
    raise OperationFailedError(
        Problem("E417", message, f"sign in again, then: {format_command('doctor', environment)}")
    )


def require_state_bucket(context: Context, environment: str) -> None:
    """Raise OperationFailedError if the bucket is missing, in another region, or in a foreign account.

    A foreign account could take over the name of a deleted bucket, and states hold secrets.
    """
    if context.project.state.backend != "s3" or context.ports.sandbox:
        # The sandbox creates its own buckets.
        return
    # Imported late: usually confirmed, and the bucket rules are slow to load.
    from envctl.usecases.account.bucket_inventory import find_state_buckets

    for place in find_state_buckets(context, environment):
        if place.problems:
            raise OperationFailedError(*place.problems)
        if not context.ports.buckets.has_bucket(place.wanted, place.credentials):
            message = f"state bucket {place.wanted.name} of {environment} not found"
            raise OperationFailedError(Problem("E429", message, format_command("bootstrap", environment)))


def pin_digests(context: Context, release: Release) -> Release:
    """Return the release with tags replaced by digests. Registries are queried for tags without a digest only."""
    found = dict(release.wiring.artifacts)
    for name, image in find_tagged_images(context.project, release).items():
        found |= dict.fromkeys(context.project.artifacts[name].keys, str(_pin_tag(context, name, image)))
    return replace(release, wiring=replace(release.wiring, artifacts=found))


def find_images(context: Context, environment: str, release: Release) -> tuple[ImagePresence, ...]:
    """Return for each image its status in the registry of the environment, read with the credentials there."""
    placed = select_images(context.project, resolve_artifacts(context, environment, release.wiring))
    images: list[ImagePresence] = []
    for name, text in placed.items():
        image = _find_image(context, environment, name, text)
        if not (image.is_warning_only and image.found in {"no repository", "unknown"}):
            images.append(image)
    return tuple(images)


def _pin_tag(context: Context, name: str, image: Image) -> Image:
    ports = context.ports
    reachable = authorize_pull(context, image, context.project.entry) if _is_reachable(ports, image) else None
    digest = ports.registries.resolve_digest(reachable) if reachable else None
    if digest is None and ports.sandbox:
        ports.observer.on_message(f"{name}: {image} is not in the sandbox; using a made-up digest")
        return Image(image.name, digest=compute_digest(str(image).encode()))
    if digest is None:
        message = f"artifact {name}: {image} not found"
        hint = f"push it first, or correct the tag in {find_shared_path(context.project, context.project.entry)}"
        raise OperationFailedError(Problem("E431", message, hint))
    ports.observer.on_message(f"{name}: {image} is {digest}")
    return Image(image.name, digest=digest)


def authorize_pull(context: Context, image: Image, environment: str) -> RegistryImage:
    """Return the image with the environment for its credentials. For ECR, check the account first."""
    if parse_ecr_registry(image.registry):
        require_account(context, environment)
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
