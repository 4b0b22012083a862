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


_PROXY = ("create", "delete", "get", "patch", "update")
_CONNECT = ("create", "get")
_SUBRESOURCES = {
    "scale": Subresource(kind="Scale", group="autoscaling", version="v1"),
    "finalize": Subresource(("update",)),
    "attach": Subresource(_CONNECT, "PodAttachOptions"),
    "exec": Subresource(_CONNECT, "PodExecOptions"),
    "portforward": Subresource(_CONNECT, "PodPortForwardOptions"),
    "log": Subresource(("get",)),
    "eviction": Subresource(("create",), "Eviction", "policy", "v1"),
    "pods/proxy": Subresource(_PROXY, "PodProxyOptions"),
    "services/proxy": Subresource(_PROXY, "ServiceProxyOptions"),
    "nodes/proxy": Subresource(_PROXY, "NodeProxyOptions"),
    "token": Subresource(("create",), "TokenRequest", "authentication.k8s.io", "v1"),
}


def find_subresource(plural: str, name: str) -> Subresource:
    return _SUBRESOURCES.get(f"{plural}/{name}") or _SUBRESOURCES.get(name, Subresource())
