"""The cluster and the settings of controllers.

Source: k8s.io/kubernetes v1.36.2, pkg/controller/controller_utils.go (CreatePods, DeletePod).
"""

import copy
import itertools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kube_api_emulator.server.cluster import Cluster, WriteOptions
from kube_api_emulator.server.controllers.events import EventLog, Kind
from kube_api_emulator.server.platform import LocalPlatform, Platform
from kube_api_emulator.server.resources import Object, Resource, locate
from kube_api_emulator.server.rules.schema_rules import format_time
from kube_api_emulator.server.status_errors import StatusError

MANAGER = "kube-controller-manager"
KUBELET = "kubelet"
_TERMINATING_SINCE = (1, 35)

Reconcile = Callable[["Context", Resource, Object], float | None]
"""Brings an object nearer to what it should be. Returns the seconds after which it wants to be called again."""


@dataclass(frozen=True)
class NodeFacts:
    """A machine of the cluster.

    Attributes:
        taints: as in the spec of a node.
    """

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[Mapping[str, str], ...] = ()


DEFAULT_NODES = (NodeFacts("node-1"), NodeFacts("node-2"))


@dataclass
class Context:
    """The cluster as controllers see it.

    Attributes:
        ready_seconds: how long each pod takes to become ready.
        deadline_seconds: the longest time for the progress of a Deployment, whatever it says itself.
        nodes: the machines of the cluster.
        platform: makes load balancers.
    """

    cluster: Cluster
    ready_seconds: float = 0.05
    deadline_seconds: float = 1.0
    nodes: Sequence[NodeFacts] = DEFAULT_NODES
    platform: Platform = field(default_factory=LocalPlatform)
    _addresses: Iterator[int] = field(default_factory=lambda: itertools.count(10))
    _since: dict[tuple[str, object], float] = field(default_factory=dict)
    _events: EventLog = field(init=False)

    def __post_init__(self) -> None:
        self._events = EventLog(self.cluster)

    def find(self, group: str, plural: str) -> Resource:
        return self.cluster.resources.require(group, "v1", plural)

    def measure_age(self, item: Object, state: object = "") -> float:
        """Return the seconds for which an object has been in a state."""
        uid = item["metadata"]["uid"]
        return time.monotonic() - self._since.setdefault((uid, state), time.monotonic())

    def notice(self, item: Object, state: object) -> bool:
        """Return whether an object has not been seen in this state before."""
        key = item["metadata"]["uid"], ("noticed", state)
        is_new = key not in self._since
        self._since[key] = time.monotonic()
        return is_new

    def take_address(self) -> str:
        """Return the address of a new pod."""
        number = next(self._addresses)
        return f"10.{64 + number // 62_500 % 64}.{number // 250 % 250}.{number % 250 + 2}"

    def forget(self, uid: str) -> None:
        for key in [key for key in self._since if key[0] == uid]:
            del self._since[key]

    def create(self, resource: Resource, namespace: str, item: Object, manager: str = MANAGER) -> Object:
        return self.cluster.create(resource, namespace, item, WriteOptions(manager)).item

    def change(self, resource: Resource, item: Object, change: Callable[[Object], object]) -> Object:
        """Change an object of a controller. Returns it."""
        place = locate(resource, item)
        changed = copy.deepcopy(self.cluster.get(place))
        change(changed)
        return self.cluster.update(place, changed, WriteOptions(MANAGER)).item

    def set_status(
        self,
        resource: Resource,
        item: Object,
        status: Mapping[str, Any],
        manager: str = MANAGER,
        annotations: Mapping[str, str] | None = None,
    ) -> None:
        """Write a status, and annotations with it."""
        place = locate(resource, item)
        live = self.cluster.get(place)
        known = live["metadata"].get("annotations") or {}
        if live.get("status") != status or (annotations is not None and known != annotations):
            changed = {**live, "status": dict(status)}
            if annotations:
                changed["metadata"] = {**live["metadata"], "annotations": dict(annotations)}
            self.cluster.update(place, changed, WriteOptions(manager, part="status"))

    def delete(self, resource: Resource, item: Object) -> None:
        self.cluster.delete(locate(resource, item), {})

    def report(self, item: Object, component: str, reason: str, message: str, kind: Kind = "Normal") -> None:
        """Write an event about an object."""
        self._events.write(item, component, reason, message, kind)

    def create_pod(self, owner: Object, pod: Object, component: str) -> str:
        """Create a pod of a controller, and report it. Returns the refusal of the API; empty for none."""
        pods = self.find("", "pods")
        try:
            created = self.create(pods, owner["metadata"]["namespace"], pod)
        except StatusError as error:
            self.report(owner, component, "FailedCreate", f"Error creating: {error.message}", "Warning")
            return error.message
        self.report(owner, component, "SuccessfulCreate", f"Created pod: {created['metadata']['name']}")
        return ""

    def delete_pod(self, owner: Object, pod: Object, component: str) -> None:
        """Delete a pod of a controller, and report it."""
        self.delete(self.find("", "pods"), pod)
        self.report(owner, component, "SuccessfulDelete", f"Deleted pod: {pod['metadata']['name']}")

    def list_owned(self, resource: Resource, owner: Object) -> list[Object]:
        """Return the objects of a kind that an object controls, the oldest first."""
        uid = owner["metadata"]["uid"]
        found = [
            item
            for item in self.cluster.store.list_items(resource, owner["metadata"]["namespace"])
            if any(each.get("uid") == uid for each in item["metadata"].get("ownerReferences") or ())
        ]
        return sorted(found, key=lambda item: item["metadata"]["creationTimestamp"])


def refer_to(owner: Object) -> Object:
    """Return an owner reference to the controller of an object."""
    named = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": owner["metadata"]["name"]}
    return named | {"uid": owner["metadata"]["uid"], "controller": True, "blockOwnerDeletion": True}


def build_condition(previous: Mapping[str, Any], kind: str, status: str, reason: str = "", message: str = "") -> Object:
    """Return a condition, with the time of its last transition from the status before."""
    known: Mapping[str, Any] = next((each for each in previous.get("conditions") or () if each.get("type") == kind), {})
    is_same = known.get("status") == status
    since = known["lastTransitionTime"] if is_same and "lastTransitionTime" in known else format_time()
    condition: Object = {"type": kind, "status": status, "lastTransitionTime": since}
    condition |= {"reason": reason} if reason else {}
    return condition | ({"message": message} if message else {})


def drop_zeros(status: Object) -> Object:
    """Leave out counts of 0, as Kubernetes does."""
    kept = ("observedGeneration", "terminatingReplicas")
    return {name: value for name, value in status.items() if value != 0 or name in kept}


def count_terminating(context: Context) -> Object:
    """Return the count of pods in termination, which Kubernetes knows since 1.35: here pods end at once."""
    major, _, minor = context.cluster.version.partition(".")
    has_count = (int(major), int(minor or 0)) >= _TERMINATING_SINCE
    return {"terminatingReplicas": 0} if has_count else {}
