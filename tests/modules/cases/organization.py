"""Module organization."""

import json
from typing import Any

from tests.iam.permissions import ALL_OF_KMS, OWNING_ACTIONS, KmsKey, list_owning, may
from tests.modules.applying import Account, Case, Found
from tests.modules.policies import Statement, statements

ROOT = """
module "organization" {
  source = "./modules/organization"

  project     = "shop"
  environment = "management"

  organization_accounts = {
    Account-Dev     = { email = "aws-dev@example.com", unit = "DevOU" }
    Account-Staging = { email = "aws-staging@example.com", unit = "ProdOU" }
    Account-Prod    = { email = "aws-prod@example.com", unit = "ProdOU" }
    Account-Tools   = { email = "aws-tools@example.com", unit = "ProdOU" }
  }
}

output "organization" {
  value = module.organization
}
"""
ONE_MORE = ROOT.replace(
    "  }\n}\n", '    Account-Demo    = { email = "aws-demo@example.com", unit = "DevOU" }\n  }\n}\n', 1
).replace("aws-dev@", "aws-development@")

LIMIT = 5120
EVERYTHING = frozenset(["*"])
# The statements that are about resources with known names.
NAMED = {"KeepTheLogs", "KeepTheNameOfThatKey", "KeepTheRoles", "KeepTheSigningKeys"}


def look(account: Account, found: Found) -> None:
    organizations = account.client("organizations")
    _is_whole(organizations, found["organization"])
    _has_its_accounts(organizations, found["organization"])
    _binds_both_units(organizations, found["organization"])
    _binds_dev(_statements(organizations, found["organization"], "dev"))
    _binds_prod(_statements(organizations, found["organization"], "prod"))
    _binds_everywhere(_statements(organizations, found["organization"], "everywhere"))
    _keeps_keys_that_sign(_read(organizations, found["organization"], "everywhere"))


def look_again(account: Account, found: Found) -> None:
    """A corrected address opens no other account in place of the one that is there."""
    organizations = account.client("organizations")
    ids = found["organization"]["account_ids"]
    there = {each["Id"]: each["Email"] for each in organizations.list_accounts()["Accounts"]}
    assert there[ids["Account-Dev"]] == "aws-dev@example.com"
    assert there[ids["Account-Demo"]] == "aws-demo@example.com"
    assert len(there) == len(ids) + 1
    _has_its_accounts(organizations, found["organization"], demo="DevOU")


def gone(account: Account) -> None:
    organizations = account.client("organizations")
    try:
        organizations.describe_organization()
    except organizations.exceptions.AWSOrganizationsNotInUseException:
        return
    raise AssertionError("the organization is still there")


def _is_whole(organizations: Any, made: Found) -> None:
    seen = organizations.describe_organization()["Organization"]
    assert (seen["Id"], seen["FeatureSet"]) == (made["organization_id"], "ALL")
    (root,) = organizations.list_roots()["Roots"]
    assert root["Id"] == made["root_id"]
    assert {"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"} in root["PolicyTypes"]
    trusted = organizations.list_aws_service_access_for_organization()["EnabledServicePrincipals"]
    assert "cloudtrail.amazonaws.com" in {each["ServicePrincipal"] for each in trusted}
    units = organizations.list_organizational_units_for_parent(ParentId=root["Id"])["OrganizationalUnits"]
    assert {unit["Name"]: unit["Id"] for unit in units} == made["unit_ids"]


def _has_its_accounts(organizations: Any, made: Found, demo: str | None = None) -> None:
    wanted = {"Account-Dev": "DevOU", "Account-Staging": "ProdOU", "Account-Prod": "ProdOU", "Account-Tools": "ProdOU"}
    wanted |= {"Account-Demo": demo} if demo else {}
    units = {identity: name for name, identity in made["unit_ids"].items()}
    seen = {
        name: units[organizations.list_parents(ChildId=identity)["Parents"][0]["Id"]]
        for name, identity in made["account_ids"].items()
    }
    assert seen == wanted


def _binds_both_units(organizations: Any, made: Found) -> None:
    for unit, own in (("DevOU", "dev"), ("ProdOU", "prod")):
        bound = organizations.list_policies_for_target(
            TargetId=made["unit_ids"][unit], Filter="SERVICE_CONTROL_POLICY"
        )["Policies"]
        policies = {policy["Id"] for policy in bound} - {"p-FullAWSAccess"}
        assert policies == {made["policy_ids"][name] for name in ("everywhere", own)}


def _statements(organizations: Any, made: Found, name: str) -> dict[str, Statement]:
    content = _read(organizations, made, name)
    assert len(content) <= LIMIT
    found = statements(content)
    assert {each.effect for each in found.values()} == {"Deny"}, "it takes away; FullAWSAccess gives"
    assert all(each.resources == EVERYTHING for sid, each in found.items() if sid not in NAMED)
    return found


def _read(organizations: Any, made: Found, name: str) -> str:
    content: str = organizations.describe_policy(PolicyId=made["policy_ids"][name])["Policy"]["Content"]
    return content


def _keeps_keys_that_sign(content: str) -> None:
    """Whatever IAM of an account and the policy of the key allow."""
    held = [ALL_OF_KMS, json.loads(content)]
    roles = "arn:aws:iam::333333333333:role"
    key = KmsKey(arn="arn:aws:kms:ap-northeast-1:333333333333:key/1", alias="alias/envctl-prod")
    for bound in ("envctl-deployer", "envctl-look", "envctl-ci-prod", "shop-prod-web"):
        assert list_owning(f"{roles}/{bound}", key, held) == [], bound
        assert may(f"{roles}/{bound}", "kms:Sign", key, held) is (bound != "shop-prod-web"), bound
    assert list_owning(f"{roles}/OrganizationAccountAccessRole", key, held) == [*OWNING_ACTIONS]
    database = KmsKey(arn=key.arn, alias="alias/shop-prod-database")
    assert list_owning(f"{roles}/envctl-deployer", database, held) == [*OWNING_ACTIONS]


def _unless(*roles: str) -> dict[str, dict[str, frozenset[str]]]:
    return {"ArnNotLike": {"aws:PrincipalArn": frozenset(f"arn:aws:iam::*:role/{role}" for role in roles)}}


def _binds_dev(said: dict[str, Statement]) -> None:
    public = said["NoPublicDatabases"]
    assert {"rds:CreateDBInstance", "rds:RestoreDBInstanceFromDBSnapshot"} <= public.actions
    # A request that does not mention it may come to a public instance.
    assert public.conditions == {"BoolIfExists": {"rds:PubliclyAccessible": frozenset(["true"])}}
    assert said["DatabasesChangeByCode"].actions == {"rds:ModifyDBInstance"}
    assert said["DatabasesChangeByCode"].conditions == _unless("envctl-deployer", "DataAdminRole")
    assert said["NoDatabaseMadePublic"].conditions == {"Bool": {"rds:PubliclyAccessible": frozenset(["true"])}}
    assert "rds:ModifyDBSnapshotAttribute" in said["NoSharedSnapshots"].actions
    regions = said["AllowedRegions"]
    assert regions.conditions == {"StringNotLike": {"aws:RequestedRegion": frozenset(["ap-*"])}}
    assert {"iam:*", "sts:*", "organizations:*"} <= regions.not_actions
    # What has resources in a region is not passed over.
    assert not {"ec2:*", "rds:*", "s3:*", "lambda:*", "kms:*", "*"} & regions.not_actions


def _binds_prod(said: dict[str, Statement]) -> None:
    kept = said["KeepTheData"]
    assert {"rds:DeleteDBInstance", "rds:DeleteDBCluster", "dynamodb:DeleteTable", "s3:DeleteBucket"} <= kept.actions
    assert kept.conditions == _unless("DataAdminRole")


def _binds_everywhere(said: dict[str, Statement]) -> None:
    switches = {"StopLogging", "DeleteTrail", "UpdateTrail", "PutEventSelectors"}
    assert {f"cloudtrail:{switch}" for switch in switches} <= said["KeepTheTrail"].actions
    assert "organizations:LeaveOrganization" in said["StayInTheOrganization"].actions
    assert "iam:CreateUser" in said["PassesInsteadOfUsers"].actions
    for sid in ("KeepTheTrail", "StayInTheOrganization", "PassesInsteadOfUsers"):
        assert said[sid].conditions == {}, f"{sid} knows no exception"
    logs = {"arn:aws:s3:::shop-audit-logs-*", "arn:aws:s3:::shop-audit-logs-*/*"}
    assert said["KeepTheLogs"].resources == logs
    guarded = {"OrganizationAccountAccessRole", "envctl-deployer", "envctl-look", "envctl-ci-*", "DataAdminRole"}
    guarded |= {"DeveloperRole", "QARole", "OperatorRole"}
    assert {f"arn:aws:iam::*:role/{name}" for name in guarded} <= said["KeepTheRoles"].resources
    assert said["KeepTheRoles"].conditions == _unless("OrganizationAccountAccessRole")
    workloads = said["WorkloadsDoNotAdminister"].conditions
    keys = said["KeepTheSigningKeys"]
    assert {"kms:Sign", "kms:Verify"} <= keys.not_actions
    assert keys.conditions["ForAnyValue:StringLike"] == {"kms:ResourceAliases": frozenset(["alias/envctl-*"])}
    bound = {"envctl-deployer", "envctl-look", "envctl-ci-*", "shop-*"}
    assert keys.conditions["ArnLike"] == {
        "aws:PrincipalArn": frozenset(f"arn:aws:iam::*:role/{each}" for each in bound)
    }
    assert workloads["ArnLike"] == said["WorkloadsDoNotSign"].conditions["ArnLike"]
    assert workloads["ArnLike"] == {"aws:PrincipalArn": frozenset(["arn:aws:iam::*:role/shop-*"])}


CASE = Case("organization", "100000000013", ROOT, look, gone, steps=((ONE_MORE, look_again),))
