"""Namespaces, definitions of custom resources, and groups of the API that programs in the cluster serve.

Source: k8s.io/kubernetes v1.36.2, pkg/controller/serviceaccount/serviceaccounts_controller.go (syncNamespace),
pkg/controller/namespace/deletion/namespaced_resources_deleter.go (Delete, deleteAllContent, finalizeNamespace).
"""

from kube_api_emulator.server.controllers.context import Context, build_condition
from kube_api_emulator.server.resources import Object, Place, Resource


def reconcile_namespace(context: Context, resource: Resource, item: Object) -> float | None:
    """Fill a new namespace, or empty a namespace in deletion."""
    name = item["metadata"]["name"]
    if not item["metadata"].get("deletionTimestamp"):
        first: tuple[tuple[str, str, Object], ...] = (
            ("serviceaccounts", "default", {}),
            ("configmaps", "kube-root-ca.crt", {"data": {"ca.crt": ""}}),
        )
        for plural, named, content in first:
            kind = context.find("", plural)
            if context.cluster.store.find(Place(kind, name, named)) is None:
                context.create(kind, name, {"metadata": {"name": named}, **content})
        return None
    for kind, inner in context.cluster.list_contents(name):
        if not inner["metadata"].get("deletionTimestamp"):
            context.delete(kind, inner)
    rest = context.cluster.list_contents(name)
    if not rest:
        context.cluster.remove(resource, item)
        return None
    finalizers = sorted({each for _, inner in rest for each in inner["metadata"].get("finalizers") or ()})
    counts = ", ".join(f"{each} in {len(rest)} resource instances" for each in finalizers)
    message = f"Some content in the namespace has finalizers remaining: {counts}"
    condition = build_condition(
        item.get("status") or {}, "NamespaceFinalizersRemaining", "True", "SomeFinalizersRemain", message
    )
    context.set_status(resource, item, {"phase": "Terminating", "conditions": [condition]})
    return context.ready_seconds


def reconcile_definition(context: Context, resource: Resource, item: Object) -> float | None:
    """Accept the names of a definition; from then on its kind is served."""
    before, spec = item.get("status") or {}, item["spec"]
    accepted = build_condition(before, "NamesAccepted", "True", "NoConflicts", "no conflicts found")
    text = "the initial names have been accepted"
    established = build_condition(before, "Established", "True", "InitialNamesAccepted", text)
    stored = [version["name"] for version in spec["versions"] if version.get("storage")]
    status = {"acceptedNames": spec["names"], "conditions": [accepted, established]}
    versions = [*(before.get("storedVersions") or ()), *stored]
    context.set_status(resource, item, status | {"storedVersions": list(dict.fromkeys(versions))})
    return None


def reconcile_api_service(context: Context, resource: Resource, item: Object) -> float | None:
    """Say that it is available as soon as its Service is there. Its kinds are not served: no program runs here."""
    status, reason, message = _judge_service(context, item)
    condition = build_condition(item.get("status") or {}, "Available", status, reason, message)
    context.set_status(resource, item, {"conditions": [condition]})
    return None if status == "True" else context.ready_seconds


def _judge_service(context: Context, item: Object) -> tuple[str, str, str]:
    service = item["spec"].get("service")
    if not service:
        return "True", "Local", "Local APIServices are always available"
    place = Place(context.find("", "services"), service["namespace"], service["name"])
    if context.cluster.store.find(place) is None:
        return (
            "False",
            "ServiceNotFound",
            f'service/{service["name"]} in "{service["namespace"]}" is not present',
        )
    return "True", "Passed", "all checks passed"
