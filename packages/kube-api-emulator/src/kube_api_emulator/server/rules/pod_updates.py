"""What the subresource of the temporary containers of a pod changes.

The strategy is in pkg/registry/core/pod/strategy.go of Kubernetes. It drops all other changes.
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
