"""Kubernetes objects: identity, owner, and the part set by a release."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from envctl.domain.kubernetes.workload import LABEL, PRUNE_ANNOTATION

Manifest = Mapping[str, Any]
"""One object as its JSON."""

NAMESPACE, CRD_TYPE, SECRET = "Namespace", "CustomResourceDefinition.apiextensions.k8s.io", "Secret"
JOB, VOLUME_CLAIM = "Job.batch", "PersistentVolumeClaim"
# Fields that the server keeps for itself. They are no part of what was configured.
_SERVER_FIELDS = frozenset(
    {"managedFields", "resourceVersion", "generation", "uid", "creationTimestamp", "selfLink", "deletionTimestamp"}
)
_SERVER_FIELDS_WHILE_DELETED = frozenset({"deletionGracePeriodSeconds"})
_SERVER_ANNOTATIONS = frozenset(
    {
        "kubectl.kubernetes.io/last-applied-configuration",
        "deployment.kubernetes.io/revision",
        "deprecated.daemonset.template.generation",
    }
)


@dataclass(frozen=True, order=True)
class ObjectIdentity:
    """What an object is found by. The version of its API is no part of it."""

    group: str  # API group; empty for the core group
    kind: str
    namespace: str  # empty for an object of the whole cluster
    name: str

    @property
    def type(self) -> str:
        return f"{self.kind}.{self.group}" if self.group else self.kind

    def __str__(self) -> str:
        return "/".join(filter(None, (self.type, self.namespace, self.name)))


def identify(manifest: Manifest) -> ObjectIdentity:
    metadata = manifest["metadata"]
    group = str(manifest["apiVersion"]).rpartition("/")[0]
    return ObjectIdentity(group, manifest["kind"], metadata.get("namespace") or "", metadata["name"])


def clean_object(manifest: Manifest) -> dict[str, Any]:
    """Return the object without its status and without what the server or a controller notes in its metadata."""
    metadata = {
        key: value
        for key, value in (manifest.get("metadata") or {}).items()
        if key not in _SERVER_FIELDS | _SERVER_FIELDS_WHILE_DELETED
    }
    annotations = {key: text for key, text in (metadata.get("annotations") or {}).items() if not is_noise(key)}
    metadata.pop("annotations", None)
    if annotations:
        metadata["annotations"] = annotations
    return {**{key: value for key, value in manifest.items() if key != "status"}, "metadata": metadata}


def is_noise(annotation: str) -> bool:
    """Check if an annotation is written by a tool or a controller about its own work."""
    return annotation in _SERVER_ANNOTATIONS


def find_owner(live: Manifest) -> str:
    """Return the owner of an object by its label, as in `shop.dev.web`; empty for none."""
    return str((live["metadata"].get("labels") or {}).get(LABEL, ""))


def is_kept(live: Manifest) -> bool:
    """Check if an annotation forbids deployments to delete the object."""
    return str((live["metadata"].get("annotations") or {}).get(PRUNE_ANNOTATION, "")).lower() == "false"


def is_being_deleted(live: Manifest) -> bool:
    return bool(live["metadata"].get("deletionTimestamp"))


def is_passing(manifest: Manifest) -> bool:
    """Check if the cluster deletes the object by itself, once it is done."""
    return identify(manifest).type == JOB and "ttlSecondsAfterFinished" in (manifest.get("spec") or {})


def describe_kind(manifest: Manifest) -> str:
    """Return the kind with its API for a message, as in `Widget (example.com/v1)`."""
    return f"{manifest['kind']} ({manifest['apiVersion']})"


def list_defined_types(objects: Iterable[Manifest]) -> set[str]:
    """Return the types that the CustomResourceDefinitions among these objects bring, as in `Widget.example.com`."""
    return {
        f"{each['spec']['names']['kind']}.{each['spec']['group']}"
        for each in objects
        if identify(each).type == CRD_TYPE
    }
