"""Copies an image from one registry to another, by digest, with everything that belongs to it.

What it consists of goes first and its own manifest last, so that whoever finds it finds it whole. After an interruption
all that is there already is left alone.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from envctl.adapters.registry.distribution import Distribution
from envctl.adapters.registry.failures import failed
from envctl.domain.images.manifest import MOST, Manifest, Part
from envctl.usecases.ports.aws import Copied

DEEPEST = 4


@dataclass(frozen=True)
class Place:
    registry: Distribution
    repository: str


@dataclass
class Copying:
    """`persist` tries again what raised TemporaryError."""

    source: Place
    target: Place
    persist: Callable[[Callable[[], None]], None]
    tell: Callable[[Copied], None]

    def copy(self, digest: str) -> None:
        found: dict[str, Manifest] = {}
        self._gather(digest, found, DEEPEST)
        blobs = {blob.digest: blob for manifest in found.values() for blob in manifest.blobs}
        done = Copied(0, len(blobs), 0, sum(blob.size for blob in blobs.values()))
        self.tell(done)
        for blob in blobs.values():
            self.persist(partial(self._bring, blob, done))
            done = Copied(done.blobs + 1, done.of_blobs, done.size + blob.size, done.of_size)
            self.tell(done)
        for manifest in found.values():
            self.target.registry.put(self.target.repository, manifest)

    def _gather(self, digest: str, found: dict[str, Manifest], deep: int) -> None:
        """What the target lacks, each after all that it names."""
        if digest in found or self.target.registry.has("manifests", self.target.repository, digest):
            return
        source = self.source
        manifest = source.registry.manifest(source.repository, digest)
        if manifest is None:
            raise failed(
                source.registry.registry,
                f"{source.repository} has an image without all of its parts: {digest} is lacking",
            )
        if not deep or len(found) >= MOST:
            raise failed(source.registry.registry, f"{source.repository} has an image of too many parts")
        for child in manifest.children:
            self._gather(child.digest, found, deep - 1)
        found[digest] = manifest

    def _bring(self, blob: Part, done: Copied) -> None:
        source, target = self.source, self.target
        # Also where an upload got through, and the answer to it did not.
        if target.registry.has("blobs", target.repository, blob.digest):
            return
        beside = source.repository if source.registry.registry == target.registry.registry else ""
        location = target.registry.begin(target.repository, blob, beside)
        if location:
            with source.registry.blob(source.repository, blob) as pieces:
                target.registry.upload(target.repository, blob, location, self._told(pieces, done))

    def _told(self, pieces: Iterator[bytes], done: Copied) -> Iterator[bytes]:
        size = done.size
        for piece in pieces:
            yield piece
            size += len(piece)
            self.tell(Copied(done.blobs, done.of_blobs, size, done.of_size))
