"""Module access."""

import json
from typing import Any

from tests.modules.applying import Account, Case, Found
from tests.modules.policies import Statement, statements

ACCOUNT = "100000000015"
IAM = f"arn:aws:iam::{ACCOUNT}"
CI = "arn:aws:iam::444444444444:role/envctl-ci"

ROOT = """
module "access" {
  source = "./modules/access"

  project               = "shop"
  environment           = "dev-account"
  deploys_environment   = "dev"
  management_account_id = "999999999999"
  people_roles          = ["developer", "qa", "operator", "data_admin"]
  deployer_trusted_arns = ["arn:aws:iam::444444444444:role/envctl-ci"]
  github_repository     = "acme/shop"
}

output "access" {
  value = module.access
}
"""
# As an account is that nobody works in by hand.
JOB_ALONE = ROOT.replace('["developer", "qa", "operator", "data_admin"]', "[]").replace(
    '  github_repository     = "acme/shop"\n', ""
)

NAMES = {"developer": "DeveloperRole", "qa": "QARole", "operator": "OperatorRole", "data_admin": "DataAdminRole"}
POLICY_LIMIT = 6144
INLINE_LIMIT = 10240


def look(account: Account, found: Found) -> None:
    iam = account.client("iam")
    assert found["access"]["role_arns"] == {role: f"{IAM}:role/{name}" for role, name in NAMES.items()}
    for role, name in NAMES.items():
        _is_taken_with_a_second_factor(iam, name, fresh=role in ("operator", "data_admin"))
    _developer_has_all_but_users(iam)
    for name in ("QARole", "OperatorRole", "DataAdminRole"):
        _sees_no_secret(iam, name)
    _qa_only_looks(iam)
    _operator_becomes_the_deployer(iam)
    _one_role_deletes(iam)
    _deployer_is_trusted_by_name(iam, found["access"])
    _deployer_may_what_modules_make(iam)
    _leaves_the_foundation(iam, "envctl-deployer")
    _leaves_the_foundation(iam, "DeveloperRole")
    _is_really_held(account)


def look_again(account: Account, found: Found) -> None:
    iam = account.client("iam")
    assert (found["access"]["role_arns"], found["access"]["oidc_provider_arn"]) == ({}, None)
    assert [role["RoleName"] for role in iam.list_roles()["Roles"]] == ["envctl-deployer"]
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == []
    trusted = _trust(iam, "envctl-deployer")
    assert set(trusted) == {"NamedRoles"}
    assert trusted["NamedRoles"].principals == {"AWS": frozenset([CI])}


def gone(account: Account) -> None:
    iam = account.client("iam")
    assert iam.list_roles()["Roles"] == []
    assert iam.list_policies(Scope="Local")["Policies"] == []
    assert iam.list_open_id_connect_providers()["OpenIDConnectProviderList"] == []


def _is_taken_with_a_second_factor(iam: Any, name: str, *, fresh: bool) -> None:
    role = iam.get_role(RoleName=name)["Role"]
    (trusted,) = _trust(iam, name).values()
    assert trusted.principals == {"AWS": frozenset(["arn:aws:iam::999999999999:root"])}
    assert trusted.actions == frozenset(["sts:AssumeRole"])
    assert trusted.conditions["Bool"] == {"aws:MultiFactorAuthPresent": frozenset(["true"])}
    assert trusted.conditions["StringEquals"] == {"sts:RoleSessionName": frozenset(["${aws:username}"])}
    if fresh:
        assert role["MaxSessionDuration"] == 3600
        assert trusted.conditions["NumericLessThan"] == {"aws:MultiFactorAuthAge": frozenset(["3600"])}


def _developer_has_all_but_users(iam: Any) -> None:
    assert "PowerUserAccess" in _attached(iam, "DeveloperRole")
    own = _inline(iam, "DeveloperRole")
    # PowerUserAccess leaves IAM out: what comes back is to look, and to hand roles of the pipeline to services.
    assert {sid for sid, each in own.items() if each.effect == "Allow"} == {"LookAtRoles", "HandRolesToServices"}
    assert all(
        action.startswith(("iam:Get", "iam:List", "iam:Gen", "iam:Sim")) for action in own["LookAtRoles"].actions
    )
    assert own["HandRolesToServices"].resources == {f"{IAM}:role/shop-dev-*"}


def _sees_no_secret(iam: Any, name: str) -> None:
    assert "ReadOnlyAccess" in _attached(iam, name)
    own = _inline(iam, name)
    assert {"secretsmanager:GetSecretValue", "kms:Decrypt"} <= own["NoSecrets"].actions
    assert (own["NoSecrets"].effect, own["NoSecrets"].resources, own["NoSecrets"].conditions) == (
        "Deny",
        frozenset(["*"]),
        {},
    )
    assert own["NoStates"].effect == "Deny"
    assert own["NoStates"].resources == {f"arn:aws:s3:::shop-tfstate-{ACCOUNT}/*"}


def _qa_only_looks(iam: Any) -> None:
    own = _inline(iam, "QARole")
    assert {sid for sid, each in own.items() if each.effect == "Allow"} == {"SignApprovals"}
    _signs_for_dev(own["SignApprovals"])


def _operator_becomes_the_deployer(iam: Any) -> None:
    own = _inline(iam, "OperatorRole")
    assert {sid for sid, each in own.items() if each.effect == "Allow"} == {"SignApprovals", "BecomeTheDeployer"}
    assert own["BecomeTheDeployer"].resources == {f"{IAM}:role/envctl-deployer"}


def _one_role_deletes(iam: Any) -> None:
    own = _inline(iam, "DataAdminRole")
    assert {"rds:DeleteDBInstance", "rds:DeleteDBCluster"} <= own["DeleteDatabases"].actions
    assert own["DeleteBuckets"].resources == {"arn:aws:s3:::shop-dev-*", "arn:aws:s3:::shop-dev-*/*"}


def _signs_for_dev(statement: Statement) -> None:
    assert statement.actions == frozenset(["kms:Sign"])
    assert statement.conditions == {"StringEquals": {"kms:RequestAlias": frozenset(["alias/envctl-dev"])}}


def _deployer_is_trusted_by_name(iam: Any, made: Found) -> None:
    assert made["deployer_role_arn"] == f"{IAM}:role/envctl-deployer"
    trusted = _trust(iam, "envctl-deployer")
    assert set(trusted) == {"NamedRoles", "PeopleOfThisAccount", "JobsOfTheRepository"}
    assert trusted["NamedRoles"].principals == {"AWS": frozenset([CI])}
    people = {f"{IAM}:role/DeveloperRole", f"{IAM}:role/OperatorRole"}
    assert trusted["PeopleOfThisAccount"].principals == {"AWS": frozenset(people)}
    jobs = trusted["JobsOfTheRepository"]
    host = "token.actions.githubusercontent.com"
    assert jobs.principals == {"Federated": frozenset([made["oidc_provider_arn"]])}
    assert jobs.actions == frozenset(["sts:AssumeRoleWithWebIdentity"])
    # Both by StringEquals, and in full: a pattern would let pull requests and other environments in.
    assert jobs.conditions == {
        "StringEquals": {
            f"{host}:aud": frozenset(["sts.amazonaws.com"]),
            f"{host}:sub": frozenset(["repo:acme/shop:environment:dev"]),
        }
    }
    provider = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=made["oidc_provider_arn"])
    assert (provider["Url"], provider["ClientIDList"]) == (host, ["sts.amazonaws.com"])


def _deployer_may_what_modules_make(iam: Any) -> None:
    said = _managed(iam, "envctl-deployer")
    bucket = f"arn:aws:s3:::shop-tfstate-{ACCOUNT}"
    assert said["ListTheStates"].resources == frozenset([bucket])
    assert said["ReadAndWriteTheStates"].actions == frozenset(["s3:GetObject", "s3:PutObject"])
    assert said["ReadAndWriteTheStates"].resources == frozenset([f"{bucket}/dev/*"])
    assert said["GiveUpTheLocks"].actions == frozenset(["s3:DeleteObject"])
    assert said["GiveUpTheLocks"].resources == frozenset([f"{bucket}/dev/*.tflock"])
    assert said["LookForSecrets"].actions == frozenset(["secretsmanager:DescribeSecret"])
    # So that a rollout may ask whether an alarm rings.
    assert "cloudwatch:Describe*" in said["Look"].actions
    _signs_for_dev(said["SignWhatIsSaidOfThisEnvironment"])
    roles = said["RolesOfWorkloads"]
    assert all(resource.rpartition("/")[2] == "shop-dev-*" for resource in roles.resources)
    assert said["HandRolesToServices"].resources == frozenset([f"{IAM}:role/shop-dev-*"])
    services = said["HandRolesToServices"].conditions["StringEquals"]["iam:PassedToService"]
    assert "ec2.amazonaws.com" in services
    assert all(service.endswith(".amazonaws.com") for service in services)
    writes = {action for each in said.values() if each.effect == "Allow" for action in each.actions}
    assert not {"*", "iam:*", "sts:*", "organizations:*"} & writes
    everywhere = {a for s in said.values() if s.effect == "Allow" and "*" in s.resources for a in s.actions}
    assert not {"s3:*", "kms:*", "secretsmanager:*", "rds:*", "logs:*", "ssm:*"} & everywhere


def _leaves_the_foundation(iam: Any, name: str) -> None:
    said = _managed(iam, name)
    assert {"iam:CreateUser", "iam:CreateAccessKey", "iam:CreateLoginProfile"} <= said["PassesInsteadOfUsers"].actions
    guarded = {f"{IAM}:role/{role}" for role in (*NAMES.values(), "envctl-deployer", "OrganizationAccountAccessRole")}
    assert guarded | {f"{IAM}:policy/envctl-deployer-*"} <= said["LeaveTheRoles"].resources
    assert {"cloudtrail:StopLogging", "s3:PutAccountPublicAccessBlock"} <= said["LeaveTheBaseline"].actions
    for sid in ("PassesInsteadOfUsers", "LeaveTheRoles", "LeaveTheBaseline", "LeaveTheLogs"):
        assert (said[sid].effect, said[sid].conditions) == ("Deny", {})


def _is_really_held(account: Account) -> None:
    """Sizes that AWS allows; moto does not ask."""
    iam = account.client("iam")
    for policy in iam.list_policies(Scope="Local")["Policies"]:
        version = iam.get_policy_version(PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"])
        document = version["PolicyVersion"]["Document"]
        assert len(json.dumps(document, separators=(",", ":"))) <= POLICY_LIMIT, policy["PolicyName"]
    for role in iam.list_roles()["Roles"]:
        names = iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]
        documents = [iam.get_role_policy(RoleName=role["RoleName"], PolicyName=name) for name in names]
        sizes = [len(json.dumps(each["PolicyDocument"], separators=(",", ":"))) for each in documents]
        assert sum(sizes) <= INLINE_LIMIT, role["RoleName"]


def _trust(iam: Any, name: str) -> dict[str, Statement]:
    return statements(iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"])


def _attached(iam: Any, name: str) -> dict[str, str]:
    policies = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    return {policy["PolicyName"]: policy["PolicyArn"] for policy in policies}


def _inline(iam: Any, name: str) -> dict[str, Statement]:
    found: dict[str, Statement] = {}
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        found |= statements(iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"])
    return found


def _managed(iam: Any, name: str) -> dict[str, Statement]:
    """Those that the module wrote."""
    found: dict[str, Statement] = {}
    for arn in _attached(iam, name).values():
        if arn.startswith(f"{IAM}:"):
            version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
            found |= statements(document)
    return found


CASE = Case("access", ACCOUNT, ROOT, look, gone, steps=((JOB_ALONE, look_again),))
