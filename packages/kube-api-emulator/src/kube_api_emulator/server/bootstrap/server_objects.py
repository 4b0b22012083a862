"""The objects that the API server puts into a new cluster, as a server of Kubernetes 1.36 has them.

Its roles are in the package for access. The address of the server itself is an invention.
"""

import json
from pathlib import Path
from typing import Any

from kube_api_emulator.server.cluster import Cluster
from kube_api_emulator.server.metadata import prepare_new
from kube_api_emulator.server.resources import Object
from kube_api_emulator.server.rules.schema_rules import format_time

MANAGER = "kube-apiserver"
_FILE = Path(__file__).parent / "server_objects.json"
_TRACKING = "kube-apiserver-legacy-service-account-token-tracking"


def create_server_objects(cluster: Cluster) -> None:
    """Create the objects of the server that its version has a kind for."""
    items: list[Object] = json.loads(_FILE.read_text("utf-8"))
    served = cluster.resources.group_versions()
    for item in items:
        spec = item.get("spec") or {}
        # Each version of a group has an APIService.
        if item["kind"] == "APIService" and spec["version"] not in served.get(spec.get("group", ""), {}):
            continue
        put_server_object(cluster, item)
    tracking: Object = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"since": format_time()[:10]}}
    put_server_object(cluster, tracking | {"metadata": {"name": _TRACKING, "namespace": "kube-system"}})


def put_server_object(cluster: Cluster, item: Object) -> None:
    """Store an object past the validation, which keeps some names for the server. A kind without an API has none."""
    group, _, version = item["apiVersion"].rpartition("/")
    resource = cluster.resources.find_kind(group, version, item["kind"])
    if resource is None:
        return
    status: dict[str, Any] = item.get("status") or {}
    for condition in status.get("conditions") or ():
        condition["lastTransitionTime"] = format_time()
    new = prepare_new(resource, item["metadata"].get("namespace", ""), dict(item))
    cluster.rules.track_update(resource, None, new, MANAGER, "")
    cluster.store.put(resource, new | ({"status": item["status"]} if "status" in item else {}))
