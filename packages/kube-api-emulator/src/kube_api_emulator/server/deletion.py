"""What a delete does to an object before it is gone: finalizers, times, and the usual policy of its kind."""

import copy
from collections.abc import Sequence

from kube_api_emulator.server.resources import Object, Resource
from kube_api_emulator.server.rules.schema_rules import format_time

# The server itself removes it as soon as it has deleted the objects of the kind.
CLEANUP = "customresourcecleanup.apiextensions.k8s.io"
FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"
# The kinds whose dependents stay unless a delete says otherwise.
_KEEPS_DEPENDENTS = frozenset({("", "replicationcontrollers"), ("batch", "jobs")})
_ENDED = ("Succeeded", "Failed")


def choose_policy(resource: Resource) -> str:
    """Return what becomes of the dependents if a delete does not say it."""
    return "Orphan" if resource.key in _KEEPS_DEPENDENTS else "Background"


def list_deletion_finalizers(live: Object, policy: str) -> list[str]:
    """Return the finalizers of an object that is being deleted."""
    kept = [each for each in live["metadata"].get("finalizers") or () if each not in (FOREGROUND, ORPHAN)]
    added = {"Foreground": FOREGROUND, "Orphan": ORPHAN}.get(policy)
    return [*kept, added] if added else list(live["metadata"].get("finalizers") or ())


def preview_delete(resource: Resource, live: Object, finalizers: Sequence[str], grace: int | None) -> Object:
    """Return an object as the answer to its delete shows it."""
    if resource.is_definition:
        return mark_definition(live, finalizers)
    is_pod = resource.key == ("", "pods")
    if not is_pod and not finalizers and not resource.is_namespace:
        return live
    shown = copy.deepcopy(live)
    metadata = shown["metadata"]
    metadata.setdefault("deletionTimestamp", format_time())
    if not resource.is_namespace:
        metadata.setdefault("deletionGracePeriodSeconds", _read_grace(live, grace) if is_pod else 0)
    else:
        shown["status"] = {**(shown.get("status") or {}), "phase": "Terminating"}
    if finalizers:
        metadata["finalizers"] = list(finalizers)
    if metadata.get("generation"):
        metadata["generation"] += 1
    return shown


def mark_definition(live: Object, finalizers: Sequence[str]) -> Object:
    """Return a definition of a custom kind that stays until the objects of the kind are gone."""
    metadata = {"deletionTimestamp": format_time()} | live["metadata"]
    return {**live, "metadata": metadata | {"finalizers": list(dict.fromkeys([*finalizers, CLEANUP]))}}


def _read_grace(pod: Object, wanted: int | None) -> int:
    """Return how many seconds a pod has to end: none if it has no node, or if it ended."""
    if not pod["spec"].get("nodeName") or (pod.get("status") or {}).get("phase") in _ENDED:
        return 0
    seconds = int(pod["spec"].get("terminationGracePeriodSeconds", 30)) if wanted is None else wanted
    return 1 if seconds < 0 else seconds
