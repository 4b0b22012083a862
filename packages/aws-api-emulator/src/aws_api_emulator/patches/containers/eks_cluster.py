"""EKS: the network and the token issuer of a new cluster."""

import secrets
from typing import TYPE_CHECKING, Any

from aws_api_emulator.patches.patch import Patch, replace_methods

if TYPE_CHECKING:
    from moto.ec2.models import EC2Backend
    from moto.eks.models import Cluster

_ISSUER_BYTES = 16


def _apply() -> None:
    from moto.ec2.models import ec2_backends
    from moto.eks.models import EKSBackend

    stock_create, stock_delete = EKSBackend.create_cluster, EKSBackend.delete_cluster

    def create_cluster(self: EKSBackend, name: str, **given: Any) -> "Cluster":  # noqa: ANN401 (as in moto)
        ec2 = ec2_backends[self.account_id][self.region_name]
        vpc_id = ec2.get_subnet(given["resources_vpc_config"]["subnetIds"][0]).vpc_id
        cluster = stock_create(self, name=name, **given)
        network = {"vpcId": vpc_id, "clusterSecurityGroupId": _create_member_group(ec2, name, vpc_id)}
        cluster.resources_vpc_config = {**cluster.resources_vpc_config, **network}
        issuer = f"https://oidc.eks.{self.region_name}.amazonaws.com/id/{secrets.token_hex(_ISSUER_BYTES).upper()}"
        cluster.identity = {"oidc": {"issuer": issuer}}
        return cluster

    def delete_cluster(self: EKSBackend, name: str) -> "Cluster":
        cluster = stock_delete(self, name)
        if group := cluster.resources_vpc_config.get("clusterSecurityGroupId"):
            ec2_backends[self.account_id][self.region_name].delete_security_group(group_id=group)
        return cluster

    replace_methods(EKSBackend, create_cluster, delete_cluster)


def _create_member_group(ec2: "EC2Backend", name: str, vpc_id: str) -> str:
    """Create the security group for traffic between control plane and nodes, and return its id."""
    group = ec2.create_security_group(
        name=f"eks-cluster-sg-{name}-{secrets.randbelow(10**10)}",
        description="EKS created security group applied to the control plane and to managed workloads.",
        vpc_id=vpc_id,
        tags={"aws:eks:cluster-name": name, f"kubernetes.io/cluster/{name}": "owned"},
    )
    ec2.authorize_security_group_ingress(group.id, "-1", "-1", "-1", [], source_groups=[{"GroupId": group.id}])
    identity: str = group.id
    return identity


PATCH = Patch("eks-cluster", "eks", _apply)
"""moto's clusters have no security group for their nodes, no VPC, and all the same issuer of tokens."""
