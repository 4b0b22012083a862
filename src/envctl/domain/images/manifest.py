"""Manifests of container images and their parts.

A manifest names its blobs (configuration and layers); an index, or list, names one manifest for each platform. Each
is named by the SHA-256 of its bytes: a copy must keep them unchanged.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

MAX_MANIFEST_BYTES = 4 << 20
"""The limit of registries."""
MAX_PARTS = 2000
"""The limit for one manifest."""
IMAGE_TYPES = ("application/vnd.oci.image.manifest.v1+json", "application/vnd.docker.distribution.manifest.v2+json")
INDEX_TYPES = ("application/vnd.oci.image.index.v1+json", "application/vnd.docker.distribution.manifest.list.v2+json")
FOREIGN_LAYERS = ("foreign", "nondistributable")
"""Words in the media types of layers with a license against redistribution; these are not copied."""
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Descriptor:
    """An OCI descriptor: the reference of a manifest to one of its parts. `size` is in bytes."""

    media_type: str
    digest: str
    size: int


@dataclass(frozen=True)
class Manifest:
    """A manifest or an index."""

    digest: str
    media_type: str
    data: bytes  # exactly as served
    children: tuple[Descriptor, ...] = ()  # manifests of an index
    blobs: tuple[Descriptor, ...] = ()  # blobs to copy, each once


def compute_digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def parse_manifest(data: bytes, media_type: str = "") -> Manifest:
    """Parse a manifest or an index. Raises ValueError. `media_type` is the response's, if it has none of its own."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise ValueError("it is not JSON") from None
    if not isinstance(document, Mapping):
        raise ValueError("it is not an object")  # noqa: TRY004 (of a registry's answer, not of an argument)
    kind = str(document.get("mediaType") or media_type.partition(";")[0].strip())
    if kind in INDEX_TYPES:
        return Manifest(compute_digest(data), kind, data, children=_parse_descriptors(document.get("manifests")))
    if kind in IMAGE_TYPES:
        blobs = _parse_descriptors(document.get("layers"), document.get("config"))
        here = [blob for blob in blobs if not any(word in blob.media_type for word in FOREIGN_LAYERS)]
        return Manifest(compute_digest(data), kind, data, blobs=tuple(here))
    raise ValueError(f"its type is unknown to envctl: {kind[:80] or 'none'}")


def _parse_descriptors(value: object, *first: object) -> tuple[Descriptor, ...]:
    """Parse the parts of a list, after the first ones."""
    if not isinstance(value, list):
        raise ValueError("it lists no parts")  # noqa: TRY004
    listed = [*first, *value]
    if len(listed) > MAX_PARTS:
        raise ValueError(f"it has more than {MAX_PARTS} parts")
    return tuple({part.digest: part for part in map(_parse_descriptor, listed)}.values())


def _parse_descriptor(value: object) -> Descriptor:
    if not isinstance(value, Mapping):
        raise ValueError("one of its parts has no description")  # noqa: TRY004
    digest, size = value.get("digest"), value.get("size")
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        raise ValueError("one of its parts has no SHA-256 digest")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise ValueError("one of its parts has no size")
    return Descriptor(str(value.get("mediaType", "")), digest, size)
