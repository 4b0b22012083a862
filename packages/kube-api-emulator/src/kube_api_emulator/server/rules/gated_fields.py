"""Fields of features that are off: a server forgets their values, but not who wrote them.

Source: k8s.io/kubernetes v1.36.2, pkg/api/pod/util.go (DropDisabledPodFields, dropContainerStopSignals,
dropDisabledSchedulingGroup), pkg/registry/core/node/strategy.go (dropDisabledFields).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_TEMPLATES = (
    ("spec",),
    ("spec", "template", "spec"),
    ("spec", "jobTemplate", "spec", "template", "spec"),
)
_POD_FIELDS = (
    ("schedulingGroup",),
    *((group, "*", "lifecycle", "stopSignal") for group in ("initContainers", "containers", "ephemeralContainers")),
    *(("volumes", "*", "projected", "sources", "*", name) for name in ("clusterTrustBundle", "podCertificate")),
)
_POD_KINDS = frozenset(
    {
        *("Pod", "ReplicationController", "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"),
        *("Job", "CronJob"),
    }
)
_FIELDS: Mapping[str, Sequence[tuple[str, ...]]] = {
    "CSIDriver": [("spec", "preventPodSchedulingIfMissing")],
    "Lease": [("spec", "preferredHolder"), ("spec", "strategy")],
    "Node": [("spec", "configSource")],
    "StatefulSet": [("spec", "updateStrategy", "rollingUpdate", "maxUnavailable")],
}
# What goes as well if nothing is left in it.
_EMPTIED = ("lifecycle",)


def has_gated_fields(item: Mapping[str, Any]) -> bool:
    return any(path[-1] in parent for path, parent, _ in _find_parents(item))


def drop_gated_fields(item: Mapping[str, Any]) -> None:
    """Remove the fields of features that are off from an object."""
    for path, parent, above in list(_find_parents(item)):
        if parent.pop(path[-1], None) is not None and not parent and path[-2] in _EMPTIED:
            del above[path[-2]]


def _find_parents(item: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], dict[str, Any], Any]]:
    """Return the paths of an object's fields with the maps in which they would be, and the maps above these."""
    kind = item.get("kind", "")
    paths = list(_FIELDS.get(kind, ()))
    if kind in _POD_KINDS:
        paths += [(*template, *field) for template in _TEMPLATES for field in _POD_FIELDS]
    for path in paths:
        for parent, above in _walk(item, path[:-1], None):
            yield path, parent, above


def _walk(value: Any, steps: Sequence[str], above: Any) -> Iterator[tuple[dict[str, Any], Any]]:  # noqa: ANN401 (JSON)
    if not steps:
        if isinstance(value, dict):
            yield value, above
        return
    first, *rest = steps
    if first == "*":
        inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
        for each in inner:
            yield from _walk(each, rest, value)
    elif isinstance(value, Mapping) and first in value:
        yield from _walk(value[first], rest, value)
