"""The APIServices of custom kinds, which the API server keeps in step with their definitions.

The rules are those of pkg/controlplane/controller/crdregistration in kubernetes/kubernetes.
"""

from kube_api_emulator.server.bootstrap.server_objects import put_server_object
from kube_api_emulator.server.cluster import Cluster
from kube_api_emulator.server.resources import Object, Place
from kube_api_emulator.server.store import Event

_DEFINITIONS = ("apiextensions.k8s.io", "customresourcedefinitions")
_MARK = {"kube-aggregator.kubernetes.io/automanaged": "true"}
_GROUP_PRIORITY, _VERSION_PRIORITY = 1000, 100


def keep_api_services(cluster: Cluster) -> None:
    """Create an APIService for each version of a group of custom kinds from now on, and delete it with the last one."""

    def follow(event: Event) -> None:
        if event.key == _DEFINITIONS:
            specs = [item["spec"] for item in (event.item, event.previous) if item]
            for group, version in {(spec["group"], each["name"]) for spec in specs for each in spec["versions"]}:
                _update_service(cluster, group, version)

    cluster.store.listeners.append(follow)


def _update_service(cluster: Cluster, group: str, version: str) -> None:
    services = cluster.resources.require("apiregistration.k8s.io", "v1", "apiservices")
    name = f"{version}.{group}"
    found, is_served = cluster.store.find(Place(services, "", name)), _is_served(cluster, group, version)
    if is_served and found is None:
        spec: Object = {"group": group, "version": version}
        spec |= {"groupPriorityMinimum": _GROUP_PRIORITY, "versionPriority": _VERSION_PRIORITY}
        text = "Local APIServices are always available"
        condition = {"type": "Available", "status": "True", "reason": "Local", "message": text}
        item: Object = {"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService"}
        item |= {"metadata": {"name": name, "labels": dict(_MARK)}, "spec": spec}
        put_server_object(cluster, item | {"status": {"conditions": [condition]}})
    elif not is_served and found is not None and (found["metadata"].get("labels") or {}).items() >= _MARK.items():
        cluster.store.remove(services, found)


def _is_served(cluster: Cluster, group: str, version: str) -> bool:
    definitions = cluster.resources.require(_DEFINITIONS[0], "v1", _DEFINITIONS[1])
    return any(
        item["spec"]["group"] == group
        and any(each["name"] == version and each.get("served") for each in item["spec"]["versions"])
        for item in cluster.store.list_items(definitions)
    )
