"""Module eks."""

import json
from typing import Any

import yaml  # type: ignore[import-untyped]

from tests.modules.applying import Account, Case, Found

NAME = "shop-dev"
ADDONS = ["aws-ebs-csi-driver", "coredns", "kube-proxy", "vpc-cni"]
LOG_TYPES = {"api", "audit", "authenticator", "controllerManager", "scheduler"}
OFFICE = "203.0.113.0/24"
# What each role may do, and which service account takes it.
ACCOUNTS = {
    "vpc-cni": ("kube-system:aws-node", ["AmazonEKS_CNI_Policy"]),
    "ebs-csi": ("kube-system:ebs-csi-controller-sa", ["AmazonEBSCSIDriverPolicy"]),
    "reports": ("shop:reports", ["AmazonS3ReadOnlyAccess", "AmazonSQSReadOnlyAccess"]),
    "web": ("shop:web", []),
    "load-balancer": ("kube-system:aws-load-balancer-controller", []),
}


def root(settings: str, subnets: str = "[0], [1]") -> str:
    chosen = ", ".join(f"aws_subnet.private{subnet.strip()}.id" for subnet in subnets.split(","))
    return f"""
resource "aws_vpc" "this" {{
  cidr_block = "10.10.0.0/16"
}}

resource "aws_subnet" "private" {{
  count = 3

  vpc_id            = aws_vpc.this.id
  cidr_block        = cidrsubnet(aws_vpc.this.cidr_block, 8, count.index)
  availability_zone = ["ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1d"][count.index]
}}

module "cluster" {{
  source = "./modules/eks"

  project            = "shop"
  environment        = "dev"
  vpc_id             = aws_vpc.this.id
  subnet_ids         = [{chosen}]
  log_retention_days = 7

  cluster_private_cidrs = ["10.10.0.0/16"]

  load_balancer_controller = true

  cluster_access = {{
    developer = {{
      role_arn = "arn:aws:iam::111111111111:role/DeveloperRole"
      groups   = ["shop:developers"]
    }}
  }}

  service_accounts = {{
    web = {{
      namespace       = "shop"
      service_account = "web"
      secrets         = ["shop/dev/database-*"]
    }}
    reports = {{
      namespace       = "shop"
      service_account = "reports"
      policy_arns = [
        "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
        "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess",
      ]
    }}
  }}
{settings}
}}

resource "aws_security_group" "database" {{
  name        = "database-client"
  description = "Clients of the database."
  vpc_id      = aws_vpc.this.id
}}

output "database_group" {{
  value = aws_security_group.database.id
}}

output "made" {{
  value = module.cluster
}}
"""


FIRST = root('kubernetes_version = "1.34"')
UPGRADED = root(
    f"""
  kubernetes_version     = "1.35"
  cluster_public_cidrs   = ["{OFFICE}"]
  cluster_addon_versions = {{ kube-proxy = "v1.35.1-eksbuild.2" }}
  node_max_size          = 6
  node_volume_gb         = 80
"""
)
SPOT = root(
    """
  node_spot                  = true
  node_instance_types        = ["t3.large", "t3a.large"]
  database_security_group_id = aws_security_group.database.id
  sleep = {
    down = "0 11 ? * MON-FRI *"
    up   = "0 23 ? * SUN-THU *"
  }
""",
    subnets="[0], [1], [2]",
)


def look(account: Account, found: Found) -> None:
    cluster = _cluster(account)
    _is_encrypted(account, cluster, found["made"])
    _writes_its_log(account, cluster)
    _lets_in_whom_it_should(account, cluster, found["made"])
    _has_its_roles(account, cluster, found["made"])
    _has_its_addons(account)
    assert (cluster["version"], cluster["resourcesVpcConfig"]["endpointPublicAccess"]) == ("1.34", False)

    group = _group(account, found["made"])
    assert group["nodegroupName"].startswith(f"{NAME}-on-demand-")
    assert (group["capacityType"], group["version"], group["instanceTypes"]) == ("ON_DEMAND", "1.34", ["t3.large"])
    assert group["scalingConfig"] == {"minSize": 2, "desiredSize": 2, "maxSize": 4}
    assert group["releaseVersion"] == found["made"]["node_release_version"] == "1.34.0-20260801"
    assert _volume_of_a_hardened_node(account, group) == 50
    _admits_nodes_and_people(found["made"])
    assert "SecurityGroupIds" not in _template(account, group)


def look_after_the_upgrade(account: Account, found: Found) -> None:
    cluster = _cluster(account)
    network = cluster["resourcesVpcConfig"]
    assert (network["endpointPublicAccess"], network["publicAccessCidrs"]) == (True, [OFFICE])
    assert network["endpointPrivateAccess"] is True
    assert cluster["version"] == "1.35"

    group = _group(account, found["made"])
    assert group["nodegroupName"].startswith(f"{NAME}-on-demand-")
    assert (group["version"], group["scalingConfig"]["maxSize"]) == ("1.35", 6)
    assert group["releaseVersion"] == "1.35.0-20260801"
    assert _volume_of_a_hardened_node(account, group) == 80

    versions = {name: _addon(account, name)["addonVersion"] for name in ADDONS}
    assert versions["kube-proxy"] == "v1.35.1-eksbuild.2"
    assert all(version.startswith("v1.34.") for name, version in versions.items() if name != "kube-proxy")


def look_at_spot_nodes(account: Account, found: Found) -> None:
    """The public endpoint is closed again, and a third zone takes new nodes, but no new cluster."""
    network = _cluster(account)["resourcesVpcConfig"]
    assert network["endpointPublicAccess"] is False
    group = _group(account, found["made"])
    assert group["nodegroupName"].startswith(f"{NAME}-spot-")
    assert (group["capacityType"], group["instanceTypes"]) == ("SPOT", ["t3.large", "t3a.large"])
    assert (len(network["subnetIds"]), len(group["subnets"])) == (2, 3)
    _sleeps(account, group)
    data = _template(account, group)
    assert data["SecurityGroupIds"] == [network["clusterSecurityGroupId"], found["database_group"]]


def gone(account: Account) -> None:
    assert account.client("eks").list_clusters()["clusters"] == []
    iam = account.client("iam")
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == []
    assert [role["RoleName"] for role in iam.list_roles()["Roles"] if role["RoleName"].startswith(NAME)] == []
    assert account.client("logs").describe_log_groups()["logGroups"] == []
    groups = account.client("ec2").describe_security_groups()["SecurityGroups"]
    assert {group["GroupName"] for group in groups} <= {"default"}


def _is_encrypted(account: Account, cluster: Any, made: Found) -> None:
    (encryption,) = cluster["encryptionConfig"]
    assert encryption == {"resources": ["secrets"], "provider": {"keyArn": made["kms_key_arn"]}}
    kms = account.client("kms")
    assert kms.describe_key(KeyId=made["kms_key_arn"])["KeyMetadata"]["KeyManager"] == "CUSTOMER"
    assert kms.get_key_rotation_status(KeyId=made["kms_key_arn"])["KeyRotationEnabled"] is True


def _writes_its_log(account: Account, cluster: Any) -> None:
    logged = {kind for entry in cluster["logging"]["clusterLogging"] if entry["enabled"] for kind in entry["types"]}
    assert logged == LOG_TYPES
    (group,) = account.client("logs").describe_log_groups(logGroupNamePrefix="/aws/eks/")["logGroups"]
    assert (group["logGroupName"], group["retentionInDays"]) == (f"/aws/eks/{NAME}/cluster", 7)


def _lets_in_whom_it_should(account: Account, cluster: Any, made: Found) -> None:
    network = cluster["resourcesVpcConfig"]
    assert network["endpointPrivateAccess"] is True
    assert network["clusterSecurityGroupId"] == made["security_group_id"]
    (group,) = account.client("ec2").describe_security_groups(GroupIds=network["securityGroupIds"])["SecurityGroups"]
    (rule,) = group["IpPermissions"]
    assert (rule["FromPort"], rule["ToPort"], rule["IpProtocol"]) == (443, 443, "tcp")
    assert [entry["CidrIp"] for entry in rule["IpRanges"]] == ["10.10.0.0/16"]
    assert group["IpPermissionsEgress"] == []


def _has_its_roles(account: Account, cluster: Any, made: Found) -> None:
    iam = account.client("iam")
    issuer = cluster["identity"]["oidc"]["issuer"]
    provider = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=made["oidc_provider_arn"])
    assert f"https://{provider['Url'].removeprefix('https://')}" == issuer == f"https://{made['oidc_issuer']}"
    assert provider["ClientIDList"] == ["sts.amazonaws.com"]

    for key, (service_account, policies) in ACCOUNTS.items():
        (statement,) = iam.get_role(RoleName=f"{NAME}-eks-{key}")["Role"]["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Federated": made["oidc_provider_arn"]}
        assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
        assert statement["Condition"] == {
            "StringEquals": {
                f"{made['oidc_issuer']}:sub": [f"system:serviceaccount:{service_account}"],
                f"{made['oidc_issuer']}:aud": ["sts.amazonaws.com"],
            }
        }
        assert _policies(iam, f"{NAME}-eks-{key}") == policies
    assert list(made["service_account_role_arns"]) == ["reports", "web"]
    assert made["load_balancer_controller_role_arn"].endswith(f"{NAME}-eks-load-balancer")
    _reads_its_secrets(account, iam)
    assert iam.list_role_policies(RoleName=f"{NAME}-eks-load-balancer")["PolicyNames"] == ["load-balancers"]

    assert _policies(iam, f"{NAME}-eks-node") == ["AmazonEC2ContainerRegistryPullOnly", "AmazonEKSWorkerNodePolicy"]
    assert _policies(iam, f"{NAME}-eks") == ["AmazonEKSClusterPolicy"]
    trust = json.dumps(iam.get_role(RoleName=f"{NAME}-eks")["Role"]["AssumeRolePolicyDocument"])
    assert f"arn:aws:eks:*:{account.account_id}:cluster/{NAME}" in trust


def _reads_its_secrets(account: Account, iam: Any) -> None:
    policy = iam.get_role_policy(RoleName=f"{NAME}-eks-web", PolicyName="read-secrets")["PolicyDocument"]
    read, decrypt = policy["Statement"]
    secret = f"arn:aws:secretsmanager:ap-northeast-1:{account.account_id}:secret:shop/dev/database-*-??????"
    assert (read["Resource"], read["Action"]) == (
        secret,
        ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
    )
    assert decrypt["Condition"] == {"StringLike": {"kms:EncryptionContext:SecretARN": [secret]}}


def _admits_nodes_and_people(made: Found) -> None:
    nodes, developer = yaml.safe_load(made["aws_auth_map_roles"])
    assert nodes == {
        "rolearn": made["node_role_arn"],
        "username": "system:node:{{EC2PrivateDNSName}}",
        "groups": ["system:bootstrappers", "system:nodes"],
    }
    assert developer == {
        "rolearn": "arn:aws:iam::111111111111:role/DeveloperRole",
        "username": "developer:{{SessionName}}",
        "groups": ["shop:developers"],
    }


def _sleeps(account: Account, group: Any) -> None:
    (name,) = [each["name"] for each in group["resources"]["autoScalingGroups"]]
    found = account.client("autoscaling").describe_scheduled_actions(AutoScalingGroupName=name)
    actions = {each["ScheduledActionName"]: each for each in found["ScheduledUpdateGroupActions"]}
    assert set(actions) == {f"{NAME}-eks-down", f"{NAME}-eks-up"}
    sizes = {key: (each["MinSize"], each["DesiredCapacity"]) for key, each in actions.items()}
    assert sizes == {f"{NAME}-eks-down": (0, 0), f"{NAME}-eks-up": (2, 2)}
    assert actions[f"{NAME}-eks-down"]["Recurrence"] == "0 11 * * MON-FRI"


def _has_its_addons(account: Account) -> None:
    cni = _addon(account, "vpc-cni")
    assert json.loads(cni["configurationValues"]) == {"enableNetworkPolicy": "true"}
    assert account.client("eks").list_addons(clusterName=NAME)["addons"] == ADDONS
    roles = {name: _addon(account, name).get("serviceAccountRoleArn", "").rpartition("/")[2] for name in ADDONS}
    assert roles == {
        "aws-ebs-csi-driver": f"{NAME}-eks-ebs-csi",
        "coredns": "",
        "kube-proxy": "",
        "vpc-cni": f"{NAME}-eks-vpc-cni",
    }


def _volume_of_a_hardened_node(account: Account, group: Any) -> int:
    """Its size in GiB."""
    assert not group.get("remoteAccess")
    data = _template(account, group)
    assert data["MetadataOptions"] == {
        "HttpEndpoint": "enabled",
        "HttpTokens": "required",
        "HttpPutResponseHopLimit": 1,
    }
    assert "KeyName" not in data
    (device,) = data["BlockDeviceMappings"]
    assert (device["DeviceName"], device["Ebs"]["Encrypted"], device["Ebs"]["VolumeType"]) == ("/dev/xvda", True, "gp3")
    size: int = device["Ebs"]["VolumeSize"]
    return size


def _template(account: Account, group: Any) -> Any:
    template = group["launchTemplate"]
    (version,) = account.client("ec2").describe_launch_template_versions(
        LaunchTemplateId=template["id"], Versions=[template["version"]]
    )["LaunchTemplateVersions"]
    return version["LaunchTemplateData"]


def _cluster(account: Account) -> Any:
    return account.client("eks").describe_cluster(name=NAME)["cluster"]


def _group(account: Account, made: Found) -> Any:
    """The only one there is."""
    eks = account.client("eks")
    (name,) = eks.list_nodegroups(clusterName=NAME)["nodegroups"]
    assert name == made["node_group_name"]
    return eks.describe_nodegroup(clusterName=NAME, nodegroupName=name)["nodegroup"]


def _addon(account: Account, name: str) -> Any:
    return account.client("eks").describe_addon(clusterName=NAME, addonName=name)["addon"]


def _policies(iam: Any, role: str) -> list[str]:
    attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    return sorted(policy["PolicyName"] for policy in attached)


CASE = Case(
    "eks",
    "100000000008",
    FIRST,
    look,
    gone,
    steps=((UPGRADED, look_after_the_upgrade), (SPOT, look_at_spot_nodes)),
)
