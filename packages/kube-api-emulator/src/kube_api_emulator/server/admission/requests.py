"""A write in the view of admission.

Source: k8s.io/apiserver v0.36.2, pkg/admission/errors.go (NewForbidden).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from kube_api_emulator.server.identity.users import User
from kube_api_emulator.server.resources import Object, Place, Resource, ResourceRegistry
from kube_api_emulator.server.status_errors import StatusError, forbidden
from kube_api_emulator.server.store import ObjectStore

Operation = Literal["CREATE", "UPDATE", "DELETE"]


class ClusterView(Protocol):
    """What admission reads of a cluster."""

    @property
    def version(self) -> str: ...
    @property
    def store(self) -> ObjectStore: ...
    @property
    def resources(self) -> ResourceRegistry: ...
    @property
    def has_controllers(self) -> bool: ...


@dataclass(frozen=True)
class AdmissionRequest:
    """A write that is complete and valid.

    Attributes:
        item: the object after the write; plugins may change a new one. None for a delete.
        live: the object before the write; None for a new one.
        part: the subresource.
    """

    cluster: ClusterView
    operation: Operation
    resource: Resource
    item: Object | None
    live: Object | None
    user: User
    part: str = ""
    is_dry_run: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def subject(self) -> Object:
        """The object of the write: the one before a delete."""
        found = self.item if self.item is not None else self.live
        return found or {"metadata": {}}

    @property
    def name(self) -> str:
        return str(self.subject["metadata"].get("name", ""))

    @property
    def namespace(self) -> str:
        return str(self.subject["metadata"].get("namespace", ""))

    def is_new(self, group: str, kind: str) -> bool:
        """Check for the creation of an object of a kind."""
        is_meant = not self.resource.is_custom and (self.resource.group, self.resource.kind) == (group, kind)
        return is_meant and self.operation == "CREATE"

    def find_labels(self) -> Mapping[str, str]:
        """Return the labels of the namespace of the object."""
        return (self.find_namespace() or {"metadata": {}})["metadata"].get("labels") or {}

    def find_namespace(self) -> Object | None:
        namespaces = self.cluster.resources.require("", "v1", "namespaces")
        return self.cluster.store.find(Place(namespaces, "", self.namespace))

    def list_items(self, group: str, plural: str, namespace: str = "") -> list[Object]:
        """Return the objects of a built-in kind."""
        kind = self.cluster.resources.find_key((group, plural))
        return self.cluster.store.list_items(kind, namespace) if kind else []

    def refuse(self, message: str) -> StatusError:
        return forbidden(self.resource, self.name or "Unknown", message)
