"""The status of new objects."""

import copy
from collections.abc import Mapping

from kube_api_emulator.server.amounts import find_quality
from kube_api_emulator.server.resources import Object, Resource

_NEW: Mapping[str, Object] = {
    "DaemonSet": {
        "currentNumberScheduled": 0,
        "desiredNumberScheduled": 0,
        "numberMisscheduled": 0,
        "numberReady": 0,
    },
    "HorizontalPodAutoscaler": {"currentMetrics": None, "desiredReplicas": 0},
    "Ingress": {"loadBalancer": {}},
    "Namespace": {"phase": "Active"},
    "PersistentVolume": {"phase": "Pending"},
    "PersistentVolumeClaim": {"phase": "Pending"},
    "PodDisruptionBudget": {"currentHealthy": 0, "desiredHealthy": 0, "disruptionsAllowed": 0, "expectedPods": 0},
    "ReplicaSet": {"replicas": 0},
    "ReplicationController": {"replicas": 0},
    "Service": {"loadBalancer": {}},
    "StatefulSet": {"availableReplicas": 0, "replicas": 0},
}

_GATED: Object = {
    "type": "PodScheduled",
    "status": "False",
    "lastProbeTime": None,
    "lastTransitionTime": None,
    "reason": "SchedulingGated",
    "message": "Scheduling is blocked due to non-empty scheduling gates",
}


def build_new_status(resource: Resource, item: Object) -> Object:
    """Return the status of a new object; empty for none."""
    if resource.is_custom:
        return {}
    if resource.is_definition:
        versions = (item.get("spec") or {}).get("versions") or ()
        stored = [each.get("name", "") for each in versions if isinstance(each, dict) and each.get("storage")]
        return {"conditions": None, "acceptedNames": {"plural": "", "kind": ""}, "storedVersions": stored}
    if resource.kind == "Pod":
        spec = item.get("spec") or {}
        gated = {"conditions": [dict(_GATED)]} if spec.get("schedulingGates") else {}
        return {"phase": "Pending", **gated, "qosClass": find_quality(spec)}
    return copy.deepcopy(_NEW.get(resource.kind, {}))
