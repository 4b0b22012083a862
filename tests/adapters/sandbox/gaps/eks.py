"""EKS."""

from collections.abc import Callable
from functools import partial
from typing import Any

from tests.adapters.sandbox.gaps import Client, Probe, fails

ROLE = "arn:aws:iam::123456789012:role/eks"


def eks_addons(client: Client) -> bool:
    eks, there = client("eks"), {"clusterName": _cluster(client, "addons"), "addonName": "vpc-cni"}
    if fails(lambda: eks.create_addon(**there, serviceAccountRoleArn=ROLE, tags={"project": "shop"})):
        return True
    twice = not fails(lambda: eks.create_addon(**there))
    update = eks.update_addon(**there, addonVersion="v1.20.4-eksbuild.1")["update"]
    told = eks.describe_update(name="addons", addonName="vpc-cni", updateId=update["id"])["update"]
    addon = eks.describe_addon(**there)["addon"]
    kept = (addon["addonVersion"], addon["serviceAccountRoleArn"], addon["status"], addon["tags"])
    listed = eks.list_addons(clusterName="addons")["addons"]
    eks.delete_addon(**there)
    left = not fails(lambda: eks.describe_addon(**there))
    wanted = ("v1.20.4-eksbuild.1", ROLE, "ACTIVE", {"project": "shop"})
    return twice or left or told["status"] != "Successful" or kept != wanted or listed != ["vpc-cni"]


def eks_cluster(client: Client) -> bool:
    eks, ec2 = client("eks"), client("ec2")
    seen = [eks.describe_cluster(name=_cluster(client, name))["cluster"] for name in ("first", "second")]
    if seen[0]["identity"] == seen[1]["identity"] or "vpcId" not in seen[0]["resourcesVpcConfig"]:
        return True
    network = seen[0]["resourcesVpcConfig"]
    (group,) = ec2.describe_security_groups(GroupIds=[network["clusterSecurityGroupId"]])["SecurityGroups"]
    eks.delete_cluster(name="first")
    left = not fails(lambda: ec2.describe_security_groups(GroupIds=[group["GroupId"]]))
    return left or group["VpcId"] != network["vpcId"] or len(group["IpPermissions"]) != 1


def eks_node_group(client: Client) -> bool:
    eks, subnets = client("eks"), _subnets(client)
    template = {"LaunchTemplateName": "nodes", "LaunchTemplateData": {"EbsOptimized": True}}
    client("ec2").create_launch_template(**template)
    there = {"clusterName": _cluster(client, "groups"), "nodegroupName": "nodes"}
    eks.create_nodegroup(**there, nodeRole=ROLE, subnets=subnets, launchTemplate={"name": "nodes", "version": "1"})
    group = eks.describe_nodegroup(**there)["nodegroup"]
    return bool(group.get("remoteAccess") or group.get("diskSize") or group["version"] != "1.35")


def eks_updates(client: Client) -> bool:
    eks, cluster = client("eks"), _cluster(client, "updates")
    there = {"clusterName": cluster, "nodegroupName": "nodes"}
    eks.create_nodegroup(**there, nodeRole=ROLE, subnets=_subnets(client))
    changes = (
        partial(eks.update_cluster_config, name=cluster, resourcesVpcConfig={"endpointPublicAccess": False}),
        partial(eks.update_cluster_version, name=cluster, version="1.36"),
        partial(eks.update_nodegroup_config, **there, scalingConfig={"maxSize": 5}),
        partial(eks.update_nodegroup_version, **there, version="1.36"),
    )
    if any(fails(partial(_ended, eks, cluster, change)) for change in changes):
        return True
    leap = not fails(lambda: eks.update_cluster_version(name=cluster, version="1.38"))
    crossed = not fails(lambda: eks.update_nodegroup_config(**there, scalingConfig={"minSize": 4}))
    seen, group = eks.describe_cluster(name=cluster)["cluster"], eks.describe_nodegroup(**there)["nodegroup"]
    network = seen["resourcesVpcConfig"]
    kept = (network["endpointPublicAccess"], len(network["subnetIds"]), seen["version"], group["version"])
    return leap or crossed or kept != (False, 2, "1.36", "1.36") or group["scalingConfig"]["maxSize"] != 5


PROBES: dict[str, Probe] = {
    "eks-addons": eks_addons,
    "eks-cluster": eks_cluster,
    "eks-node-group": eks_node_group,
    "eks-updates": eks_updates,
}


def _cluster(client: Client, name: str) -> str:
    network = {"subnetIds": _subnets(client)}
    client("eks").create_cluster(name=name, version="1.35", roleArn=ROLE, resourcesVpcConfig=network)
    return name


def _ended(eks: Any, cluster: str, change: Callable[[], Any]) -> None:
    update = eks.describe_update(name=cluster, updateId=change()["update"]["id"])["update"]
    assert update["status"] == "Successful"


def _subnets(client: Client) -> list[Any]:
    return [subnet["SubnetId"] for subnet in client("ec2").describe_subnets()["Subnets"][:2]]
