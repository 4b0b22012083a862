"""Module signing_keys: its policies are read back from AWS. tests/iam judges them."""

import json
from typing import Any

from tests.iam.permissions import ALL_OF_KMS, KmsKey, list_owning, may
from tests.modules.applying import Account, Case, Found
from tests.modules.policies import statements

ACCOUNT = "100000000019"
KEYS = f"arn:aws:kms:ap-northeast-1:{ACCOUNT}"

ROOT = f"""
resource "aws_iam_role" "this" {{
  for_each = toset(["envctl-deployer", "envctl-look", "Approvers"])

  name               = each.key
  assume_role_policy = jsonencode({{
    Version   = "2012-10-17"
    Statement = [{{ Effect = "Allow", Action = "sts:AssumeRole", Principal = {{ AWS = "{ACCOUNT}" }} }}]
  }})
}}

resource "aws_kms_key" "by_hand" {{
  customer_master_key_spec = "ECC_NIST_P256"
  key_usage                = "SIGN_VERIFY"
}}

module "signing_keys" {{
  source = "./modules/signing_keys"

  project     = "shop"
  environment = "prod-account"
  aliases     = {{ "alias/envctl-prod" = aws_kms_key.by_hand.key_id }}

  environments = [{{
    name           = "prod"
    deployment_key = "{KEYS}:alias/envctl-prod"
    look_key       = "{KEYS}:alias/envctl-look-prod"
    approval_key   = "arn:aws:kms:ap-northeast-1:444444444444:key/mrk-1"
    deployer_roles = [aws_iam_role.this["envctl-deployer"].name]
    look_roles     = [aws_iam_role.this["envctl-look"].name]
    people_roles   = [aws_iam_role.this["Approvers"].name]
  }}]
}}

output "keys" {{
  value = module.signing_keys
}}
"""
KINDS = {"envctl-deployer": "deployment", "envctl-look": "look", "Approvers": "approval"}
SIGNS_WITH = {
    "deployment": (f"{KEYS}:key/*", {"StringEquals": {"kms:RequestAlias": frozenset(["alias/envctl-prod"])}}),
    "look": (f"{KEYS}:key/*", {"StringEquals": {"kms:RequestAlias": frozenset(["alias/envctl-look-prod"])}}),
    "approval": ("arn:aws:kms:ap-northeast-1:444444444444:key/mrk-1", {}),
}


def look(account: Account, found: Found) -> None:
    made = found["keys"]
    (alias,) = [each for each in account.client("kms").list_aliases()["Aliases"] if "envctl" in each["AliasName"]]
    assert alias["AliasName"] == "alias/envctl-prod"
    iam = account.client("iam")
    for role, kind in KINDS.items():
        held = read_attached(iam, role)
        leaves = {"envctl-sign-shop-leaves-the-keys": json.loads(made["leave_policy"])} if kind != "approval" else {}
        assert held == {f"envctl-sign-shop-prod-{kind}": json.loads(made["sign_policies"][f"prod-{kind}"])} | leaves
        signs = statements(held[f"envctl-sign-shop-prod-{kind}"])["Sign"]
        assert (signs.resources, signs.conditions) == (frozenset([SIGNS_WITH[kind][0]]), SIGNS_WITH[kind][1])

    _judge(iam)


KEYS_THAT_SIGN = {
    "deployment": KmsKey(arn=f"{KEYS}:key/1", alias="alias/envctl-prod", tags={"environment": "prod"}),
    "look": KmsKey(arn=f"{KEYS}:key/2", alias="alias/envctl-look-prod", tags={"environment": "prod"}),
    "approval": KmsKey(arn="arn:aws:kms:ap-northeast-1:444444444444:key/mrk-1"),
}


def _judge(iam: Any) -> None:
    """Each role signs with its key alone, and no deployer owns one: even with all of KMS beside these policies."""
    for role, kind in KINDS.items():
        held = list(read_attached(iam, role).values())
        for other, key in KEYS_THAT_SIGN.items():
            # In the account of the key: the policy of a key in another account has to name the role too.
            arn = f"arn:aws:iam::{key.account}:role/{role}"
            assert may(arn, "kms:Sign", key, held) is (kind == other), (role, other)
            assert may(arn, "kms:Sign", key, [ALL_OF_KMS, *held]) is (kind == other), (role, other)
            if kind != "approval":
                assert list_owning(arn, key, [ALL_OF_KMS, *held]) == [], (role, other)


def read_attached(iam: Any, role: str) -> dict[str, Any]:
    found = {}
    for policy in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        version = iam.get_policy(PolicyArn=policy["PolicyArn"])["Policy"]["DefaultVersionId"]
        held = iam.get_policy_version(PolicyArn=policy["PolicyArn"], VersionId=version)
        found[policy["PolicyName"]] = held["PolicyVersion"]["Document"]
    return found


def gone(account: Account) -> None:
    assert account.client("iam").list_policies(Scope="Local")["Policies"] == []
    assert [each for each in account.client("kms").list_aliases()["Aliases"] if "envctl" in each["AliasName"]] == []


CASE = Case("signing_keys", ACCOUNT, ROOT, look, gone)
