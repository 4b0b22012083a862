"""Fields of features that are off: a server forgets their values, but not who wrote them."""

from collections.abc import Iterator, Mapping
from typing import Any

_TEMPLATES = (
    ("spec",),
    ("template", "spec"),
    ("spec", "template", "spec"),
    ("spec", "jobTemplate", "spec", "template", "spec"),
)
_GROUPS = ("initContainers", "containers", "ephemeralContainers")


def has_gated_fields(item: Mapping[str, Any]) -> bool:
    return any("stopSignal" in (container.get("lifecycle") or {}) for container in _list_containers(item))


def drop_gated_fields(item: Mapping[str, Any]) -> None:
    """Remove the fields of features that are off from the containers of an object."""
    for container in _list_containers(item):
        lifecycle = container.get("lifecycle") or {}
        if lifecycle.pop("stopSignal", None) is not None and not lifecycle:
            del container["lifecycle"]


def _list_containers(item: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for path in _TEMPLATES:
        found: Any = item
        for step in path:
            found = found.get(step) if isinstance(found, Mapping) else None
        for group in _GROUPS if isinstance(found, Mapping) else ():
            containers = found.get(group)
            yield from (each for each in containers or () if isinstance(each, dict))
