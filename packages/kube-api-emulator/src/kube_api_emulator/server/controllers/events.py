"""Events: what controllers tell about an object.

Source: none; this is a helper of the controllers, which writes their events.
"""

import secrets
import uuid
from collections import OrderedDict
from typing import Literal

from kube_api_emulator.server.cluster import Cluster
from kube_api_emulator.server.resources import Object, Place, locate
from kube_api_emulator.server.rules.schema_rules import format_time

Kind = Literal["Normal", "Warning"]

_KEPT = 1_000
"""How many events a cluster keeps: a real one forgets them after an hour."""


class EventLog:
    """Writes events about the objects of a cluster. The same event again counts, and is no second one."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._written: OrderedDict[tuple[str, str, str], Place] = OrderedDict()

    def write(self, item: Object, component: str, reason: str, message: str, kind: Kind) -> None:
        store, key = self._cluster.store, (item["metadata"]["uid"], reason, message)
        with store.lock:
            known = store.find(self._written[key]) if key in self._written else None
            if known:
                changed = {**known, "metadata": dict(known["metadata"]), "lastTimestamp": format_time()}
                store.put(self._written[key].resource, changed | {"count": known["count"] + 1})
                return
            event = _build_event(item, component, reason, message, kind)
            place = locate(self._cluster.resources.require("", "v1", "events"), event)
            namespaces = self._cluster.resources.require("", "v1", "namespaces")
            space = store.find(Place(namespaces, "", place.namespace))
            if space is None or space["metadata"].get("deletionTimestamp"):
                return
            store.put(place.resource, event)
            self._written[key] = place
            while len(self._written) > _KEPT:
                _, oldest = self._written.popitem(last=False)
                if found := store.find(oldest):
                    store.remove(oldest.resource, found)


def _build_event(item: Object, component: str, reason: str, message: str, kind: Kind) -> Object:
    metadata, now = item["metadata"], format_time()
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": f"{metadata['name']}.{secrets.token_hex(8)}",
            "namespace": metadata.get("namespace") or "default",
            "uid": str(uuid.uuid4()),
            "creationTimestamp": now,
        },
        "involvedObject": refer_to_object(item),
        "reason": reason,
        "message": message,
        "source": {"component": component},
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
        "type": kind,
        "eventTime": None,
        "reportingComponent": component,
        "reportingInstance": "",
    }


def refer_to_object(item: Object) -> Object:
    """Return a reference to an object as events have it."""
    metadata = item["metadata"]
    reference = {"kind": item["kind"], "namespace": metadata.get("namespace", ""), "name": metadata["name"]}
    reference |= {"uid": metadata["uid"], "apiVersion": item["apiVersion"]}
    reference["resourceVersion"] = metadata.get("resourceVersion", "")
    return {name: value for name, value in reference.items() if value}
