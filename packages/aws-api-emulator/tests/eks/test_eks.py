"""What EKS hands out leads to a Kubernetes cluster of its own."""

import base64
import json
import ssl
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
import urllib3
from botocore.signers import RequestSigner

from tests.conftest import DEV, PROD, REGION, Client
from tests.process import RunningServer

NAMES = ("shop", "other")
MAPS = "/api/v1/namespaces/default/configmaps"


@pytest.fixture(scope="module")
def clusters(client: Client) -> dict[str, dict[str, Any]]:
    """Two clusters in the account of dev."""
    subnet = client("ec2", DEV).describe_subnets()["Subnets"][0]["SubnetId"]
    eks, role = client("eks", DEV), f"arn:aws:iam::{DEV}:role/eks"
    network = {"subnetIds": [subnet]}
    for name in NAMES:
        eks.create_cluster(name=name, version="1.35", roleArn=role, resourcesVpcConfig=network)
    return {name: eks.describe_cluster(name=name)["cluster"] for name in NAMES}


class EksClient:
    """Speaks to a cluster as a client of EKS: endpoint, authority and token, through the proxy."""

    def __init__(self, shared: RunningServer, cluster: Mapping[str, Any], token: str) -> None:
        authority = base64.b64decode(cluster["certificateAuthority"]["data"]).decode()
        context = ssl.create_default_context(cadata=authority)
        self._pool = urllib3.ProxyManager(shared.proxy_url, ssl_context=context, retries=False)
        self._endpoint = cluster["endpoint"]
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def request(self, method: str, path: str, body: object = None) -> urllib3.BaseHTTPResponse:
        data = json.dumps(body) if body else None
        return self._pool.request(method, self._endpoint + path, body=data, headers=self._headers)

    def watch(self, path: str) -> Iterator[dict[str, Any]]:
        url = f"{self._endpoint}{path}?watch=true"
        answer = self._pool.request("GET", url, headers=self._headers, preload_content=False, timeout=20)
        yield from map(json.loads, answer)

    def close(self) -> None:
        self._pool.clear()


def sign_token(keys: Mapping[str, str] | None, cluster: str, age: timedelta = timedelta()) -> str:
    """Sign a token as the aws command does. Without keys, those of the sandbox itself sign."""
    keys = keys or {"AccessKeyId": "sandbox", "SecretAccessKey": "sandbox"}
    session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], keys.get("SessionToken"), REGION)
    sts = session.client("sts")
    arguments = (sts.meta.service_model.service_id, REGION, "sts", "v4", session.get_credentials(), session.events)
    signer = RequestSigner(*arguments)
    request = {
        "method": "GET",
        "url": f"https://sts.{REGION}.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15",
        "body": {},
        "headers": {"x-k8s-aws-id": cluster},
        "context": {},
    }
    url = signer.generate_presigned_url(request, region_name=REGION, expires_in=60, operation_name="")
    if age:
        now = datetime.now(UTC)
        url = url.replace(now.strftime("X-Amz-Date=%Y%m%dT"), (now - age).strftime("X-Amz-Date=%Y%m%dT%H%M%SZ&"))
    return "k8s-aws-v1." + base64.urlsafe_b64encode(url.encode()).decode().rstrip("=")


@pytest.fixture
def connect(shared: RunningServer, clusters: dict[str, dict[str, Any]], client: Client) -> Iterator[Any]:
    opened: list[EksClient] = []

    def open_client(name: str, account: str = DEV, signed_for: str = "", age: timedelta = timedelta()) -> EksClient:
        role = f"arn:aws:iam::{account}:role/envctl-deployer"
        keys = client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        opened.append(EksClient(shared, clusters[name], sign_token(keys, signed_for or name, age)))
        return opened[-1]

    yield open_client
    for each in opened:
        each.close()


def test_each_cluster_has_objects_of_its_own(connect: Any) -> None:
    first, second = connect("shop"), connect("other")
    assert first.request("GET", "/version").json()["minor"] == "35"
    assert first.request("POST", MAPS, {"metadata": {"name": "a"}}).status == 201
    assert first.request("GET", f"{MAPS}/a").status == 200
    assert second.request("GET", f"{MAPS}/a").status == 404


def test_cluster_of_another_account_is_another_one(
    connect: Any, clusters: dict[str, dict[str, Any]], client: Client
) -> None:
    eks, subnet = client("eks", PROD), client("ec2", PROD).describe_subnets()["Subnets"][0]["SubnetId"]
    role = f"arn:aws:iam::{PROD}:role/eks"
    eks.create_cluster(name="shop", version="1.37", roleArn=role, resourcesVpcConfig={"subnetIds": [subnet]})
    clusters["shop of prod"] = eks.describe_cluster(name="shop")["cluster"]
    prod, dev = connect("shop of prod", PROD, "shop"), connect("shop")
    assert prod.request("GET", "/version").json()["minor"] == "37"
    assert prod.request("POST", MAPS, {"metadata": {"name": "of-prod"}}).status == 201
    assert dev.request("GET", f"{MAPS}/of-prod").status == 404
    assert connect("shop of prod", DEV, "shop").request("GET", MAPS).status == 401


def test_nodes_are_those_of_the_node_groups(connect: Any, client: Client) -> None:
    eks, subnet = client("eks", DEV), client("ec2", DEV).describe_subnets()["Subnets"][0]["SubnetId"]
    sizes = {"minSize": 0, "maxSize": 3, "desiredSize": 3}
    group = {"clusterName": "other", "nodegroupName": "spot"}
    eks.create_nodegroup(
        **group, scalingConfig=sizes, subnets=[subnet], nodeRole=f"arn:aws:iam::{DEV}:role/node", labels={"team": "web"}
    )
    nodes = connect("other").request("GET", "/api/v1/nodes?labelSelector=team=web").json()["items"]
    assert len(nodes) == 3
    assert {each["metadata"]["labels"]["eks.amazonaws.com/nodegroup"] for each in nodes} == {"spot"}
    eks.update_nodegroup_config(**group, scalingConfig={**sizes, "desiredSize": 0})
    assert connect("other").request("GET", "/api/v1/nodes").json()["items"] == []
    eks.delete_nodegroup(**group)


def test_watch_streams_through_the_proxy(connect: Any) -> None:
    shop = connect("shop")
    shop.request("POST", MAPS, {"metadata": {"name": "watched"}})
    frames = shop.watch(MAPS)
    while next(frames)["object"]["metadata"]["name"] != "watched":
        pass
    connect("shop").request("DELETE", f"{MAPS}/watched")
    assert next(frames)["type"] == "DELETED"


def test_creator_is_the_administrator(connect: Any) -> None:
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    answer = connect("shop").request("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", review)
    user = answer.json()["status"]["userInfo"]
    assert (user["username"], user["groups"]) == ("kubernetes-admin", ["system:masters", "system:authenticated"])
    assert user["extra"]["arn"] == [f"arn:aws:sts::{DEV}:assumed-role/envctl-deployer/test"]


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"account": PROD}, id="a role of another account"),
        pytest.param({"signed_for": "other"}, id="a token for another cluster"),
        pytest.param({"age": timedelta(minutes=16)}, id="an old token"),
    ],
)
def test_other_tokens_are_refused(connect: Any, options: dict[str, Any]) -> None:
    assert connect("shop", **options).request("GET", MAPS).status == 401


def test_text_that_is_no_token_is_refused(shared: RunningServer, clusters: dict[str, dict[str, Any]]) -> None:
    for token in ("other", "k8s-aws-v1.", "k8s-aws-v1.%%%", "k8s-aws-v1.aHR0cHM6Ly9leGFtcGxlLmNvbQ"):
        client = EksClient(shared, clusters["shop"], token)
        assert client.request("GET", MAPS).status == 401
        client.close()


def test_deleted_cluster_has_no_endpoint(client: Client, connect: Any, shared: RunningServer) -> None:
    eks, subnet = client("eks", DEV), client("ec2", DEV).describe_subnets()["Subnets"][0]["SubnetId"]
    role = f"arn:aws:iam::{DEV}:role/eks"
    eks.create_cluster(name="brief", roleArn=role, resourcesVpcConfig={"subnetIds": [subnet]})
    cluster = eks.describe_cluster(name="brief")["cluster"]
    eks.delete_cluster(name="brief")
    gone = EksClient(shared, cluster, "any")
    with pytest.raises(urllib3.exceptions.ProxyError):
        gone.request("GET", "/version")
    gone.close()
