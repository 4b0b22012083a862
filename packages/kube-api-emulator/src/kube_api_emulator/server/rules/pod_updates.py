"""What the subresources of pods change: their temporary containers, or the amounts that containers ask for.

All other changes are dropped.

Source: k8s.io/kubernetes v1.36.2, pkg/registry/core/pod/strategy.go (dropNonEphemeralContainerUpdates,
dropNonResizeUpdates, dropNonResizeUpdatesForContainers).
"""

import copy
from collections.abc import Sequence
from typing import Any

Object = dict[str, Any]

EPHEMERAL_CONTAINERS, RESIZE = "ephemeralcontainers", "resize"
POD_PARTS = frozenset({EPHEMERAL_CONTAINERS, RESIZE})
_GROUPS = ("containers", "initContainers")
_RESIZED = ("resources", "resizePolicy")


def keep_pod_part(part: str, live: Object, item: Object) -> Object:
    """Return a pod with the changes that a request to a subresource can make."""
    spec, sent = copy.deepcopy(live["spec"]), item.get("spec") or {}
    if part == EPHEMERAL_CONTAINERS:
        _replace(spec, "ephemeralContainers", sent.get("ephemeralContainers"))
        return {**copy.deepcopy(live), "spec": spec}
    if any(len(sent.get(group) or ()) != len(spec.get(group) or ()) for group in _GROUPS):
        # Validation refuses the whole pod.
        return item
    for group in _GROUPS:
        _replace(spec, group, _keep_amounts(spec.get(group) or (), sent.get(group) or ()))
    _replace(spec, "resources", sent.get("resources"))
    return {**copy.deepcopy(live), "spec": spec}


def _keep_amounts(former: Sequence[Object], sent: Sequence[Object]) -> list[Object]:
    """Return containers with other amounts; those that are sent if they have other names."""
    if [each.get("name") for each in former] != [each.get("name") for each in sent]:
        return list(sent)
    kept = [dict(each) for each in former]
    for container, changed in zip(kept, sent, strict=True):
        for name in _RESIZED:
            _replace(container, name, changed.get(name))
    return kept


def _replace(part: Object, name: str, value: object) -> None:
    part.pop(name, None)
    if value or value == {}:
        part[name] = value
