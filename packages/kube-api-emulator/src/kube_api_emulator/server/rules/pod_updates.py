"""What the subresource of the temporary containers of a pod changes.

All other changes are dropped.

Source: k8s.io/kubernetes v1.36.2, pkg/registry/core/pod/strategy.go (dropNonEphemeralContainerUpdates).
"""

import copy
from typing import Any

Object = dict[str, Any]

POD_PARTS = frozenset({"ephemeralcontainers"})


def keep_pod_part(live: Object, item: Object) -> Object:
    """Return a pod with other temporary containers, and no other change."""
    kept, sent = copy.deepcopy(live), (item.get("spec") or {}).get("ephemeralContainers")
    kept["spec"].pop("ephemeralContainers", None)
    if sent:
        kept["spec"]["ephemeralContainers"] = sent
    return kept
