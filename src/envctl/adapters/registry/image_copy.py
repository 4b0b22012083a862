"""Copies an image from one registry to another, by digest, with all its parts.

Its blobs go first and its own manifest last: a visible image is always complete. After an interruption, parts present
in the target are skipped.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from envctl.adapters.registry.distribution import RegistryApi
from envctl.adapters.registry.failures import request_error
from envctl.domain.images.manifest import MAX_PARTS, Descriptor, Manifest
from envctl.usecases.ports.aws import CopyProgress

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
