"""Identities of AWS become users as EKS maps them."""

import pytest

from aws_api_emulator.eks.access_policies import ARN_PREFIX, load_access_policies
from aws_api_emulator.eks.identities import find_user
from aws_api_emulator.exchange import AccessEntry, Caller, EksCluster

ACCOUNT = "111111111111"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/developers"
STS = f"arn:aws:sts::{ACCOUNT}:assumed-role/developers"
CALLER = Caller(ACCOUNT, f"{STS}/maria@shop", "", "ASIAEXAMPLE", "AROAEXAMPLE:maria@shop", "ip-10-0-0-1.internal")
USER = Caller(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:user/maria", "", "AKIAEXAMPLE", "AIDAEXAMPLE")


def build_cluster(mode: str = "CONFIG_MAP", creator: str = "", *entries: AccessEntry) -> EksCluster:
    return EksCluster(
        account_id=ACCOUNT,
        name="shop",
        host="x",
        version="1.35",
        authentication_mode=mode,
        creator_arn=creator,
        access_entries=entries,
    )


def map_role(arn: str = ROLE, username: str = "dev:{{SessionName}}", groups: str = "[devs]") -> dict[str, str]:
    return {"mapRoles": f"- rolearn: {arn}\n  username: '{username}'\n  groups: {groups}\n"}


@pytest.mark.parametrize(
    ("username", "name"),
    [
        ("dev:{{SessionName}}", "dev:maria-shop"),
        ("{{SessionNameRaw}}", "maria@shop"),
        ("{{AccountID}}", ACCOUNT),
        ("{{AccessKeyID}}", "ASIAEXAMPLE"),
        ("system:node:{{EC2PrivateDNSName}}", "system:node:ip-10-0-0-1.internal"),
    ],
)
def test_map_of_roles_names_the_session(username: str, name: str) -> None:
    user = find_user(CALLER, build_cluster(), map_role(username=username))
    assert user is not None
    assert (user.name, user.groups) == (name, ("devs", "system:authenticated"))
    assert user.uid == f"aws-iam-authenticator:{ACCOUNT}:AROAEXAMPLE"
    assert user.extra["canonicalArn"] == (ROLE,)


def test_map_of_users_and_accounts() -> None:
    users = {"mapUsers": f"- userarn: {USER.arn}\n  username: maria\n"}
    mapped = find_user(USER, build_cluster(), users)
    assert mapped is not None
    assert (mapped.name, mapped.groups) == ("maria", ("system:authenticated",))
    by_account = find_user(CALLER, build_cluster(), {"mapAccounts": f"- {ACCOUNT}"})
    assert by_account is not None
    assert by_account.name == ROLE


def test_role_with_a_path_is_not_found_in_the_map() -> None:
    assert find_user(CALLER, build_cluster(), map_role(ROLE.replace("role/", "role/team/"))) is None
    assert find_user(CALLER, build_cluster(), map_role(ROLE.upper().replace("ARN:AWS:IAM", "arn:aws:iam"))) is not None


@pytest.mark.parametrize("auth_map", [None, {}, {"mapRoles": "- [" * 3}, {"mapRoles": "text"}, {"mapRoles": "- text"}])
def test_unreadable_map_lets_nobody_in(auth_map: dict[str, str] | None) -> None:
    assert find_user(CALLER, build_cluster(), auth_map) is None


def test_creator_is_in_no_list() -> None:
    user = find_user(CALLER, build_cluster("CONFIG_MAP", ROLE.replace("role/", "role/team/")), None)
    assert user is not None
    assert (user.name, user.groups) == ("kubernetes-admin", ("system:masters", "system:authenticated"))


@pytest.mark.parametrize(("mode", "names"), [("CONFIG_MAP", "map"), ("API_AND_CONFIG_MAP", "entry"), ("API", "entry")])
def test_mode_chooses_between_entries_and_map(mode: str, names: str) -> None:
    entry = AccessEntry(ROLE, "entry", ("readers",))
    user = find_user(CALLER, build_cluster(mode, "", entry), map_role(username="map"))
    assert user is not None
    assert user.name == names


def test_mode_with_both_lists_reads_the_map_last() -> None:
    auth_map = map_role(username="map")
    assert find_user(CALLER, build_cluster("API_AND_CONFIG_MAP"), auth_map) is not None
    assert find_user(CALLER, build_cluster("API"), auth_map) is None


def test_entry_gives_the_rules_of_its_policies() -> None:
    policy = f"{ARN_PREFIX}AmazonEKSViewPolicy", ("dev-*",)
    entry = AccessEntry(ROLE.replace("role/", "role/team/"), f"{STS}/{{{{SessionName}}}}", (), (policy,))
    user = find_user(CALLER, build_cluster("API", "", entry), None)
    assert user is not None
    assert user.name == f"{STS}/maria-shop"
    (grant,) = user.grants
    assert (grant.holds_in("dev-maria"), grant.holds_in("prod"), grant.holds_in("")) == (True, False, False)
    assert any(rule.allows("list", "apps", "deployments", "", "") for rule in grant.rules)


@pytest.mark.parametrize(
    ("policy", "allowed"),
    [
        ("AmazonEKSClusterAdminPolicy", "yyyyy"),
        ("AmazonEKSAdminPolicy", "yyyyn"),
        ("AmazonEKSEditPolicy", "yyynn"),
        ("AmazonEKSAdminViewPolicy", "yynnn"),
        ("AmazonEKSViewPolicy", "ynnnn"),
    ],
)
def test_policies_allow_what_aws_documents(policy: str, allowed: str) -> None:
    asked = (
        ("get", "", "pods"),
        ("get", "", "secrets"),
        ("patch", "apps", "deployments"),
        ("create", "rbac.authorization.k8s.io", "roles"),
        ("create", "", "nodes"),
    )
    rules = load_access_policies()[policy]
    found = "".join("ny"[any(rule.allows(*each, "", "") for rule in rules)] for each in asked)
    assert found == allowed
