"""Access entries and `aws-auth` decide who may use a cluster of the sandbox."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from aws_api_emulator.eks.access_policies import ARN_PREFIX
from tests.conftest import DEV, PROD, Client
from tests.eks.test_eks import MAPS, EksClient, sign_token
from tests.process import RunningServer

NAME = "access"
ADMIN_POLICY = f"{ARN_PREFIX}AmazonEKSClusterAdminPolicy"
Connect = Callable[..., EksClient]


@pytest.fixture(scope="module")
def eks(client: Client) -> Any:
    return client("eks", DEV)


@pytest.fixture(scope="module")
def cluster(eks: Any, client: Client) -> dict[str, Any]:
    """A cluster whose mode changes in the course of the tests: each later one has more ways in."""
    subnet = client("ec2", DEV).describe_subnets()["Subnets"][0]["SubnetId"]
    role, network = f"arn:aws:iam::{DEV}:role/eks", {"subnetIds": [subnet]}
    config = {"authenticationMode": "API_AND_CONFIG_MAP"}
    eks.create_cluster(name=NAME, version="1.35", roleArn=role, resourcesVpcConfig=network, accessConfig=config)
    found: dict[str, Any] = eks.describe_cluster(name=NAME)["cluster"]
    return found


@pytest.fixture
def connect(shared: RunningServer, cluster: dict[str, Any], client: Client) -> Iterator[Connect]:
    opened: list[EksClient] = []

    def open_client(role: str, account: str = DEV) -> EksClient:
        arn = f"arn:aws:iam::{account}:role/{role}"
        keys = client("sts").assume_role(RoleArn=arn, RoleSessionName="maria")["Credentials"]
        opened.append(EksClient(shared, cluster, sign_token(keys, NAME)))
        return opened[-1]

    yield open_client
    for each in opened:
        each.close()


def add_entry(eks: Any, role: str, account: str = DEV, **parts: Any) -> str:
    arn = f"arn:aws:iam::{account}:role/{role}"
    eks.create_access_entry(clusterName=NAME, principalArn=arn, **parts)
    return arn


def test_creator_has_an_entry_as_administrator(eks: Any, connect: Connect) -> None:
    arn = f"arn:aws:iam::{DEV}:role/envctl-deployer"
    assert arn in eks.list_access_entries(clusterName=NAME)["accessEntries"]
    (policy,) = eks.list_associated_access_policies(clusterName=NAME, principalArn=arn)["associatedAccessPolicies"]
    assert (policy["policyArn"], policy["accessScope"]) == (ADMIN_POLICY, {"type": "cluster", "namespaces": []})
    assert connect("envctl-deployer").request("GET", "/api/v1/nodes").status == 200


def test_unknown_role_is_unauthorized(connect: Connect) -> None:
    answer = connect("stranger").request("GET", MAPS)
    assert (answer.status, answer.json()["message"]) == (401, "Unauthorized")


def test_policy_holds_in_its_namespaces(eks: Any, connect: Connect) -> None:
    arn = add_entry(eks, "developers")
    maria = connect("developers")
    assert maria.request("GET", MAPS).status == 403
    scope = {"type": "namespace", "namespaces": ["def*"]}
    policy = f"{ARN_PREFIX}AmazonEKSViewPolicy"
    eks.associate_access_policy(clusterName=NAME, principalArn=arn, policyArn=policy, accessScope=scope)
    assert maria.request("GET", MAPS).status == 200
    assert maria.request("POST", MAPS, {"metadata": {"name": "a"}}).status == 403
    assert maria.request("GET", MAPS.replace("default", "kube-system")).status == 403
    eks.disassociate_access_policy(clusterName=NAME, principalArn=arn, policyArn=policy)
    refused = maria.request("GET", MAPS).json()["message"]
    assert f'User "arn:aws:sts::{DEV}:assumed-role/developers/maria" cannot list resource "configmaps"' in refused
    eks.delete_access_entry(clusterName=NAME, principalArn=arn)
    assert maria.request("GET", MAPS).status == 401


def test_groups_of_an_entry_are_bound_by_roles(eks: Any, connect: Connect) -> None:
    arn = add_entry(eks, "testers", kubernetesGroups=["qa"], username="qa:{{SessionName}}")
    subject = {"kind": "Group", "name": "qa", "apiGroup": "rbac.authorization.k8s.io"}
    reference = {"kind": "ClusterRole", "name": "view", "apiGroup": "rbac.authorization.k8s.io"}
    binding = {"metadata": {"name": "qa"}, "roleRef": reference, "subjects": [subject]}
    path = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings"
    assert connect("envctl-deployer").request("POST", path, binding).status == 201
    assert connect("testers").request("GET", MAPS).status == 200
    eks.update_access_entry(clusterName=NAME, principalArn=arn, kubernetesGroups=["others"])
    assert 'User \\"qa:maria\\"' in connect("testers").request("GET", MAPS).data.decode()


def test_role_of_another_account_has_an_entry(eks: Any, connect: Connect) -> None:
    add_entry(eks, "auditors", PROD)
    assert connect("auditors", PROD).request("GET", MAPS).status == 403
    assert connect("auditors", DEV).request("GET", MAPS).status == 401


def test_map_in_the_cluster_lets_roles_in(connect: Connect) -> None:
    text = f"- rolearn: arn:aws:iam::{DEV}:role/operators\n  username: op\n  groups: [system:masters]\n"
    content = {"metadata": {"name": "aws-auth"}, "data": {"mapRoles": text}}
    path = MAPS.replace("default", "kube-system")
    assert connect("operators").request("GET", MAPS).status == 401
    assert connect("envctl-deployer").request("POST", path, content).status == 201
    assert connect("operators").request("GET", MAPS).status == 200


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"kubernetesGroups": ["system:masters"]}, "it cannot start with system:"),
        ({"username": "eks:maria"}, "it cannot start with eks:"),
        ({"username": "maria{{SessionName}}"}, "a colon before {{SessionName}}"),
        ({"type": "EC2_LINUX", "kubernetesGroups": ["a"]}, "does not support a username or groups"),
    ],
)
def test_entry_that_eks_refuses(eks: Any, cluster: dict[str, Any], parts: dict[str, Any], message: str) -> None:
    with pytest.raises(ClientError, match="InvalidParameterException") as refused:
        add_entry(eks, "wrong", **parts)
    assert message in str(refused.value)


def test_mode_goes_forward_only(eks: Any, connect: Connect) -> None:
    def change(mode: str) -> None:
        eks.update_cluster_config(name=NAME, accessConfig={"authenticationMode": mode})

    change("API")
    assert eks.describe_cluster(name=NAME)["cluster"]["accessConfig"]["authenticationMode"] == "API"
    assert connect("operators").request("GET", MAPS).status == 401
    with pytest.raises(ClientError, match="Unsupported authentication mode update"):
        change("CONFIG_MAP")


def test_nodes_of_a_group_are_in_the_map(eks: Any, client: Client, shared: RunningServer) -> None:
    subnet = client("ec2", DEV).describe_subnets()["Subnets"][0]["SubnetId"]
    role, network = f"arn:aws:iam::{DEV}:role/eks", {"subnetIds": [subnet]}
    eks.create_cluster(name="nodes", version="1.35", roleArn=role, resourcesVpcConfig=network)
    found = eks.describe_cluster(name="nodes")["cluster"]
    node_role = f"arn:aws:iam::{DEV}:role/node"
    eks.create_nodegroup(clusterName="nodes", nodegroupName="all", nodeRole=node_role, subnets=[subnet])
    keys = client("sts").assume_role(RoleArn=f"arn:aws:iam::{DEV}:role/envctl-deployer", RoleSessionName="test")
    creator = EksClient(shared, found, sign_token(keys["Credentials"], "nodes"))
    path = f"{MAPS.replace('default', 'kube-system')}/aws-auth"
    assert f"rolearn: {node_role}" in creator.request("GET", path).json()["data"]["mapRoles"]
    creator.close()
    with pytest.raises(ClientError, match="authentication mode must be set to one of"):
        eks.list_access_entries(clusterName="nodes")
