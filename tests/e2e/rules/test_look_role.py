"""The role that only looks, with the policies of docs/look-role.md: it suffices for each look, and each part is needed."""

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from envctl.adapters.sandbox.exchange import Request
from tests.e2e.conftest import ACCOUNTS, CommandResult, Project, wait_until
from tests.e2e.organisation import (
    MODULE,
    PROJECT,
    STORE,
    Organisation,
    load_policies,
    move_to_account,
    open_organisation,
)
from tests.faults.faults import Fault, Hung

pytestmark = [pytest.mark.terraform, pytest.mark.sandbox, pytest.mark.slow]
RESOURCES: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": [
                "ssm:GetParameter",
                "ssm:DescribeParameters",
                "ssm:ListTagsForResource",
                "sns:GetTopicAttributes",
                "sns:ListTagsForResource",
                "ec2:DescribeAccountAttributes",
            ],
            "Resource": "*",
        }
    ],
}
WITH_LOOK_ROLES = PROJECT
for _account in ACCOUNTS.values():
    _deployer = f'assume_role = "arn:aws:iam::{_account}:role/envctl-deployer"\n'
    WITH_LOOK_ROLES = WITH_LOOK_ROLES.replace(
        _deployer, f'{_deployer}look_role = "arn:aws:iam::{_account}:role/envctl-look"\n'
    )
ONLY_READ_STORE: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": ["s3:ListBucket", "s3:HeadBucket"], "Resource": f"arn:aws:s3:::{STORE}"},
        {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": f"arn:aws:s3:::{STORE}/shop/*"},
    ],
}


def take_roles(*environments: str) -> dict[str, Any]:
    """The policy to take the look roles of these environments."""
    policy = load_policies("look-role")["TakeLookRoles"]
    arns = [f"arn:aws:iam::{ACCOUNTS[name]}:role/envctl-look" for name in environments]
    assert set(arns) <= set(policy["Statement"][0]["Resource"])
    return {**policy, "Statement": [{**policy["Statement"][0], "Resource": arns}]}


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory, unpacked_provider: Path) -> Iterator[Organisation]:
    policies = load_policies("look-role")
    with open_organisation(tmp_path_factory.mktemp("company"), unpacked_provider) as found:
        for environment, account in ACCOUNTS.items():
            found.open_admin_client(account)
            rights = [move_to_account(policies["ListTheStatesToRead"], environment), RESOURCES]
            found.create_role(account, "envctl-look", rights)
        found.create_user("reader", [ONLY_READ_STORE, take_roles(*ACCOUNTS)])
        found.create_user("checker", [load_policies()["ListTheStore"], take_roles(*ACCOUNTS)])
        found.create_user("puller", [ONLY_READ_STORE, take_roles("dev")])
        found.enforce_iam()
        yield found


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, company: Organisation) -> Project:
    """Deployed to staging by the job that promotes."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "home").mkdir()
    project = Project(folder / "shop", folder / "home", company.build_environment("ci"))
    project.write("envctl.toml", WITH_LOOK_ROLES)
    project.write("modules/parameters/main.tf", MODULE)
    for name in ACCOUNTS:
        project.write(f"environments/{name}/terraform.tfvars", "")
    project.run_checked("apply", "dev", "--yes")
    project.run_checked("promote", "dev", "staging", "--yes")
    return project


def act_as(shop: Project, company: Organisation, person: str) -> Project:
    return Project(shop.root, shop.home, company.build_environment(person))


def list_writes(requests: list[tuple[Request, Fault | None]]) -> list[str]:
    """The requests that write in an environment, or take another role than one to look with."""
    written = [
        f"{request.method} {request.host}{request.target}"
        for request, _ in requests
        if request.method in {"PUT", "DELETE"} and "tfstate" in request.host + request.target
    ]
    return [*written, *(f"role: {role}" for role in list_roles(requests) if not role.endswith("envctl-look"))]


def list_roles(requests: list[tuple[Request, Fault | None]]) -> list[str]:
    from urllib.parse import parse_qs

    bodies = (parse_qs(request.body.decode()) for request, _ in requests if request.host.startswith("sts."))
    return [body["RoleArn"][0] for body in bodies if "RoleArn" in body]


def list_locks(company: Organisation, environment: str = "dev") -> list[str]:
    account = ACCOUNTS[environment]
    s3 = company.open_admin_client(account, "s3")
    found = s3.list_objects_v2(Bucket=f"shop-tfstate-{account}").get("Contents", [])
    return [each["Key"] for each in found if each["Key"].endswith(".tflock")]


LOOKS = {
    "plan": ("reader", ("plan", "dev")),
    "plan of a release": ("reader", ("plan", "staging", "--explain")),
    "preview": ("reader", ("preview",)),
    "output": ("reader", ("output", "dev")),
    "status": ("reader", ("status",)),
    "diff": ("reader", ("diff", "dev", "staging")),
    "drift": ("checker", ("drift",)),
    "why with a plan": ("checker", ("why", "prod", "--plan")),
}


@pytest.mark.parametrize(("person", "words"), LOOKS.values(), ids=LOOKS)
def test_look_role_suffices(shop: Project, company: Organisation, person: str, words: tuple[str, ...]) -> None:
    before = len(company.proxy.asked)
    ran = act_as(shop, company, person).run(*words, "--json")
    assert (ran.code, ran.document["problems"]) == (0, []), ran.out
    assert list_writes(company.proxy.asked[before:]) == []


def test_deploying_takes_no_look_role(shop: Project, company: Organisation) -> None:
    before = len(company.proxy.asked)
    shop.run_checked("apply", "dev", "--yes")
    shop.run_checked("drift", "dev", "--locked")
    assert {role.rpartition("/")[2] for role in list_roles(company.proxy.asked[before:])} == {"envctl-deployer"}


def test_look_role_can_not_deploy(shop: Project, company: Organisation) -> None:
    for words in (("apply", "dev", "--yes"), ("drift", "dev", "--locked"), ("output", "dev", "topic", "--reveal")):
        denied = act_as(shop, company, "checker").run(*words, "--json")
        assert (denied.code, denied.codes) == (1, ["E413"]), words


def test_plans_of_both_roles_have_one_fingerprint(shop: Project, company: Organisation) -> None:
    looked = act_as(shop, company, "checker").run_checked("why", "prod", "--plan", "--json").document["result"]
    shop.write("envctl.toml", PROJECT)
    try:
        deployed = shop.run_checked("why", "prod", "--plan", "--json").document["result"]
    finally:
        shop.write("envctl.toml", WITH_LOOK_ROLES)
    assert looked["plan"]
    assert [looked[key] for key in ("plan", "place", "where")] == [deployed[key] for key in ("plan", "place", "where")]


def test_rendered_modules_differ_in_role_alone(shop: Project) -> None:
    main = shop.root / ".envctl/work/dev/parameters/main.tf.json"
    shop.run_checked("plan", "dev")
    looked = main.read_text()
    shop.run_checked("apply", "dev", "--yes")
    assert "envctl-look" in looked
    assert looked.replace("role/envctl-look", "role/envctl-deployer") == main.read_text()


def test_killed_look_leaves_no_lock(shop: Project, company: Organisation) -> None:
    for words in (("plan", "dev"), ("preview", "dev"), ("drift", "dev")):
        before = len(company.proxy.asked)
        with company.proxy.use_plan(lambda request: Hung() if request.host.startswith("ssm.") else None):
            running = act_as(shop, company, "checker").start(*words)
            wait_until(lambda: any(request.host.startswith("ssm.") for request, _ in company.proxy.asked[before:]))
            stack = shop.root / ".envctl/work/dev/parameters/.running"
            os.killpg(int(stack.read_text()), signal.SIGKILL)
            running.kill()
            running.communicate()
        assert list_locks(company) == [], words
    shop.run_checked("apply", "dev", "--yes")


# The statement, its action, a look that needs it, and how that ends without it.
NEEDED = {
    "to list the states": ("s3:ListBucket", ("plan", "dev"), {"E424", "E326"}),
    "to read a state": ("s3:GetObject", ("plan", "dev"), {"E326"}),
    "to read a state for its outputs": ("s3:GetObject", ("output", "dev"), {"E326"}),
}


@pytest.mark.parametrize(("action", "words", "codes"), NEEDED.values(), ids=NEEDED)
def test_permission_of_the_look_role_is_needed(
    shop: Project, company: Organisation, action: str, words: tuple[str, ...], codes: set[str]
) -> None:
    iam = company.open_admin_client(ACCOUNTS["dev"])
    where = {"RoleName": "envctl-look", "PolicyName": "rights-0"}
    policy = iam.get_role_policy(**where)["PolicyDocument"]
    iam.put_role_policy(**where, PolicyDocument=json.dumps(without(policy, action)))
    (shop.root / ".envctl/access.json").unlink(missing_ok=True)
    try:
        ran: CommandResult = act_as(shop, company, "reader").run(*words, "--json")
    finally:
        iam.put_role_policy(**where, PolicyDocument=json.dumps(policy))
    assert ran.code != 0
    assert set(ran.codes) & codes, ran.out


def without(policy: dict[str, Any], action: str) -> dict[str, Any]:
    gone = {action, {"s3:ListBucket": "s3:HeadBucket"}.get(action)}
    kept = [{**each, "Action": [a for a in each["Action"] if a not in gone]} for each in policy["Statement"]]
    return {**policy, "Statement": [each if each["Action"] else {**each, "Action": ["s3:None"]} for each in kept]}


def test_documented_look_role_writes_nothing() -> None:
    policies = load_policies("look-role")
    given = {
        action
        for sid in ("ListTheStatesToRead", "LookForSecretsOnly")
        for statement in policies[sid]["Statement"]
        for action in statement["Action"]
    }
    writing = {
        action
        for action in given
        if not action.split(":")[1].startswith(("Get", "List", "Describe", "Head", "BatchGet"))
    }
    assert writing == {"kms:Sign"}


HOSTILE = """
data "external" "thief" {
  program = ["python3", "${path.module}/thief.py"]
}
output "stolen" { value = data.external.thief.result }
"""
THIEF = """
import json, os, sys
import boto3
found = {}
own = boto3.client("sts")
for name, account in {"dev": "111111111111", "staging": "222222222222", "prod": "333333333333"}.items():
    for role in ("envctl-look", "envctl-deployer"):
        try:
            arn = f"arn:aws:iam::{account}:role/{role}"
            keys = own.assume_role(RoleArn=arn, RoleSessionName="mallory")["Credentials"]
            s3 = boto3.client("s3", aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"],
                              aws_session_token=keys["SessionToken"], region_name="ap-northeast-1")
        except Exception as error:
            found[f"{role} of {name}"] = "denied"
            continue
        for other, place in {"dev": "111111111111", "staging": "222222222222", "prod": "333333333333"}.items():
            try:
                s3.get_object(Bucket=f"shop-tfstate-{place}", Key=f"{other}/parameters.tfstate")["Body"].read()
                found[f"{role} of {name} reads {other}"] = "stolen"
            except Exception as error:
                pass
            try:
                s3.put_object(Bucket=f"shop-tfstate-{place}", Key=f"{other}/mallory.tfstate", Body=b"x")
                found[f"{role} of {name} writes {other}"] = "written"
            except Exception as error:
                pass
json.dump(found, sys.stdout)
"""
