"""Module access."""

import json
from typing import Any

from tests.iam.permissions import ALL_OF_KMS, KmsKey, list_owning, may
from tests.iam.trust import ASSUME, TAG, TrustRequest, describe_caller, is_allowed
from tests.modules.applying import Account, Case, Found
from tests.modules.policies import Statement, statements

ACCOUNT = "100000000015"
IAM = f"arn:aws:iam::{ACCOUNT}"
CI = "arn:aws:iam::444444444444:role/envctl-ci-dev"

ROOT = """
module "access" {
  source = "./modules/access"

  project               = "shop"
  environment           = "dev-account"
  deploys_environment   = "dev"
  management_account_id = "999999999999"
  people_roles          = ["developer", "qa", "operator", "data_admin"]
  deployer_trusted_arns = ["arn:aws:iam::444444444444:role/envctl-ci-dev"]
  look_trusted_arns     = [for job in ["plan", "drift", "dev"] : "arn:aws:iam::444444444444:role/envctl-ci-${job}"]
}

output "access" {
  value = module.access
}
"""
# As an account is that nobody works in by hand.
JOB_ALONE = "\n".join(
    line for line in ROOT.splitlines() if "look_trusted_arns" not in line and "people_roles" not in line
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
    _roles_are_taken_by_those_who_are_named(iam)
    _look_changes_nothing(iam)
    _deployer_may_what_modules_make(iam)
    _owns_no_key_that_signs(iam)
    _signs_with_one_key(iam)
    _leaves_the_foundation(iam, "envctl-deployer")
    _leaves_the_foundation(iam, "DeveloperRole")
    _is_really_held(account)


def look_again(account: Account, found: Found) -> None:
    iam = account.client("iam")
    assert (found["access"]["role_arns"], found["access"]["look_role_arn"]) == ({}, None)
    assert [role["RoleName"] for role in iam.list_roles()["Roles"]] == ["envctl-deployer"]
    trusted = _trust(iam, "envctl-deployer")
    assert set(trusted) == {"NamedRoles"}
    assert trusted["NamedRoles"].principals == {"AWS": frozenset([CI])}


def gone(account: Account) -> None:
    iam = account.client("iam")
    assert iam.list_roles()["Roles"] == []
    assert iam.list_policies(Scope="Local")["Policies"] == []


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
    assert own["BecomeTheDeployer"].resources == {f"{IAM}:role/envctl-deployer", f"{IAM}:role/envctl-look"}


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
    assert set(trusted) == {"NamedRoles", "PeopleOfThisAccount"}
    assert trusted["NamedRoles"].principals == {"AWS": frozenset([CI])}
    people = {f"{IAM}:role/DeveloperRole", f"{IAM}:role/OperatorRole"}
    assert trusted["PeopleOfThisAccount"].principals == {"AWS": frozenset(people)}


# Who asks, and which of the two roles they may take. Roles of jobs are in the account of the store.
ASKED = (
    {
        f"444444444444:assumed-role/{name}/octocat": may
        for name, may in {
            "envctl-ci-dev": {"envctl-deployer", "envctl-look"},
            "envctl-ci-plan": {"envctl-look"},
            "envctl-ci-drift": {"envctl-look"},
            "envctl-ci-staging": set(),
            "envctl-ci-prod": set(),
            "envctl-ci": set(),
            "envctl-ci-dev-too": set(),
            "Administrator": set(),
        }.items()
    }
    | {
        f"{ACCOUNT}:assumed-role/{name}/ann": may
        for name, may in {
            "DeveloperRole": {"envctl-deployer", "envctl-look"},
            "OperatorRole": {"envctl-deployer", "envctl-look"},
            "QARole": set(),
            "DataAdminRole": set(),
            "shop-dev-web": set(),
            # Neither takes itself, and who looks does not become who deploys.
            "envctl-deployer": set(),
            "envctl-look": set(),
            # The same names in an account where they mean nothing.
            "envctl-ci-dev": set(),
        }.items()
    }
    | {
        "222222222222:assumed-role/envctl-deployer/octocat": set(),
        "666666666666:assumed-role/envctl-ci-dev/mallory": set(),
    }
)


def _roles_are_taken_by_those_who_are_named(iam: Any) -> None:
    roles = ("envctl-deployer", "envctl-look")
    policies = {name: iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"] for name in roles}
    for asking, expected in ASKED.items():
        caller = describe_caller(f"arn:aws:sts::{asking}")
        for actions in ((ASSUME,), (ASSUME, TAG)):
            allowed = {name for name in roles if is_allowed(policies[name], TrustRequest(caller, actions))}
            assert allowed == expected, (asking, actions)
    _people_bring_a_factor_and_their_name(iam)


def _people_bring_a_factor_and_their_name(iam: Any) -> None:
    """Ann of the management account becomes an operator as Ann, with a second factor of this hour."""
    policy = iam.get_role(RoleName="OperatorRole")["Role"]["AssumeRolePolicyDocument"]
    ann = describe_caller("arn:aws:iam::999999999999:user/ann")
    honest = {
        "aws:username": ("ann",),
        "sts:rolesessionname": ("ann",),
        "aws:multifactorauthpresent": ("true",),
        "aws:multifactorauthage": ("60",),
    }
    assert is_allowed(policy, TrustRequest(ann, (ASSUME,), honest))
    for key, value in {
        "sts:rolesessionname": "bob",
        "aws:multifactorauthpresent": "false",
        "aws:multifactorauthage": "3600",
    }.items():
        assert not is_allowed(policy, TrustRequest(ann, (ASSUME,), {**honest, key: (value,)})), key
        without = {name: given for name, given in honest.items() if name != key}
        assert not is_allowed(policy, TrustRequest(ann, (ASSUME,), without)), key
    for other in ("arn:aws:iam::444444444444:user/ann", "arn:aws:sts::444444444444:assumed-role/envctl-ci-dev/ann"):
        assert not is_allowed(policy, TrustRequest(describe_caller(other), (ASSUME,), honest)), other


def _look_changes_nothing(iam: Any) -> None:
    said = _managed(iam, "envctl-look")
    bucket = f"arn:aws:s3:::shop-tfstate-{ACCOUNT}"
    assert said["ReadTheStates"].resources == frozenset([f"{bucket}/dev/*"])
    allowed = {sid: each for sid, each in said.items() if each.effect == "Allow"}
    reads = ("BatchCheck", "BatchGet", "Describe", "Get", "List", "View")
    others = {
        (sid, action)
        for sid, each in allowed.items()
        for action in each.actions
        if not action.partition(":")[2].startswith(reads)
    }
    assert others == {("DecryptThatSecret", "kms:Decrypt"), ("SignFoundDrift", "kms:Sign")}
    assert said["SignFoundDrift"].conditions == {
        "StringEquals": {"kms:RequestAlias": frozenset(["alias/envctl-look-dev"])}
    }
    # Contents: states, images, public parameters, and the one secret whose value the state holds.
    contents = {"s3:GetObject", "ssm:GetParameter", "secretsmanager:GetSecretValue", "ecr:GetDownloadUrlForLayer"}
    assert {sid for sid, each in allowed.items() if contents & each.actions} == {
        "ReadTheStates",
        "PublicParameters",
        "CompareTheSecretOfTheDatabase",
        "PullImages",
    }
    assert all("*" not in each.resources for each in allowed.values() if contents & each.actions)
    assert said["CompareTheSecretOfTheDatabase"].resources == {
        f"arn:aws:secretsmanager:*:{ACCOUNT}:secret:shop/dev/database-*"
    }
    assert (said["TakeNoOtherRole"].effect, said["TakeNoOtherRole"].conditions) == ("Deny", {})


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


# What AWS's default policy lets IAM decide; whatever tags a key has.
SIGNING = ("alias/envctl-dev", "alias/envctl-look-dev", "alias/envctl-approve-dev", "alias/envctl-prod")
TAGGED: tuple[dict[str, str], ...] = ({}, {"environment": "dev"}, {"environment": "prod"})


def _key(alias: str = "", **tags: str) -> KmsKey:
    return KmsKey(arn=f"arn:aws:kms:ap-northeast-1:{ACCOUNT}:key/1234", alias=alias, tags=tags)


def _owns_no_key_that_signs(iam: Any) -> None:
    """A deployer tags, grants and names its own keys alone; a developer, who may do all else, no key that signs."""
    deployer = f"{IAM}:role/envctl-deployer"
    held = _documents(iam, "envctl-deployer")
    asks = {"aws__RequestTag/environment": "dev"}
    for tags in TAGGED:
        for alias in (*SIGNING, "alias/shop-audit-logs"):
            assert list_owning(deployer, _key(alias, **tags), held, **asks) == [], (alias, tags)
            developer = [ALL_OF_KMS, *_documents(iam, "DeveloperRole")]
            assert list_owning(f"{IAM}:role/DeveloperRole", _key(alias, **tags), developer, **asks) == [], (alias, tags)
            assert may(deployer, "kms:GetPublicKey", _key(alias, **tags), held)
    # Of keys of others, those without an alias too.
    assert list_owning(deployer, _key("alias/other", environment="prod"), held, **asks) == []
    assert list_owning(deployer, _key("alias/other"), held, **asks) == []
    assert list_owning(deployer, _key(environment="prod"), held, **asks) == []
    # What modules need goes on: a new key gets its tags, and then is the deployer's own.
    assert may(deployer, "kms:CreateKey", _key(), held, **asks)
    assert may(deployer, "kms:TagResource", _key(), held, **asks)
    assert not may(deployer, "kms:TagResource", _key(), held, **{"aws__RequestTag/environment": "prod"})
    own = _key("alias/shop-dev-database", environment="dev")
    assert {"kms:PutKeyPolicy", "kms:CreateGrant", "kms:UntagResource"} <= set(list_owning(deployer, own, held))
    assert may(deployer, "kms:Decrypt", own, held)


def _signs_with_one_key(iam: Any) -> None:
    """As before, people sign with the key of the environment here: no key of their own is given."""
    signs = {
        "envctl-deployer": ["alias/envctl-dev"],
        "envctl-look": ["alias/envctl-look-dev"],
        "QARole": ["alias/envctl-dev"],
        "OperatorRole": ["alias/envctl-dev"],
        "DataAdminRole": [],
    }
    for role, expected in signs.items():
        for tags in TAGGED:
            held = _documents(iam, role)
            may_sign = [each for each in SIGNING if may(f"{IAM}:role/{role}", "kms:Sign", _key(each, **tags), held)]
            assert may_sign == expected, (role, tags)


def _documents(iam: Any, role: str) -> list[dict[str, Any]]:
    """All policies of a role that the module wrote."""
    names = iam.list_role_policies(RoleName=role)["PolicyNames"]
    found = [iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"] for name in names]
    for arn in _attached(iam, role).values():
        if arn.startswith(f"{IAM}:"):
            version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            found.append(iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])
    return found


def _leaves_the_foundation(iam: Any, name: str) -> None:
    said = _managed(iam, name)
    assert {"iam:CreateUser", "iam:CreateAccessKey", "iam:CreateLoginProfile"} <= said["PassesInsteadOfUsers"].actions
    guarded = {
        f"{IAM}:role/{role}"
        for role in (*NAMES.values(), "envctl-deployer", "envctl-look", "OrganizationAccountAccessRole")
    }
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
