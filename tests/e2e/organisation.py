"""A company on AWS, set up as the documents say: an account for each environment, one for the store, people and jobs
with the rights of docs/iam.md. AWS is moto here, behind a proxy that writes down who asks for what; IAM is enforced.
"""

import base64
import json
import os
import re
import textwrap
import urllib.request
from base64 import b64encode
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

from aws_api_emulator.exchange import Request, Response

from envctl.adapters.sandbox.lifecycle import RunningSandbox, Sandbox
from tests.e2e.conftest import ACCOUNTS, REGION, REPOSITORY, Project
from tests.e2e.sts_gate import StsGate
from tests.faults.proxy import FaultyProxy
from tests.iam.tokens import Provider

TOOLS = "444444444444"
STORE = "shop-envctl-store"
BLOCK = re.compile(r"^```json\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SIGNED = re.compile(r"Credential=(?P<key>[^/]+)/\d+/[^/]+/(?P<service>[^/]+)/")
# A bucket stands in the host, or first in the path.
BUCKET = re.compile(r"(?:(?P<host>[a-z0-9.-]+?)\.)?s3[.-][^/]*/(?P<path>[^/?]*)")


def load_policies(page: str = "iam") -> dict[str, dict[str, Any]]:
    """Those of docs/iam.md or of another page, each by the name of its first statement."""
    written = [json.loads(text) for text in BLOCK.findall((REPOSITORY / "docs" / f"{page}.md").read_text())]
    return {policy["Statement"][0]["Sid"]: adapt_to_moto(policy) for policy in written}


def adapt_to_moto(policy: dict[str, Any]) -> dict[str, Any]:
    """It asks for resources in S3 and STS alone: elsewhere a statement about one thing would allow nothing. And it has
    names of its own for some actions.
    """
    return {**policy, "Statement": [_adapt_statement(each) for each in policy["Statement"]]}


def _adapt_statement(statement: dict[str, Any]) -> dict[str, Any]:
    listed = statement["Action"]
    actions = [listed] if isinstance(listed, str) else list(listed)
    actions += [MOTO_ACTION_NAMES[action] for action in actions if action in MOTO_ACTION_NAMES]
    of_all = "Resource" in statement and not actions[0].startswith(("s3:", "sts:"))
    return {**statement, "Action": actions, **({"Resource": "*"} if of_all else {})}


def move_to_account(policy: dict[str, Any], environment: str) -> dict[str, Any]:
    """The documents speak of dev."""
    text = json.dumps(policy).replace(ACCOUNTS["dev"], ACCOUNTS[environment]).replace("/dev/", f"/{environment}/")
    for alias in ("alias/envctl-", "alias/envctl-look-"):
        text = text.replace(f"{alias}dev", f"{alias}{environment}")
    found: dict[str, Any] = json.loads(text)
    return found


def get_into_every_environment() -> dict[str, Any]:
    """What the jobs that deploy may take, for all environments together."""
    (taken,) = (
        each
        for each in load_policies("iam-jobs")["ListTheStoreForDeployments"]["Statement"]
        if each["Sid"] == "DeployToTheEnvironment"
    )
    arns = [taken["Resource"].replace(ACCOUNTS["dev"], account) for account in ACCOUNTS.values()]
    return {"Version": "2012-10-17", "Statement": [{**taken, "Resource": arns}]}


@dataclass(frozen=True)
class AwsCall:
    """One request that reached AWS: whose key it was signed with, and for S3 which bucket it was about."""

    account: str
    service: str
    bucket: str
    method: str
    target: str


MOTO_ACTION_NAMES = {
    "s3:ListBucket": "s3:HeadBucket",
    "s3:GetBucketPublicAccessBlock": "s3:GetPublicAccessBlock",
    "s3:PutBucketPublicAccessBlock": "s3:PutPublicAccessBlock",
}


class WatchingProxy(FaultyProxy):
    """Knows which account each key is of: who takes a role is told so by AWS, and this listens."""

    def __init__(self, sandbox: RunningSandbox, folder: Path) -> None:
        super().__init__(sandbox, folder)
        self.accounts: dict[str, str] = {}
        self.callers: dict[str, str] = {}
        self.gate: StsGate | None = None

    def forward_request(self, request: Request) -> Response:
        key, _ = parse_signature(request)
        refused = self.gate.answer_request(request, self.callers.get(key, "")) if self.gate else None
        response = refused or super().forward_request(request)
        self._listen(response.body)
        return response

    def _listen(self, body: bytes) -> None:
        key = re.search(rb"<AccessKeyId>(\w+)<", body)
        arn = re.search(rb"<Arn>(arn:aws:sts::(\d+):assumed-role/[^<]+)<", body)
        if key and arn:
            self.callers[key[1].decode()] = arn[1].decode()
            self.accounts[key[1].decode()] = arn[2].decode()


class Organisation:
    def __init__(self, sandbox: RunningSandbox, proxy: WatchingProxy) -> None:
        self.proxy = proxy
        self._sandbox = sandbox
        self._administrators: dict[str, dict[str, str]] = {}
        self._accounts: dict[str, str] = {}
        self._setup_keys: dict[str, dict[str, str]] = {}
        self._clients: dict[tuple[str, ...], Any] = {}
        self.people: dict[str, dict[str, str]] = {}
        self.public_keys: dict[str, bytes] = {}
        written = load_policies()
        store = written["ListTheStore"]
        for environment, account in ACCOUNTS.items():
            self._create_bucket(account, f"shop-tfstate-{account}")
            rights = [move_to_account(written[each], environment) for each in ("ListTheStates", "LookForSecrets")]
            self.create_role(account, "envctl-deployer", [*rights, MODULE_PERMISSIONS])
            self.create_signing_key(account, environment)
        self.create_role(ACCOUNTS["prod"], "ApproverRole", [written["SignApprovals"]])
        self._create_bucket(TOOLS, STORE)
        self.create_user("ann", [store, written["GetIntoDev"]])
        self.create_user("quinn", [store, ASSUME_APPROVER_ROLE])
        # Somebody who may do what the jobs of all environments may: tests of other things need no job for each.
        self.create_user("ci", [store, get_into_every_environment()])
        self.create_role(TOOLS, "envctl-ci", [store, get_into_every_environment()])

    def open_client(self, account: str, service: str) -> Any:
        """boto3 as somebody who may do everything there, before IAM is enforced."""
        if account not in self._setup_keys:
            sts = self._open_client("sts", self._client_options("sandbox", "sandbox"))
            role = f"arn:aws:iam::{account}:role/setup"
            self._setup_keys[account] = sts.assume_role(RoleArn=role, RoleSessionName="setup")["Credentials"]
        keys = self._setup_keys[account]
        given = self._client_options(keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])
        return self._open_client(service, given)

    def open_personal_client(self, keys: dict[str, str], service: str) -> Any:
        """boto3 by hand, with somebody's own keys."""
        token = keys.get("AWS_SESSION_TOKEN")
        given = self._client_options(keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"], token)
        return self._open_client(service, given)

    def open_watched_client(self, keys: dict[str, str], service: str) -> Any:
        """The same behind the proxy, where trust policies are enforced."""
        from botocore.config import Config

        given = {
            **{name.lower(): value for name, value in keys.items()},
            "region_name": REGION,
            "verify": os.fspath(self.proxy.ca_file),
            "config": Config(proxies={"https": self.proxy.url}, retries={"max_attempts": 1}),
        }
        return self._open_client(service, given)

    def _open_client(self, service: str, options: dict[str, Any]) -> Any:
        """Return the same client for the same keys and way: boto3 takes long to make one."""
        import boto3

        key = (service, options["aws_access_key_id"], options["verify"])
        if key not in self._clients:
            self._clients[key] = boto3.client(service, **options)
        return self._clients[key]

    def open_admin_client(self, account: str, service: str = "iam") -> Any:
        """boto3 in an account, for somebody who may do everything there, also once IAM is enforced."""
        if account not in self._administrators:
            iam = self.open_client(account, "iam")
            iam.create_user(UserName="administrator")
            everything = {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
            }
            iam.put_user_policy(UserName="administrator", PolicyName="all", PolicyDocument=json.dumps(everything))
            key = iam.create_access_key(UserName="administrator")["AccessKey"]
            self._administrators[account] = {
                "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
            }
        return self.open_personal_client(self._administrators[account], service)

    def create_user(self, name: str, rights: list[dict[str, Any]], account: str = TOOLS) -> None:
        iam = self.open_client(account, "iam")
        iam.create_user(UserName=name)
        for number, policy in enumerate(rights):
            iam.put_user_policy(UserName=name, PolicyName=f"rights-{number}", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        self._accounts[key["AccessKeyId"]] = account
        self.proxy.callers[key["AccessKeyId"]] = f"arn:aws:iam::{account}:user/{name}"
        self.people[name] = {
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        }

    def create_role(
        self, account: str, name: str, rights: list[dict[str, Any]], trust: dict[str, Any] | None = None
    ) -> None:
        iam = self.open_client(account, "iam")
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust or build_trust_policy(TOOLS)))
        for number, policy in enumerate(rights):
            iam.put_role_policy(RoleName=name, PolicyName=f"rights-{number}", PolicyDocument=json.dumps(policy))

    def enforce_iam(self) -> None:
        """From now on nobody may do what no policy lets them."""
        # The sandbox itself has no proxy in front of it.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        url = f"{self._sandbox.moto_url}/moto-api/reset-auth"
        plain = {"Content-Type": "text/plain"}
        with opener.open(urllib.request.Request(url, b"0", plain, method="POST"), timeout=10) as answer:
            assert answer.status == 200

    def enforce_trust(self, providers: Collection[Provider]) -> None:
        """From now on nobody takes a role that does not trust them: moto does not ask. Call enforce_iam as well."""
        self.proxy.gate = StsGate(self.open_admin_client, providers, ACCOUNTS["dev"])

    def build_environment(self, person: str) -> dict[str, str]:
        """The environment of a command that somebody runs."""
        return {
            **self.proxy.build_environment(),
            "TF_CLI_CONFIG_FILE": os.fspath(self._sandbox.terraform_rc),
            "CHECKPOINT_DISABLE": "1",
            **self.people[person],
        }

    def write_signed_project(self, project: Project, more: str = "") -> None:
        """The project's file, with a signing key for each environment, whose public part is pinned beside it."""
        text = PROJECT.replace("prod.gates]\napprovals = {}", "prod.gates]\napprovals = { peer = 1 }")
        for name in ACCOUNTS:
            # Whoever approves has a role in prod, and no other there.
            profile = 'profile = "shop-approver"\n' if name == "prod" else ""
            section = f"[environments.{name}]\n"
            text = text.replace(section, f'{section}signing_key = "alias/envctl-{name}"\n{profile}')
            self.pin_key(project, name, f"environments/{name}/signing_key.pem")
        project.write("envctl.toml", text + more)

    def pin_key(self, project: Project, name: str, path: str) -> None:
        pem = "\n".join(textwrap.wrap(b64encode(self.public_keys[name]).decode(), 64))
        project.write(path, f"-----BEGIN PUBLIC KEY-----\n{pem}\n-----END PUBLIC KEY-----\n")

    def assume_role(self, role: str, environment: str) -> dict[str, str]:
        """What somebody holds who got hold of a role, by whatever way."""
        sts = self.open_personal_client(self.people["ci"], "sts")
        arn = f"arn:aws:iam::{ACCOUNTS[environment]}:role/{role}"
        keys = sts.assume_role(RoleArn=arn, RoleSessionName="mallory")["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
            "AWS_SESSION_TOKEN": keys["SessionToken"],
        }

    def build_job_environment(self, actor: str, token: Path) -> dict[str, str]:
        """A job of GitHub Actions: no keys, but a token that AWS takes for a role."""
        self.write_token(token, actor)
        without = {name: value for name, value in self.build_environment("ci").items() if name not in self.people["ci"]}
        return {
            **without,
            "AWS_ROLE_ARN": f"arn:aws:iam::{TOOLS}:role/envctl-ci",
            "AWS_WEB_IDENTITY_TOKEN_FILE": os.fspath(token),
            "AWS_REGION": REGION,
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTOR": actor,
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_REPOSITORY": "acme/shop",
            "GITHUB_RUN_ID": "42",
        }

    def write_token(self, token: Path, actor: str, **claims: object) -> None:
        """As GitHub would, but for the signature: STS is moto here, and checks none."""
        said = {
            "iss": "https://token.actions.githubusercontent.com",
            "actor": actor,
            "repository": "acme/shop",
            **claims,
        }
        payload = base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")
        token.write_text(f"e30.{payload}.c2lnbmVk")

    def list_role_requests(self) -> list[dict[str, str]]:
        """What AWS was asked for a role with, by envctl and by Terraform."""
        bodies = (parse_qs(request.body.decode()) for request, _ in self.proxy.asked if request.host.startswith("sts."))
        return [{name: values[0] for name, values in body.items()} for body in bodies if "RoleArn" in body]

    def list_calls(self) -> Iterator[AwsCall]:
        """What reached AWS, in order, by the account whose key it was signed with."""
        for request, _ in list(self.proxy.asked):
            key, service = parse_signature(request)
            if service:
                bucket = BUCKET.match(request.host + request.target)
                account = self._accounts.get(key) or self.proxy.accounts[key]
                named = (bucket["host"] or bucket["path"]) if bucket else ""
                yield AwsCall(account, service, named, request.method, request.target)

    def _create_bucket(self, account: str, name: str) -> None:
        s3 = self.open_client(account, "s3")
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})

    def create_signing_key(self, account: str, name: str) -> None:
        """With the alias `alias/envctl-NAME`."""
        kms = self.open_client(account, "kms")
        key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName=f"alias/envctl-{name}", TargetKeyId=key)
        self.public_keys[name] = kms.get_public_key(KeyId=key)["PublicKey"]

    def _client_options(self, key: str, secret: str, token: str | None = None) -> dict[str, Any]:
        from botocore.config import Config

        return {
            "aws_access_key_id": key,
            "aws_secret_access_key": secret,
            "aws_session_token": token,
            "region_name": REGION,
            "verify": os.fspath(self._sandbox.ca_file),
            "config": Config(proxies={"https": self._sandbox.proxy_url}, retries={"max_attempts": 1}),
        }


@contextmanager
def open_organisation(folder: Path, provider: Path) -> Iterator[Organisation]:
    (folder / "aws").mkdir()
    (folder / "aws" / "mirror").symlink_to(provider)
    sandbox = Sandbox(folder / "aws")
    running = sandbox.start()
    proxy = WatchingProxy(running, folder / "proxy")
    with proxy:
        yield Organisation(running, proxy)
    sandbox.stop()


def build_trust_policy(account: str) -> dict[str, Any]:
    allowed = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [allowed]}


ASSUME_APPROVER_ROLE: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Resource": f"arn:aws:iam::{ACCOUNTS['prod']}:role/ApproverRole",
        }
    ],
}
MODULE_PERMISSIONS: dict[str, Any] = {
    "Version": "2012-10-17",
    # Providers before version 4 ask every account what it supports.
    "Statement": [{"Effect": "Allow", "Action": ["ssm:*", "sns:*", "ec2:DescribeAccountAttributes"], "Resource": "*"}],
}


def parse_signature(request: Request) -> tuple[str, str]:
    """The key and the service that a request is signed for."""
    said = next((value for name, value in request.headers if name.lower() == "authorization"), "")
    match = SIGNED.search(said) or SIGNED.search(unquote(request.target))
    return (match["key"], match["service"]) if match else ("", "")


PROJECT = f"""
[project]
name = "shop"

[store]
url = "s3://{STORE}/shop"
region = "{REGION}"
account_id = "{TOOLS}"

[state]
backend = "s3"

[pipeline]
order = ["dev", "staging", "prod"]

[stacks.parameters]
module = "modules/parameters"

[environments.staging.gates]
approvals = {{}}

[environments.prod.gates]
approvals = {{}}
""" + "".join(
    f"""
[environments.{name}]
account_id = "{account}"
region = "{REGION}"
assume_role = "arn:aws:iam::{account}:role/envctl-deployer"
external_id = "shop-42"
session_tags = {{ team = "web" }}
"""
    for name, account in ACCOUNTS.items()
)
MODULE = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = ">= 3.39" }
  }
}
variable "environment" { type = string }
resource "aws_ssm_parameter" "this" {
  name  = "/shop/${var.environment}"
  type  = "String"
  value = var.environment
}
resource "aws_sns_topic" "this" {
  name = "shop-${var.environment}"
}
output "topic" { value = aws_sns_topic.this.arn }
"""
