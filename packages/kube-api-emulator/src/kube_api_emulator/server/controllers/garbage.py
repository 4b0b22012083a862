"""What goes with an object that is deleted: its dependents.

Source: k8s.io/kubernetes v1.36.2, pkg/controller/garbagecollector/garbagecollector.go (attemptToDeleteItem,
processDeletingDependentsItem, orphanDependents).
"""

from functools import partial

from kube_api_emulator.server.controllers.context import Context
from kube_api_emulator.server.deletion import FOREGROUND
from kube_api_emulator.server.resources import Object, Resource, locate


def collect_dependents(context: Context, owner: Object) -> None:
    """Delete the dependents of a deleted object, unless they have another owner."""
    _delete_dependents(context, owner, "Background")


def delete_in_foreground(context: Context, resource: Resource, item: Object) -> float | None:
    """Delete the dependents of an object before the object itself. Returns the seconds until the next attempt."""
    if FOREGROUND not in (item["metadata"].get("finalizers") or ()):
        return None
    _delete_dependents(context, item, "Foreground")
    if any(_blocks(dependent, item) for _, dependent in context.cluster.list_dependents(item)):
        return context.ready_seconds
    live = context.cluster.store.find(locate(resource, item))
    if live:
        context.cluster.finalize(resource, live, FOREGROUND)
    return None


def _blocks(dependent: Object, owner: Object) -> bool:
    references = dependent["metadata"].get("ownerReferences") or ()
    return any(each.get("uid") == owner["metadata"]["uid"] and each.get("blockOwnerDeletion") for each in references)


def _delete_dependents(context: Context, owner: Object, policy: str) -> None:
    uid = owner["metadata"]["uid"]
    for kind, item in context.cluster.list_dependents(owner):
        others = [each for each in item["metadata"]["ownerReferences"] if each.get("uid") != uid]
        if others:
            context.change(kind, item, partial(_set_owners, others))
        elif not item["metadata"].get("deletionTimestamp"):
            context.cluster.delete(locate(kind, item), {"propagationPolicy": policy})


def _set_owners(owners: list[Object], item: Object) -> None:
    item["metadata"]["ownerReferences"] = owners
