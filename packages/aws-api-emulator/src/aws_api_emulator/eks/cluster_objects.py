"""What EKS itself puts into a new cluster."""

from collections.abc import Mapping, Sequence

from kube_api_emulator.server.cluster import Cluster, WriteOptions
from kube_api_emulator.server.resources import Object, Place

from aws_api_emulator.eks.identities import parse_list
from aws_api_emulator.exchange import EksCluster

_NAMESPACE, _AUTH_MAP = "kube-system", "aws-auth"
# The owner of what EKS writes, as managed fields name it.
_MANAGER = "vpcLambda"


def read_auth_map(cluster: Cluster) -> Mapping[str, str] | None:
    """Return the data of the ConfigMap `aws-auth`; None without it."""
    found = cluster.store.find(_locate_map(cluster))
    return None if found is None else found.get("data") or {}


def add_node_roles(cluster: Cluster, facts: EksCluster, roles: Sequence[str]) -> None:
    """Let the nodes of node groups in through `aws-auth`, unless the cluster has access entries alone."""
    if not roles or facts.authentication_mode == "API":
        return
    place = _locate_map(cluster)
    with cluster.store.lock:
        found = cluster.store.find(place)
        known = (found or {}).get("data") or {}
        present = parse_list(known.get("mapRoles", ""))
        mapped = {str(each.get("rolearn")) for each in present if isinstance(each, dict)}
        new = [_build_role(role) for role in roles if role not in mapped]
        data = {**known, "mapRoles": _format_list([*present, *new])}
        content = {"metadata": {"name": _AUTH_MAP, "namespace": _NAMESPACE}, "data": data}
        if found is None:
            cluster.create(place.resource, _NAMESPACE, content, WriteOptions(_MANAGER))
        elif new:
            cluster.update(place, found | {"data": data}, WriteOptions(_MANAGER))


def create_storage_class(cluster: Cluster) -> None:
    """Create the class gp2, which is the default of no cluster since Kubernetes 1.30."""
    classes = cluster.resources.require("storage.k8s.io", "v1", "storageclasses")
    content = {
        "metadata": {"name": "gp2"},
        "provisioner": "kubernetes.io/aws-ebs",
        "parameters": {"type": "gp2", "fsType": "ext4"},
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "WaitForFirstConsumer",
    }
    cluster.create(classes, "", content, WriteOptions(_MANAGER))


def _locate_map(cluster: Cluster) -> Place:
    return Place(cluster.resources.require("", "v1", "configmaps"), _NAMESPACE, _AUTH_MAP)


def _build_role(role: str) -> Object:
    groups = ["system:bootstrappers", "system:nodes"]
    return {"groups": groups, "rolearn": role, "username": "system:node:{{EC2PrivateDNSName}}"}


def _format_list(entries: Sequence[Object]) -> str:
    import yaml  # type: ignore[import-untyped]

    return str(yaml.safe_dump(list(entries), width=1000))
