"""The policies of docs/iam.md, iam-jobs.md, look-role.md and signing-keys.md: who signs with which key. The keys have
AWS's default policy, under which IAM of the account decides.
"""

import json
from typing import Any

import pytest

from tests.e2e.conftest import REPOSITORY
from tests.e2e.organisation import BLOCK
from tests.iam.permissions import ALL_OF_KMS, KmsKey, list_owning, may

DEV, PROD, TOOLS = "111111111111", "333333333333", "444444444444"


def load_documents() -> dict[str, dict[str, Any]]:
    """As they are written, each by the name of its first statement."""
    pages = [
        (REPOSITORY / "docs" / f"{page}.md").read_text() for page in ("iam", "iam-jobs", "look-role", "signing-keys")
    ]
    written = [json.loads(text) for page in pages for text in BLOCK.findall(page)]
    return {policy["Statement"][0]["Sid"]: policy for policy in written}


DOCUMENTS = load_documents()


def key(account: str, alias: str) -> KmsKey:
    return KmsKey(
        arn=f"arn:aws:kms:ap-northeast-1:{account}:key/1", alias=f"alias/{alias}", tags={"environment": "dev"}
    )


KEYS = {
    "deployments of dev": key(DEV, "envctl-dev"),
    "looks of dev": key(DEV, "envctl-look-dev"),
    "deployments of prod": key(PROD, "envctl-prod"),
    "people of dev": key(TOOLS, "envctl-approve-dev"),
    "people of prod": key(TOOLS, "envctl-approve-prod"),
}
# Who has which policies; the account is that of the key, so that IAM alone decides.
HOLDERS: dict[str, tuple[list[str], list[str]]] = {
    "everyone": (["ListTheStore"], []),
    "the deployer of dev": (["ListTheStates", "LookForSecrets"], ["deployments of dev"]),
    "the look role of dev": (["ListTheStatesToRead", "LookForSecretsOnly"], ["looks of dev"]),
    "an approver of prod": (["ListTheStore", "SignApprovals"], ["people of prod"]),
    "a job of a pull request": (["ListTheStoreForPlans"], []),
    "a job that checks drift": (["ListTheStoreForDrift"], []),
    "a job that deploys": (["ListTheStoreForDeployments"], []),
    "a job that approves": (["ListTheStoreForApprovals"], ["people of prod"]),
}


@pytest.mark.parametrize(("names", "expected"), HOLDERS.values(), ids=HOLDERS)
def test_each_signs_with_one_documented_key(names: list[str], expected: list[str]) -> None:
    held = [DOCUMENTS[name] for name in names]
    signs = [
        name for name, each in KEYS.items() if may(f"arn:aws:iam::{each.account}:role/any", "kms:Sign", each, held)
    ]
    assert signs == expected
    for each in KEYS.values():
        assert list_owning(f"arn:aws:iam::{each.account}:role/any", each, held) == []


def test_documented_denial_keeps_deployers_from_owning_a_key() -> None:
    """Whatever else they are given, and whatever tags the key has."""
    held = [ALL_OF_KMS, DOCUMENTS["LeaveTheKeys"]]
    for name, each in KEYS.items():
        role = f"arn:aws:iam::{each.account}:role/envctl-deployer"
        assert list_owning(role, each, [ALL_OF_KMS])
        assert list_owning(role, each, held) == [], name
        assert may(role, "kms:Sign", each, held) is name.startswith("deployments"), name
        assert may(role, "kms:GetPublicKey", each, held), name
    database = key(DEV, "shop-dev-database")
    assert list_owning(f"arn:aws:iam::{DEV}:role/envctl-deployer", database, held)
