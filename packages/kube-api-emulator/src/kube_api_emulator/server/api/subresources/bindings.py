"""Bindings: they assign pods to nodes, as a scheduler does (pkg/registry/core/pod/storage in kubernetes/kubernetes)."""

import copy

from kube_api_emulator.server.cluster import Cluster
from kube_api_emulator.server.resources import Object, Place, Resource
from kube_api_emulator.server.rules.schema_rules import format_time
from kube_api_emulator.server.status_errors import StatusError, bad_request, conflict

BINDING = Resource("", "v1", "bindings", "Binding", True)
_SUCCESS: Object = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}


def bind_pod(cluster: Cluster, pods: Resource, place: Place, body: Object, *, is_dry_run: bool) -> Object:
    """Assign a pod to a node. `place` is that of the pod, or of all bindings. Raises StatusError."""
    metadata = body.get("metadata") or {}
    if metadata.get("namespace") not in (None, "", place.namespace):
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    name = metadata.get("name") or ""
    is_of_pod = place.resource == pods
    if is_of_pod and name != place.name:
        raise bad_request("name in URL does not match name in Binding object")
    _check_target(body.get("target") or {})
    if not name:
        raise bad_request("Name parameter required.")
    with cluster.store.lock:
        live = cluster.get(Place(pods, place.namespace, name))
        wanted = {"UID": metadata.get("uid") if is_of_pod else None, "ResourceVersion": metadata.get("resourceVersion")}
        _check_preconditions(pods, live, {key: value for key, value in wanted.items() if value})
        _check_free(live)
        if not is_dry_run:
            cluster.store.put(pods, _assign(live, body))
    return dict(_SUCCESS)


def _check_target(target: Object) -> None:
    problems = []
    if (kind := target.get("kind") or "") not in ("", "Node"):
        problems.append(f'target.kind: Unsupported value: "{kind}": supported values: "Node", "<empty>"')
    if not target.get("name"):
        problems.append("target.name: Required value")
    if problems:
        raise StatusError(500, "", problems[0] if len(problems) == 1 else f"[{', '.join(problems)}]")


def _check_preconditions(pods: Resource, live: Object, wanted: Object) -> None:
    found = {"UID": live["metadata"]["uid"], "ResourceVersion": live["metadata"]["resourceVersion"]}
    name, namespace = live["metadata"]["name"], live["metadata"]["namespace"]
    for key, value in wanted.items():
        if found[key] != value:
            message = f"StorageError: invalid object, Code: 4, Key: /pods/{namespace}/{name}, ResourceVersion: 0, "
            message += f"AdditionalErrorMsg: Precondition failed: {key} in precondition: {value}, "
            raise conflict(pods, name, f"{message}{key} in object meta: {found[key]}")


def _check_free(pod: Object) -> None:
    name, spec = pod["metadata"]["name"], pod["spec"]
    if pod["metadata"].get("deletionTimestamp"):
        message = f"pod {name} is being deleted, cannot be assigned to a host"
    elif spec.get("nodeName"):
        message = f'pod {name} is already assigned to node "{spec["nodeName"]}"'
    elif spec.get("schedulingGates"):
        message = f"pod {name} has non-empty .spec.schedulingGates"
    else:
        return
    text = f'Operation cannot be fulfilled on pods/binding "{name}": {message}'
    raise StatusError(409, "Conflict", text, {"name": name, "kind": "pods/binding"})


def _assign(live: Object, binding: Object) -> Object:
    pod, sent = copy.deepcopy(live), binding.get("metadata") or {}
    pod["spec"]["nodeName"] = binding["target"]["name"]
    for field in ("labels", "annotations"):
        if sent.get(field):
            pod["metadata"][field] = {**(pod["metadata"].get(field) or {}), **sent[field]}
    status = pod.setdefault("status", {})
    others = [each for each in status.get("conditions") or () if each.get("type") != "PodScheduled"]
    scheduled = {"type": "PodScheduled", "status": "True", "lastProbeTime": None, "lastTransitionTime": format_time()}
    status["conditions"] = [*others, scheduled]
    return pod
