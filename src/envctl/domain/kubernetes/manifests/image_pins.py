"""Digests of the images in rendered objects: missing ones, and their files."""

from collections.abc import Mapping
from typing import Any

from envctl.domain.kubernetes.objects import Manifest

PINS_SUFFIX = ".images.yaml"
"""Ending of the file beside a chart with the digests of its images."""
_DIGEST_MARK = "@sha256:"


def find_pins_file(chart: str) -> str:
    """Return the file beside a chart with the digests of its images, by reference. No chart has to know of it."""
    return f"{chart.removesuffix('.tgz').rstrip('/')}{PINS_SUFFIX}"


def is_pinned(reference: str) -> bool:
    return _DIGEST_MARK in reference


def has_tag(reference: str) -> bool:
    """Check if a reference names a tag, beside a digest or not. A colon before a slash belongs to a port."""
    return ":" in reference.partition("@")[0].rpartition("/")[2]


def pin_images(manifest: Manifest, digests: Mapping[str, str]) -> dict[str, Any]:
    """Return the object with the digests of its images, by reference as rendered."""
    pinned: dict[str, Any] = _pin(manifest, digests)
    return pinned


def _pin(value: Any, digests: Mapping[str, str]) -> Any:  # noqa: ANN401 (any JSON)
    if isinstance(value, Mapping):
        return {
            key: f"{each}@{digests[each]}"
            if key in ("image", "reference") and isinstance(each, str) and each in digests
            else _pin(each, digests)
            for key, each in value.items()
        }
    return [_pin(each, digests) for each in value] if isinstance(value, list) else value


def merge_entries(entries: list[dict[str, Any]], name: str, tag: str, digest: str) -> list[dict[str, Any]]:
    """Return the `images` of a kustomization with a digest for an image, as it is rendered now. An entry that renames
    or moves it keeps its name.
    """
    added = {"newTag": tag, "digest": digest} if tag else {"digest": digest}
    found = [dict(each) for each in entries]
    for entry in found:
        if entry.get("newName", entry.get("name")) == name:
            entry.pop("newTag", None)
            entry.update(added)
            return found
    return [*found, {"name": name, **added}]
