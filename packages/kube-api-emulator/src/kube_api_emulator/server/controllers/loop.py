"""The thread of the controllers: it takes changed objects from a queue, one after the other.

Source: none; this is a helper of the controllers, with one queue for all.
"""

import heapq
import itertools
import sys
import threading
import time
import traceback
from collections.abc import Sequence

from kube_api_emulator.server.cluster import Cluster
from kube_api_emulator.server.controllers.claims import reconcile_claim, release_volume
from kube_api_emulator.server.controllers.context import DEFAULT_NODES, Context, NodeFacts, Reconcile
from kube_api_emulator.server.controllers.garbage import collect_dependents, delete_in_foreground
from kube_api_emulator.server.controllers.load_balancers import reconcile_ingress, reconcile_service
from kube_api_emulator.server.controllers.nodes import synchronize_nodes
from kube_api_emulator.server.controllers.observers import find_observers
from kube_api_emulator.server.controllers.others import (
    reconcile_api_service,
    reconcile_definition,
    reconcile_namespace,
)
from kube_api_emulator.server.controllers.pods import reconcile_pod
from kube_api_emulator.server.controllers.workloads.autoscalers import reconcile_autoscaler
from kube_api_emulator.server.controllers.workloads.budgets import reconcile_budget
from kube_api_emulator.server.controllers.workloads.cron_jobs import reconcile_cron_job
from kube_api_emulator.server.controllers.workloads.daemon_sets import reconcile_daemon_set
from kube_api_emulator.server.controllers.workloads.deployments import reconcile_deployment
from kube_api_emulator.server.controllers.workloads.jobs import reconcile_job
from kube_api_emulator.server.controllers.workloads.replica_sets import reconcile_replica_set
from kube_api_emulator.server.controllers.workloads.stateful_sets import reconcile_stateful_set
from kube_api_emulator.server.platform import LocalPlatform, Platform
from kube_api_emulator.server.resources import Place
from kube_api_emulator.server.status_errors import StatusError
from kube_api_emulator.server.store import Event

_RECONCILERS: dict[tuple[str, str], Reconcile] = {
    ("", "namespaces"): reconcile_namespace,
    ("", "pods"): reconcile_pod,
    ("", "persistentvolumeclaims"): reconcile_claim,
    ("", "services"): reconcile_service,
    ("apps", "deployments"): reconcile_deployment,
    ("apps", "replicasets"): reconcile_replica_set,
    ("apps", "statefulsets"): reconcile_stateful_set,
    ("apps", "daemonsets"): reconcile_daemon_set,
    ("autoscaling", "horizontalpodautoscalers"): reconcile_autoscaler,
    ("batch", "jobs"): reconcile_job,
    ("batch", "cronjobs"): reconcile_cron_job,
    ("networking.k8s.io", "ingresses"): reconcile_ingress,
    ("policy", "poddisruptionbudgets"): reconcile_budget,
    ("apiextensions.k8s.io", "customresourcedefinitions"): reconcile_definition,
    ("apiregistration.k8s.io", "apiservices"): reconcile_api_service,
}
_KEYS_OF_KINDS = {
    "Deployment": ("apps", "deployments"),
    "ReplicaSet": ("apps", "replicasets"),
    "StatefulSet": ("apps", "statefulsets"),
    "DaemonSet": ("apps", "daemonsets"),
    "Job": ("batch", "jobs"),
    "CronJob": ("batch", "cronjobs"),
}
_Key = tuple[tuple[str, str], str, str]


class Controllers:
    """Runs the controllers of one cluster in a thread.

    Attributes:
        context: its times can be changed while it runs.
    """

    def __init__(
        self,
        cluster: Cluster,
        *,
        ready_seconds: float = 0.05,
        deadline_seconds: float = 1.0,
        nodes: Sequence[NodeFacts] = DEFAULT_NODES,
        platform: Platform | None = None,
    ) -> None:
        self.context = Context(cluster, ready_seconds, deadline_seconds, nodes, platform or LocalPlatform())
        self._cluster = cluster
        self._woken = threading.Condition()
        self._queue: list[tuple[float, int, _Key]] = []
        self._numbers = itertools.count()
        self._waiting: set[_Key] = set()
        self._gone: list[Event] = []
        self._is_stopped = False
        self._thread = threading.Thread(target=self._run, daemon=True, name="kubernetes-controllers")

    def start(self) -> None:
        self._cluster.has_controllers = True
        with self._cluster.store.lock:
            self._cluster.store.listeners.append(self._on_event)
            for key in _RECONCILERS:
                if resource := self._cluster.resources.find_key(key):
                    for item in self._cluster.store.list_items(resource):
                        self._enqueue((key, item["metadata"].get("namespace", ""), item["metadata"]["name"]))
        synchronize_nodes(self.context)
        self._thread.start()

    def set_nodes(self, nodes: Sequence[NodeFacts]) -> None:
        """Change the machines of the cluster."""
        if nodes != self.context.nodes:
            self.context.nodes = nodes
            synchronize_nodes(self.context)

    def stop(self) -> None:
        with self._woken:
            self._is_stopped = True
            self._woken.notify()
        self._thread.join(timeout=5)
        with self._cluster.store.lock:
            self._cluster.store.listeners.remove(self._on_event)
        self._cluster.has_controllers = False

    def _on_event(self, event: Event) -> None:
        metadata = event.item["metadata"]
        namespace = metadata.get("namespace", "")
        if event.type == "DELETED":
            with self._woken:
                self._gone.append(event)
                self._woken.notify()
        elif event.key in _RECONCILERS or metadata.get("deletionTimestamp"):
            self._enqueue((event.key, namespace, metadata["name"]))
        for owner in metadata.get("ownerReferences") or ():
            if owner.get("controller") and owner["kind"] in _KEYS_OF_KINDS:
                self._enqueue((_KEYS_OF_KINDS[owner["kind"]], namespace, owner["name"]))
        for observer in find_observers(self._cluster, event):
            self._enqueue(observer)
        if namespace and event.type != "ADDED":
            # An object less may be the last one of a namespace that is being deleted.
            spaces = self.context.find("", "namespaces")
            space = self._cluster.store.find(Place(spaces, "", namespace))
            if space and space["metadata"].get("deletionTimestamp"):
                self._enqueue((spaces.key, "", namespace))

    def _enqueue(self, place: _Key, seconds: float = 0.0) -> None:
        with self._woken:
            if not seconds:
                if place in self._waiting:
                    return
                self._waiting.add(place)
            heapq.heappush(self._queue, (time.monotonic() + seconds, next(self._numbers), place))
            self._woken.notify()

    def _run(self) -> None:
        while True:
            with self._woken:
                while not self._is_stopped and not self._gone and not self._is_due():
                    self._woken.wait(self._queue[0][0] - time.monotonic() if self._queue else None)
                if self._is_stopped:
                    return
                gone, self._gone = self._gone, []
                place = heapq.heappop(self._queue)[2] if self._is_due() else None
                self._waiting.discard(place)
            try:
                for event in gone:
                    self._collect(event)
                if place:
                    self._reconcile(place)
            except StatusError as error:
                # Of a race with a client; the next change tries again.
                sys.stderr.write(f"controller of {place}: {error}\n")
            except Exception:  # noqa: BLE001 (one bad object must not end the controllers)
                traceback.print_exc()

    def _is_due(self) -> bool:
        return bool(self._queue) and self._queue[0][0] <= time.monotonic()

    def _collect(self, event: Event) -> None:
        with self._cluster.store.lock:
            collect_dependents(self.context, event.item)
            self.context.forget(event.item["metadata"]["uid"])
            if event.key == ("", "persistentvolumeclaims"):
                release_volume(self.context, event.item)

    def _reconcile(self, place: _Key) -> None:
        key, namespace, name = place
        with self._cluster.store.lock:
            resource = self._cluster.resources.find_key(key)
            item = resource and self._cluster.store.find(Place(resource, namespace, name))
            if not resource or not item:
                return
            if item["metadata"].get("deletionTimestamp"):
                seconds = delete_in_foreground(self.context, resource, item)
                if seconds is not None:
                    self._enqueue(place, seconds)
                item = self._cluster.store.find(Place(resource, namespace, name))
            reconcile = _RECONCILERS.get(key)
            seconds = reconcile(self.context, resource, item) if reconcile and item else None
        if seconds is not None:
            self._enqueue(place, max(seconds, 0.005))
