"""Manifests of container images: what each consists of, and in which order it has to be copied.

A manifest names its blobs (configuration and layers); a list, or index, names manifests, one for each platform. Every
one is named by the SHA-256 of its bytes, which therefore must not be changed on the way.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

LARGEST = 4 << 20
"""Bytes. Registries take no larger manifest."""
MOST = 2000
"""Parts of one manifest."""
SINGLE = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
LISTS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
ELSEWHERE = ("foreign", "nondistributable")
"""Layers whose type holds one of these words stay with whoever gives them out, by their licence."""
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Part:
    """A descriptor: what a manifest says of a part of it. `size` is in bytes."""

    media_type: str
    digest: str
    size: int


@dataclass(frozen=True)
class Manifest:
    """`data` are its very bytes. `children` are manifests, in a list alone; `blobs` are what is to be copied of others,
    each once.
    """

    digest: str
    media_type: str
    data: bytes
    children: tuple[Part, ...] = ()
    blobs: tuple[Part, ...] = ()


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def parse(data: bytes, media_type: str = "") -> Manifest:
    """`media_type` is what the registry says that it is, for manifests that do not say it themselves. Raises
    ValueError.
    """
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise ValueError("it is not JSON") from None
    if not isinstance(document, Mapping):
        raise ValueError("it is not an object")  # noqa: TRY004 (of a registry's answer, not of an argument)
    kind = str(document.get("mediaType") or media_type.partition(";")[0].strip())
    if kind in LISTS:
        return Manifest(digest_of(data), kind, data, children=_parts(document.get("manifests")))
    if kind in SINGLE:
        blobs = _parts([document.get("config"), *_listed(document.get("layers"))])
        here = [blob for blob in blobs if not any(word in blob.media_type for word in ELSEWHERE)]
        return Manifest(digest_of(data), kind, data, blobs=tuple(here))
    raise ValueError(f"it is of a kind that envctl does not know: {kind[:80] or 'none'}")


def _listed(value: object) -> list[object]:
    if not isinstance(value, list):
        raise ValueError("it lists no parts")  # noqa: TRY004
    return value


def _parts(value: object) -> tuple[Part, ...]:
    listed = _listed(value)
    if len(listed) > MOST:
        raise ValueError(f"it has more than {MOST} parts")
    return tuple({part.digest: part for part in map(_part, listed)}.values())


def _part(value: object) -> Part:
    if not isinstance(value, Mapping):
        raise ValueError("a part of it is not described")  # noqa: TRY004
    digest, size = value.get("digest"), value.get("size")
    if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
        raise ValueError("a part of it has no SHA-256 digest")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise ValueError("a part of it has no size")
    return Part(str(value.get("mediaType", "")), digest, size)
