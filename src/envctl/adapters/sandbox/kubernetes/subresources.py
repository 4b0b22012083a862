"""The subresources of built-in kinds as discovery describes them (the registries of kube-apiserver, 1.36)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Subresource:
    """A part of a resource with a path of its own.

    Attributes:
        kind: of its bodies; empty for the kind of the resource.
        group: of this kind; empty for the group of the resource.
        version: of this kind; empty for the version of the resource.
    """

    verbs: tuple[str, ...] = ("get", "patch", "update")
    kind: str = ""
    group: str = ""
    version: str = ""


_CONNECT = ("create", "get")
_SUBRESOURCES = {
    "scale": Subresource(kind="Scale", group="autoscaling", version="v1"),
    "finalize": Subresource(("update",)),
    "attach": Subresource(_CONNECT, "PodAttachOptions"),
    "exec": Subresource(_CONNECT, "PodExecOptions"),
    "portforward": Subresource(_CONNECT, "PodPortForwardOptions"),
    "log": Subresource(("get",)),
    "eviction": Subresource(("create",), "Eviction", "policy", "v1"),
    "token": Subresource(("create",), "TokenRequest", "authentication.k8s.io", "v1"),
}


def find_subresource(name: str) -> Subresource:
    return _SUBRESOURCES.get(name, Subresource())
