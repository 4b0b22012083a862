"""The role that only looks, with the policies of docs/look-role.md: it suffices, and each part is needed."""

import json
import os
import shlex
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aws_api_emulator.exchange import Request

from envctl.adapters.terraform.process.binary import find_embedded
from tests.by_day import keep_by_day
from tests.e2e.conftest import ACCOUNTS, REGION, CommandResult, Project, wait_until
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


@pytest.mark.parametrize(("person", "words"), keep_by_day(LOOKS, "plan of a release", "why with a plan"))
def test_look_role_suffices(shop: Project, company: Organisation, person: str, words: tuple[str, ...]) -> None:
    before = len(company.proxy.asked)
    ran = act_as(shop, company, person).run(*words, "--json")
    assert (ran.code, ran.document["problems"]) == (0, []), ran.out
    assert list_writes(company.proxy.asked[before:]) == []


@pytest.mark.night
def test_deploying_takes_no_look_role(shop: Project, company: Organisation) -> None:
    before = len(company.proxy.asked)
    shop.run_checked("apply", "dev", "--yes")
    shop.run_checked("drift", "dev", "--locked")
    assert {role.rpartition("/")[2] for role in list_roles(company.proxy.asked[before:])} == {"envctl-deployer"}


def test_look_role_can_not_deploy(shop: Project, company: Organisation) -> None:
    for words in (("apply", "dev", "--yes"), ("drift", "dev", "--locked"), ("output", "dev", "topic", "--reveal")):
        denied = act_as(shop, company, "checker").run(*words, "--json")
        assert (denied.code, denied.codes) == (1, ["E413"]), words


@pytest.mark.night
def test_plans_of_both_roles_have_one_fingerprint(shop: Project, company: Organisation) -> None:
    looked = act_as(shop, company, "checker").run_checked("why", "prod", "--plan", "--json").document["result"]
    shop.write("envctl.toml", PROJECT)
    try:
        deployed = shop.run_checked("why", "prod", "--plan", "--json").document["result"]
    finally:
        shop.write("envctl.toml", WITH_LOOK_ROLES)
    assert looked["plan"]
    assert [looked[key] for key in ("plan", "place", "where")] == [deployed[key] for key in ("plan", "place", "where")]


@pytest.mark.parametrize("words", keep_by_day(["plan", "preview", "drift"], "plan"))
def test_killed_look_leaves_another_role_and_no_lock(shop: Project, company: Organisation, words: str) -> None:
    """Terraform's configuration differs from that of a deployment in the role alone."""
    before = len(company.proxy.asked)
    main = shop.root / ".envctl/work/dev/parameters/main.tf.json"
    running_file = shop.root / ".envctl/work/dev/parameters/.running"
    with company.proxy.use_plan(lambda request: Hung() if request.host.startswith("ssm.") else None):
        running = act_as(shop, company, "checker").start(words, "dev")
        wait_until(lambda: any(request.host.startswith("ssm.") for request, _ in company.proxy.asked[before:]))
        os.killpg(int(running_file.read_text()), signal.SIGKILL)
        running.kill()
        running.communicate()
    looked = main.read_text()
    assert "envctl-look" in looked
    assert list_locks(company) == []
    shop.run_checked("apply", "dev", "--yes")
    assert looked.replace("role/envctl-look", "role/envctl-deployer") == main.read_text()


# The statement, its action, a look that needs it, and how that ends without it.
NEEDED = {
    "to list the states": ("s3:ListBucket", ("plan", "dev"), {"E424", "E326"}),
    "to read a state": ("s3:GetObject", ("plan", "dev"), {"E326"}),
    "to read a state for its outputs": ("s3:GetObject", ("output", "dev"), {"E326"}),
}


@pytest.mark.parametrize(("action", "words", "codes"), keep_by_day(NEEDED, "to read a state"))
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


# What it gets hold of depends on what it is given alone, and so it steals once with the same.
THIEF = f"""
import hashlib, json, os, sys

given = sorted(each for each in os.environ.items() if each[0].startswith("AWS_"))
loot = os.path.join(FOLDER, hashlib.sha256(repr(given).encode()).hexdigest())
try:
    file = open(loot, "x")
except FileExistsError:
    sys.exit()
import boto3

ACCOUNTS = {ACCOUNTS!r}
found = []
sts = boto3.client("sts", region_name="{REGION}")
for name, account in ACCOUNTS.items():
    for role in ("envctl-look", "envctl-deployer"):
        try:
            arn = f"arn:aws:iam::{{account}}:role/{{role}}"
            keys = sts.assume_role(RoleArn=arn, RoleSessionName="mallory")
        except Exception:
            continue
        given = keys["Credentials"]
        s3 = boto3.client("s3", region_name="{REGION}", aws_access_key_id=given["AccessKeyId"],
                          aws_secret_access_key=given["SecretAccessKey"], aws_session_token=given["SessionToken"])
        for other, place in ACCOUNTS.items():
            where = {{"Bucket": f"shop-tfstate-{{place}}", "Key": f"{{other}}/parameters.tfstate"}}
            for verb in ("get_object", "put_object", "delete_object"):
                try:
                    getattr(s3, verb)(**where)
                    found.append(f"{{role}} of {{name}}: {{verb}} of {{other}}")
                except Exception:
                    pass
json.dump(found, file)
file.close()
"""
WRAPPER = """#!/bin/sh
case " $* " in *" plan "*) {python} {thief} ;; esac
exec {real} "$@"
"""


def steal(shop: Project, company: Organisation, person: str, *words: str) -> set[str]:
    """What a program of the branch gets hold of while a job plans it: it stands where Terraform should."""
    stolen, thief, wrapper = (shop.root / name for name in ("stolen", "thief.py", "wrapper"))
    stolen.mkdir()
    thief.write_text(THIEF.replace("FOLDER", repr(os.fspath(stolen))))
    wrapper.write_text(WRAPPER.format(python=sys.executable, thief=thief, real=shlex.join(find_embedded())))
    wrapper.chmod(0o755)
    shop.write("envctl.toml", f'{WITH_LOOK_ROLES}\n[terraform]\nbinary = "{wrapper}"\n')
    try:
        act_as(shop, company, person).run(*words)
    finally:
        shop.write("envctl.toml", WITH_LOOK_ROLES)
        for file in (thief, wrapper):
            file.unlink()
    ran = [json.loads(file.read_text()) for file in stolen.iterdir()]
    shutil.rmtree(stolen)
    assert ran, "the program did not run"
    return {each for found in ran for each in found}


def test_program_of_a_branch_reads_no_other_state(shop: Project, company: Organisation) -> None:
    assert steal(shop, company, "puller", "preview") == {"envctl-look of dev: get_object of dev"}


def test_each_look_role_reads_its_own_states_alone(shop: Project, company: Organisation) -> None:
    """Also for a job that may take all of them."""
    stolen = steal(shop, company, "reader", "plan", "dev")
    assert stolen == {f"envctl-look of {name}: get_object of {name}" for name in ("dev", "staging")}


PULL_REQUEST = {"GITHUB_ACTIONS": "true", "GITHUB_REF": "refs/pull/7/merge", "GITHUB_EVENT_NAME": "pull_request"}


@pytest.mark.night
def test_pull_request_asks_nothing_of_other_environments(shop: Project, company: Organisation) -> None:
    before = len(company.proxy.asked)
    job = Project(shop.root, shop.home, {**company.build_environment("puller"), **PULL_REQUEST})
    ran = job.run("preview", "--json")
    assert (ran.code, ran.document["problems"]) == (0, [])
    assert [each["hidden"] for each in ran.document["result"]["environments"]] == [False, True, True]
    requests = company.proxy.asked[before:]
    assert {role.split(":")[4] for role in list_roles(requests)} == {ACCOUNTS["dev"]}
    assert not any(ACCOUNTS[name] in each.host + each.target for each, _ in requests for name in ("staging", "prod"))
