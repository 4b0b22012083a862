"""Changes of a pod by its subresources: temporary containers, and the amounts that containers ask for.

Source: k8s.io/kubernetes v1.36.2, pkg/apis/core/validation/validation.go (ValidatePodEphemeralContainersUpdate,
ValidatePodResize, validatePodResizeContainerOrdering, validateContainerResize, validatePodLevelResourcesResize).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from kube_api_emulator.server.amounts import find_quality
from kube_api_emulator.server.rules.go.go_structs import diff_go
from kube_api_emulator.server.rules.validation.causes import Causes

Part = Mapping[str, Any]

_GROUPS = ("containers", "initContainers")
_CHANGEABLE = ("cpu", "memory")


def check_ephemeral_changes(spec: Part, old: Part, causes: Causes) -> None:
    """Check that the temporary containers of a pod stay as they are."""
    field = "spec.ephemeralContainers"
    containers = {each.get("name"): each for each in spec.get("ephemeralContainers") or ()}
    for former in old.get("ephemeralContainers") or ():
        name = former["name"]
        if name not in containers:
            causes.forbid(field, f'existing ephemeral containers "{name}" may not be removed\n')
        elif containers[name] != former:
            differences = diff_go("@core.EphemeralContainer", former, containers[name])
            causes.forbid(field, f'existing ephemeral containers "{name}" may not be changed\n{differences}')


def check_resize(item: Part, before: Part, causes: Causes) -> None:
    """Check that a resize changes amounts of CPU and memory only, and keeps the quality of service."""
    spec, old = item.get("spec") or {}, before.get("spec") or {}
    if (spec.get("os") or {}).get("name") == "windows":
        # The server refuses this one at once.
        causes.clear()
        causes.forbid("[]", "windows pods cannot be resized")
        return
    if find_quality(spec) != find_quality(old):
        quality = (item.get("status") or {}).get("qosClass") or ""
        causes.refuse("spec", quality, "Pod QOS Class may not change as a result of resizing")
    if _check_order(spec, old, causes):
        _check_removals(spec, old, causes)
        _check_amounts(spec, old, causes)


def _check_order(spec: Part, old: Part, causes: Causes) -> bool:
    """Check that a resize has the containers of the pod in their order."""
    count = len(causes)
    for group in _GROUPS:
        sent, former = spec.get(group) or (), old.get(group) or ()
        if len(sent) != len(former):
            causes.forbid(f"spec.{group}", f"{group} may not be added or removed on resize")
            continue
        for index, (container, other) in enumerate(zip(sent, former, strict=True)):
            if container.get("name") != other.get("name"):
                text = f"{group} may not be renamed or reordered on resize"
                causes.forbid(f"spec.{group}[{index}].name", text)
    return len(causes) == count


def _check_removals(spec: Part, old: Part, causes: Causes) -> None:
    if old.get("resources") is not None and spec.get("resources") is None:
        causes.forbid("spec.resources", "pod-level resources cannot be removed")
    elif old.get("resources") is not None:
        _check_removed(spec["resources"], old["resources"], "spec.resources", causes)
    for group in ("initContainers", "containers"):
        pairs = zip(spec.get(group) or (), old.get(group) or (), strict=True)
        for index, (container, former) in enumerate(pairs):
            place = f"spec.{group}[{index}].resources"
            _check_removed(container.get("resources") or {}, former.get("resources") or {}, place, causes)


def _check_removed(resources: Part, old: Part, place: str, causes: Causes) -> None:
    for group in ("requests", "limits"):
        if set(old.get(group) or ()) - set(resources.get(group) or ()):
            causes.forbid(f"{place}.{group}", f"resource {group} cannot be removed")


def _check_amounts(spec: Part, old: Part, causes: Causes) -> None:
    text = "only cpu and memory resources are mutable"
    if old.get("resources") is not None and _list_others(spec.get("resources") or old["resources"]) != _list_others(
        old["resources"]
    ):
        causes.forbid("spec", f"{text} at pod-level")
    for group in _GROUPS:
        pairs = zip(spec.get(group) or (), old.get(group) or (), strict=True)
        for index, (container, former) in enumerate(pairs):
            if _has_other_changes(container, former) and group == "containers":
                causes.forbid("spec", text)
            elif _has_other_changes(container, former):
                place = f"spec.{group}[{index}]"
                causes.forbid(place, "only cpu and memory resources for init or sidecar containers are mutable")


def _has_other_changes(container: Part, former: Part) -> bool:
    if (container.get("resizePolicy") or ()) != (former.get("resizePolicy") or ()):
        return True
    return _list_others(container.get("resources") or {}) != _list_others(former.get("resources") or {})


def _list_others(resources: Part) -> list[dict[str, Any]]:
    """Return the amounts that no resize can change."""
    groups: Sequence[Part] = [resources.get(group) or {} for group in ("limits", "requests")]
    return [{name: value for name, value in group.items() if name not in _CHANGEABLE} for group in groups]
