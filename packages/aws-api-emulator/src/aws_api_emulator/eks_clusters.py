"""What moto knows of the clusters of EKS. Importing this imports moto."""

from moto.eks.models import Cluster, eks_backends

from aws_api_emulator.exchange import AccessEntry, EksCluster, EksNode
from aws_api_emulator.patches.containers.eks_access_entries import read_access

_REGION, _ZONE = "topology.kubernetes.io/region", "topology.kubernetes.io/zone"
_EFFECTS = {"NO_SCHEDULE": "NoSchedule", "NO_EXECUTE": "NoExecute", "PREFER_NO_SCHEDULE": "PreferNoSchedule"}
_MOST_NODES = 20
"""How many nodes of one group the sandbox shows."""


def find_eks_cluster(host: str) -> EksCluster | None:
    """Return the cluster with this endpoint, in any account and region."""
    for account_id, regions in list(eks_backends.items()):
        for backend in list(regions.values()):
            for cluster in list(backend.clusters.values()):
                if cluster.endpoint.removeprefix("https://").lower() == host:
                    return _describe(account_id, host, cluster)
    return None


def _describe(account_id: str, host: str, cluster: Cluster) -> EksCluster:
    access = read_access(cluster)
    entries = tuple(
        AccessEntry(
            each["principalArn"],
            each["username"],
            tuple(each["kubernetesGroups"]),
            tuple(
                (policy["policyArn"], tuple(policy["accessScope"].get("namespaces") or ()))
                for policy in access.policies[each["principalArn"]].values()
            ),
        )
        for each in list(access.entries.values())
    )
    roles = tuple(dict.fromkeys(group.node_role for group in list(cluster.nodegroups.values())))
    return EksCluster(
        account_id=account_id,
        name=cluster.name,
        host=host,
        version=cluster.version,
        authentication_mode=access.mode,
        creator_arn=access.hidden_admin,
        access_entries=entries,
        node_roles=roles,
        nodes=_list_nodes(host, cluster),
    )


def _list_nodes(host: str, cluster: Cluster) -> tuple[EksNode, ...] | None:
    """Return as many nodes as the groups want, with names as EC2 gives them; None without a group."""
    groups = list(cluster.nodegroups.values())
    if not groups:
        return None
    region = host.split(".")[2]
    nodes = []
    for position, group in enumerate(groups):
        labels = {**(group.labels or {}), "eks.amazonaws.com/nodegroup": group.nodegroup_name}
        labels |= {"node.kubernetes.io/instance-type": next(iter(group.instance_types), ""), _REGION: region}
        taints = tuple(
            {"key": each["key"], "value": each.get("value", ""), "effect": _EFFECTS.get(each["effect"], each["effect"])}
            for each in group.taints or ()
        )
        wanted = int((group.scaling_config or {}).get("desiredSize", 1))
        for number in range(min(wanted, _MOST_NODES)):
            name = f"ip-10-0-{position}-{number + 10}.{region}.compute.internal"
            nodes.append(EksNode(name, {**labels, _ZONE: f"{region}{'abc'[number % 3]}"}, taints))
    return tuple(nodes)
