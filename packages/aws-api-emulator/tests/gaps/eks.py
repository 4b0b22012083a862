"""EKS."""

import json
import re
from collections.abc import Callable
from functools import partial
from typing import Any

from tests.gaps import Client, Probe, fails

_ENDPOINT = r"https://[0-9A-F]{32}\.gr7\.[a-z0-9-]+\.eks\.amazonaws\.com"
ROLE = "arn:aws:iam::123456789012:role/eks"


def eks_access(client: Client) -> bool:
    eks, subnets = client("eks"), _subnets(client)
    network, config = {"subnetIds": subnets}, {"authenticationMode": "API"}
    eks.create_cluster(name="access", roleArn=ROLE, resourcesVpcConfig=network, accessConfig=config)
    mode = (eks.describe_cluster(name="access")["cluster"].get("accessConfig") or {}).get("authenticationMode")
    return mode != "API" or fails(lambda: eks.create_access_entry(clusterName="access", principalArn=ROLE))


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


def eks_endpoint(client: Client) -> bool:
    eks = client("eks")
    seen = [eks.describe_cluster(name=_cluster(client, name))["cluster"]["endpoint"] for name in ("east", "west")]
    return seen[0] == seen[1] or not all(re.fullmatch(_ENDPOINT, endpoint) for endpoint in seen)


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


def eks_node_images(client: Client) -> bool:
    prefix, suffix = "/aws/service/eks/optimized-ami/1.35/amazon-linux-2023", "standard/recommended/release_version"
    names = [f"{prefix}/{machine}/{suffix}" for machine in ("x86_64", "arm64")]
    ssm = client("ssm")
    if any(fails(partial(ssm.get_parameter, Name=name)) for name in names):
        return True
    seen = [ssm.get_parameter(Name=name)["Parameter"]["Value"] for name in (*names, names[0])]
    return len(set(seen)) != 1 or not re.fullmatch(r"1\.35\.\d+-\d{8}", seen[0])


def stack_with_addon(client: Client) -> bool:
    stacks, eks, cluster = client("cloudformation"), client("eks"), _cluster(client, "stacked")
    there = {"clusterName": cluster, "addonName": "vpc-cni"}
    # Stock moto leaves out what it does not know, and says that the stack is complete.
    stacks.create_stack(StackName="addon", TemplateBody=_stack(cluster, ConfigurationValues='{"a": "b"}'))
    if fails(lambda: eks.describe_addon(**there)):
        return True
    first = eks.describe_addon(**there)["addon"]
    stacks.update_stack(StackName="addon", TemplateBody=_stack(cluster, AddonVersion="v1.20.4-eksbuild.1"))
    later = eks.describe_addon(**there)["addon"]
    stacks.delete_stack(StackName="addon")
    left = not fails(lambda: eks.describe_addon(**there))
    seen = (first["configurationValues"], first["status"], later["addonVersion"])
    return left or seen != ('{"a": "b"}', "ACTIVE", "v1.20.4-eksbuild.1")


PROBES: dict[str, Probe] = {
    "eks-access": eks_access,
    "cloudformation-eks-addon": stack_with_addon,
    "eks-addons": eks_addons,
    "eks-cluster": eks_cluster,
    "eks-endpoint": eks_endpoint,
    "eks-node-group": eks_node_group,
    "eks-node-images": eks_node_images,
    "eks-updates": eks_updates,
}


def _cluster(client: Client, name: str) -> str:
    network = {"subnetIds": _subnets(client)}
    client("eks").create_cluster(name=name, version="1.35", roleArn=ROLE, resourcesVpcConfig=network)
    return name


def _stack(cluster: str, **settings: str) -> str:
    given = {"ClusterName": cluster, "AddonName": "vpc-cni", **settings}
    addon = {"Type": "AWS::EKS::Addon", "Properties": given}
    return json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Addon": addon}})


def _ended(eks: Any, cluster: str, change: Callable[[], Any]) -> None:
    update = eks.describe_update(name=cluster, updateId=change()["update"]["id"])["update"]
    assert update["status"] == "Successful"


def _subnets(client: Client) -> list[Any]:
    return [subnet["SubnetId"] for subnet in client("ec2").describe_subnets()["Subnets"][:2]]
