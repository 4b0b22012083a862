"""The Registries port: Amazon ECR, and all registries with the OCI distribution API.

ECR is called through boto3, with the credentials of the environment. Its layers go through the distribution API too,
with a login from ECR: one way of copying for all registries.

The blobs of a copied image go first and its own manifest last: a visible image is always complete. After an
interruption, parts present in the target are skipped.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from envctl.adapters.registry import login
from envctl.adapters.registry.distribution import RegistryApi
from envctl.adapters.registry.ecr import ClientFactory, EcrApi
from envctl.adapters.registry.failures import request_error
from envctl.adapters.registry.transport import Limits, Transport
from envctl.domain.images.image_reference import Presence, parse_ecr_registry
from envctl.domain.images.manifest import MAX_PARTS, Descriptor, Manifest
from envctl.usecases.ports.aws import CopyProgress, RegistryImage

MAX_DEPTH = 4


@dataclass(frozen=True)
class ImageRepository:
    registry: RegistryApi
    repository: str


@dataclass
class ImageCopier:
    """`retry_attempt` retries a call after a TemporaryError."""

    source: ImageRepository
    target: ImageRepository
    retry_attempt: Callable[[Callable[[], None]], None]
    on_progress: Callable[[CopyProgress], None]

    def copy_image(self, digest: str) -> None:
        found: dict[str, Manifest] = {}
        self._collect_missing(digest, found, MAX_DEPTH)
        blobs = {blob.digest: blob for manifest in found.values() for blob in manifest.blobs}
        done = CopyProgress(0, len(blobs), 0, sum(blob.size for blob in blobs.values()))
        self.on_progress(done)
        for blob in blobs.values():
            self.retry_attempt(partial(self._copy_blob, blob, done))
            done = CopyProgress(done.blobs + 1, done.total_blobs, done.size + blob.size, done.total_size)
            self.on_progress(done)
        for manifest in found.values():
            self.target.registry.put_manifest(self.target.repository, manifest)

    def _collect_missing(self, digest: str, found: dict[str, Manifest], depth: int) -> None:
        """Collect the manifests missing in the target, each after its children."""
        if digest in found or self.target.registry.has_content("manifests", self.target.repository, digest):
            return
        source = self.source
        manifest = source.registry.fetch_manifest(source.repository, digest)
        if manifest is None:
            message = f"{source.repository} has an incomplete image: part {digest} is missing"
            raise request_error(source.registry.registry, message)
        if not depth or len(found) >= MAX_PARTS:
            raise request_error(source.registry.registry, f"{source.repository} has an image with too many parts")
        for child in manifest.children:
            self._collect_missing(child.digest, found, depth - 1)
        found[digest] = manifest

    def _copy_blob(self, blob: Descriptor, done: CopyProgress) -> None:
        source, target = self.source, self.target
        # Also true after an upload with a lost response.
        if target.registry.has_content("blobs", target.repository, blob.digest):
            return
        mount_source = source.repository if source.registry.registry == target.registry.registry else ""
        if location := target.registry.start_upload(target.repository, blob, mount_source):
            with source.registry.open_blob(source.repository, blob) as pieces:
                target.registry.upload_blob(target.repository, blob, location, self._report_pieces(pieces, done))

    def _report_pieces(self, pieces: Iterator[bytes], done: CopyProgress) -> Iterator[bytes]:
        size = done.size
        for piece in pieces:
            yield piece
            size += len(piece)
            self.on_progress(CopyProgress(done.blobs, done.total_blobs, size, done.total_size))


class Registries:
    """`environ` returns the variables of the process: proxies, certificates, and the folder of docker's logins."""

    def __init__(
        self,
        client: ClientFactory,
        environ: Callable[[], Mapping[str, str]],
        *,
        limits: Limits = Limits(),  # noqa: B008 (frozen)
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._ecr = EcrApi(client)
        self._environ = environ
        self._limits = limits
        self._sleep = sleep
        self._apis: dict[tuple[str, str], RegistryApi] = {}

    def resolve_digest(self, tagged: RegistryImage) -> str | None:
        image = tagged.image
        if host := parse_ecr_registry(image.registry):
            return self._ecr.resolve_digest(host, image, tagged.environment)
        manifest = self._find_api(tagged).fetch_manifest(image.repository, image.tag)
        return manifest.digest if manifest else None

    def find_image(self, pinned: RegistryImage) -> Presence:
        image = pinned.image
        if host := parse_ecr_registry(image.registry):
            return self._ecr.find_image(host, image, pinned.environment)
        return "there" if self._find_api(pinned).has_content("manifests", image.repository, image.digest) else "absent"

    def copy_image(self, source: RegistryImage, target: RegistryImage, tell: Callable[[CopyProgress], None]) -> None:
        one, other = (ImageRepository(self._find_api(end), end.image.repository) for end in (source, target))
        ImageCopier(one, other, other.registry.transport.retry_attempt, tell).copy_image(target.image.digest)

    def _find_api(self, end: RegistryImage) -> RegistryApi:
        """Return the API for a registry and an environment; it keeps its authorization."""
        key = (end.image.registry, end.environment)
        if key not in self._apis:
            transport = Transport(end.image.registry, self._environ(), self._limits, self._sleep)
            self._apis[key] = RegistryApi(transport, partial(self._find_login, *key))
        return self._apis[key]

    def _find_login(self, registry: str, environment: str) -> login.Login | None:
        if host := parse_ecr_registry(registry):
            return self._ecr.fetch_login(registry, host, environment)
        return login.find_login(registry, self._environ())
