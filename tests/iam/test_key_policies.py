"""The policies of keys that envctl creates, asked for each role, key and action. Each role here may do everything with
every key by IAM: what is refused, the policy of the key refuses.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from envctl.adapters.toml import load_project
from envctl.domain.aws.key_policy import (
    KEY_USAGE,
    MEANINGS,
    KeyRecord,
    build_key_policy,
    find_key_faults,
    list_signers,
)
from envctl.domain.config.project import Project
from envctl.domain.config.signing_keys import build_key_arn
from envctl.domain.ledger.key_roles import ALL_ROLES, KeyRole
from tests.iam.permissions import ALL_OF_KMS, OWNING_ACTIONS, KmsKey, may

DEV, PROD, TOOLS, PEOPLE = "111111111111", "333333333333", "444444444444", "555555555555"
TEXT = """
[project]
name = "shop"
[store]
url = "s3://shop-envctl-store/shop"
account_id = "444444444444"
region = "ap-northeast-1"
[state]
backend = "s3"
[pipeline]
order = ["dev", "prod"]
[stacks.web]
module = "modules/web"
[stacks.access]
module = "modules/access"
environments = ["management"]
[environments.management]
pipeline = false
account_id = "444444444444"
region = "ap-northeast-1"
assume_role = "arn:aws:iam::444444444444:role/OrganizationAccountAccessRole"
""" + "".join(
    f"""
[environments.{name}]
account_id = "{account}"
region = "ap-northeast-1"
assume_role = "arn:aws:iam::{account}:role/envctl-deployer"
look_role = "arn:aws:iam::{account}:role/envctl-look"
signing_key = "alias/envctl-{name}"
look_signing_key = "alias/envctl-look-{name}"
approval_signing_key = "arn:aws:kms:ap-northeast-1:{TOOLS}:alias/envctl-approve-{name}"
"""
    for name, account in (("dev", DEV), ("prod", PROD))
)
SSO = "arn:aws:iam::555555555555:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Approver_*"
APPROVER = SSO.replace("*/", "eu-west-1/").removesuffix("*") + "0123456789abcdef"
JOB = f"arn:aws:iam::{TOOLS}:role/envctl-ci-prod-approval"
ROLES = {
    "deployer of prod": f"arn:aws:iam::{PROD}:role/envctl-deployer",
    "deployer of dev": f"arn:aws:iam::{DEV}:role/envctl-deployer",
    "look role of prod": f"arn:aws:iam::{PROD}:role/envctl-look",
    "role that the deployer made": f"arn:aws:iam::{PROD}:role/shop-prod-web",
    "job of prod": f"arn:aws:iam::{TOOLS}:role/envctl-ci-prod",
    "job that approves": JOB,
    "person": APPROVER,
    "other person": APPROVER.replace("Approver", "Reader"),
    "administrator of prod": f"arn:aws:iam::{PROD}:role/Administrator",
    "administrator of tools": f"arn:aws:iam::{TOOLS}:role/OrganizationAccountAccessRole",
}
SIGNERS: Mapping[KeyRole, set[str]] = {
    "deployment": {"deployer of prod"},
    "look": {"look role of prod"},
    "people": {"job that approves", "person"},
}


def load(text: str = TEXT) -> Project:
    return load_project(text.encode())


def make_key(role: KeyRole, signers: Sequence[str] = (JOB, SSO), text: str = TEXT) -> KmsKey:
    project = load(text)
    arn = build_key_arn(project, "prod", role)
    return KmsKey(
        arn=f"{arn.rpartition(':')[0]}:key/mrk-1",
        alias=arn.rpartition(":")[2],
        # A deployer had time to tag it.
        tags={"environment": "prod"},
        policy=json.loads(json.dumps(build_key_policy(project, "prod", role, signers if role == "people" else ()))),
    )


def list_allowed(action: str, key: KmsKey) -> set[str]:
    return {name for name, role in ROLES.items() if may(role, action, key, [ALL_OF_KMS])}


@pytest.mark.parametrize("role", ALL_ROLES)
def test_each_key_is_used_by_its_signers_alone(role: KeyRole) -> None:
    assert list_allowed("kms:Sign", make_key(role)) == SIGNERS[role]


def test_no_role_signs_with_two_keys() -> None:
    signing = [name for role in ALL_ROLES for name in list_allowed("kms:Sign", make_key(role))]
    assert len(signing) == len(set(signing)) == 4


@pytest.mark.parametrize("role", ALL_ROLES)
@pytest.mark.parametrize("action", OWNING_ACTIONS)
def test_administrators_alone_own_a_key(role: KeyRole, action: str) -> None:
    owners = (
        {"administrator of tools", "job of prod", "job that approves"}
        if role == "people"
        else {"administrator of prod"}
    )
    assert list_allowed(action, make_key(role)) == owners, "who is of its account, and neither deploys nor looks"


@pytest.mark.parametrize("role", ALL_ROLES)
def test_public_key_can_be_read_by_its_account(role: KeyRole) -> None:
    key = make_key(role)
    of_account = {name for name, arn in ROLES.items() if arn.split(":")[4] == key.account}
    guests = {"person"} if role == "people" else set()
    assert list_allowed("kms:GetPublicKey", key) == of_account | guests


def test_without_key_of_people_they_sign_as_before() -> None:
    text = "\n".join(line for line in TEXT.splitlines() if not line.startswith("approval_signing_key"))
    allowed = list_allowed("kms:Sign", make_key("deployment", text=text))
    assert allowed == {"deployer of prod", "administrator of prod"}, "IAM of the account decides"
    project = load(text)
    policy = build_key_policy(project, "prod", "deployment", [SSO])
    key = replace(make_key("deployment", text=text), policy=policy)
    assert list_allowed("kms:Sign", key) == {"deployer of prod", "administrator of prod", "person"}


def test_without_named_signers_no_role_of_the_pipeline_signs_for_people() -> None:
    allowed = list_allowed("kms:Sign", make_key("people", signers=()))
    assert allowed == {"job of prod", "job that approves", "administrator of tools"}, "IAM of the account decides"
    here = TEXT.replace(f"arn:aws:kms:ap-northeast-1:{TOOLS}:alias/envctl-approve-prod", "alias/envctl-approve-prod")
    here = here.replace(f'"{DEV}"', f'"{TOOLS}"').replace(f'"{PROD}"', f'"{TOOLS}"').replace(PROD, TOOLS)
    one = replace(make_key("people", signers=(), text=here.replace(DEV, TOOLS)))
    deployer, look = (f"arn:aws:iam::{TOOLS}:role/envctl-{each}" for each in ("deployer", "look"))
    assert not may(deployer, "kms:Sign", one, [ALL_OF_KMS])
    assert not may(look, "kms:Sign", one, [ALL_OF_KMS])


def test_policy_is_shorter_than_kms_allows() -> None:
    signers = [SSO, JOB, *(f"arn:aws:iam::{PEOPLE}:role/Approvers-of-the-team-{number}" for number in range(20))]
    policy = build_key_policy(load(), "prod", "people", signers)
    assert len(json.dumps(policy)) < 32 * 1024


def record(role: KeyRole = "deployment", **other: object) -> KeyRecord:
    policy = build_key_policy(load(), "prod", role)
    fields = {"arn": "arn", "state": "Enabled", "usage": KEY_USAGE, "multi_region": True, "policy": policy}
    return KeyRecord(**{**fields, **other})  # type: ignore[arg-type]


WANTED = build_key_policy(load(), "prod", "deployment")
DIFFERENCES: dict[str, tuple[KeyRecord, list[str]]] = {
    "none": (record(), []),
    "another order and form": (
        record(
            policy={
                "Statement": [
                    {**each, "Sid": str(number), **({"Principal": "*"} if each["Effect"] == "Deny" else {})}
                    for number, each in enumerate(reversed(WANTED["Statement"]))
                ]
            }
        ),
        [],
    ),
    "one more denial": (
        record(
            policy={"Statement": [*WANTED["Statement"], {"Effect": "Deny", "Principal": "*", "Action": "kms:Put*"}]}
        ),
        [],
    ),
    "a disabled key": (record(state="Disabled"), ["its state is Disabled"]),
    "a key pending deletion": (record(state="PendingDeletion"), ["its state is PendingDeletion"]),
    "a key for other things": (record(usage="ENCRYPT_DECRYPT"), ["is for ENCRYPT_DECRYPT"]),
    "a key of yesterday": (
        record(multi_region=False, policy={"Statement": WANTED["Statement"][0]}),
        ["in one region only", "EnvctlKeepTheKey", "EnvctlOnlyTheseSign"],
    ),
    "somebody more who signs": (
        record(
            policy={
                "Statement": [
                    *WANTED["Statement"],
                    {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::666666666666:root"}, "Action": "kms:Sign"},
                ]
            }
        ),
        ["allows more: .*666666666666"],
    ),
    "another deployer": (
        record(policy=json.loads(json.dumps(WANTED).replace("role/envctl-deployer", "role/old-deployer"))),
        ["EnvctlKeepTheKey", "EnvctlOnlyTheseSign"],
    ),
}


@pytest.mark.parametrize(("found", "expected"), DIFFERENCES.values(), ids=DIFFERENCES)
def test_difference_of_key_is_found(found: KeyRecord, expected: list[str]) -> None:
    faults = list(find_key_faults(found, WANTED))
    assert len(faults) == len(expected)
    for fault, pattern in zip(faults, expected, strict=True):
        assert re.search(pattern, fault.problem)
        assert fault.fix
        assert bool(fault.statement) is pattern.startswith("Envctl")


def test_missing_statements_end_the_differences() -> None:
    found = record(policy={"Statement": WANTED["Statement"][0]})
    added = [json.loads(fault.statement) for fault in find_key_faults(found, WANTED) if fault.statement]
    assert not list(find_key_faults(record(policy={"Statement": [WANTED["Statement"][0], *added]}), WANTED))


def test_signers_are_read_from_the_policy() -> None:
    assert list_signers(make_key("people").policy or {}) == tuple(sorted((JOB, SSO)))
    assert list_signers(make_key("deployment").policy or {}) == (ROLES["deployer of prod"],)
    assert list_signers({"Statement": []}) == ()


def test_each_statement_says_what_its_lack_means() -> None:
    projects = [load(), load("\n".join(each for each in TEXT.splitlines() if "approval_signing_key" not in each))]
    sids = {
        each["Sid"]
        for project in projects
        for role in ALL_ROLES
        if role != "people" or project.environments["prod"].approval_signing_key
        for each in build_key_policy(project, "prod", role, [SSO])["Statement"]
    }
    assert sids == set(MEANINGS)
