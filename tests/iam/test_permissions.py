"""Permissions on keys as the guide of KMS describes them."""

from typing import Any

import pytest

from tests.iam.conditions import UnsupportedPolicyError
from tests.iam.permissions import ALL_OF_KMS, KmsKey, may

ACCOUNT = "111122223333"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/ExampleRole"
KEY = KmsKey(arn=f"arn:aws:kms:us-west-2:{ACCOUNT}:key/1234", alias="alias/a", tags={"team": "x"})


def allow(**parts: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Action": "kms:Sign", "Resource": "*"} | parts
    return {"Version": "2012-10-17", "Statement": [{name: each for name, each in statement.items() if each}]}


CASES: dict[str, tuple[list[dict[str, Any]], bool]] = {
    "no policy": ([], False),
    "one for the key": ([allow(Resource=KEY.arn)], True),
    "one for another key": ([allow(Resource=f"{KEY.arn}5")], False),
    "one for another action": ([allow(Action="kms:Verify")], False),
    "without case": ([allow(Action="KMS:sign")], True),
    "all but one": ([allow(Action=None, NotAction="kms:Verify")], True),
    "all but this key": ([allow(Resource=None, NotResource=KEY.arn)], False),
    "an alias is no resource": ([allow(Resource=f"arn:aws:kms:us-west-2:{ACCOUNT}:alias/a")], False),
    "by its alias": ([allow(Condition={"StringEquals": {"kms:RequestAlias": "alias/a"}})], True),
    "by one of its aliases": ([allow(Condition={"ForAnyValue:StringLike": {"kms:ResourceAliases": "alias/*"}})], True),
    "by a tag": ([allow(Condition={"StringEquals": {"aws:ResourceTag/team": "y"}})], False),
    "a deny wins": ([allow(), allow(Effect="Deny", Action="*")], False),
}


@pytest.mark.parametrize(("policies", "expected"), CASES.values(), ids=CASES)
def test_policy_of_role_is_evaluated_as_documented(policies: list[dict[str, Any]], expected: bool) -> None:
    assert may(ROLE, "kms:Sign", KEY, policies) is expected


def key_with(*statements: dict[str, Any]) -> KmsKey:
    listed = [{"Resource": "*", **each} for each in statements]
    return KmsKey(arn=KEY.arn, policy={"Version": "2012-10-17", "Statement": listed})


ROOT = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*"}
DENY: dict[str, Any] = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "kms:Sign"}


def test_key_policy_decides_with_iam() -> None:
    assert may(ROLE, "kms:Sign", key_with(ROOT), [ALL_OF_KMS])
    assert not may(ROLE, "kms:Sign", key_with(), [ALL_OF_KMS])
    assert not may(ROLE, "kms:Sign", key_with(ROOT), [])
    assert not may("arn:aws:iam::444455556666:role/ExampleRole", "kms:Sign", key_with(ROOT), [ALL_OF_KMS])
    assert not may(ROLE, "kms:Sign", key_with(ROOT, DENY), [ALL_OF_KMS])
    others = {**DENY, "Condition": {"ArnNotLike": {"aws:PrincipalArn": ROLE}}}
    assert may(ROLE, "kms:Sign", key_with(ROOT, others), [ALL_OF_KMS])
    assert not may(f"{ROLE}2", "kms:Sign", key_with(ROOT, others), [ALL_OF_KMS])


@pytest.mark.parametrize("principal", ["*", {"AWS": ROLE}, {"Service": "ec2.amazonaws.com"}])
def test_unsupported_key_policy_is_refused(principal: Any) -> None:
    with pytest.raises(UnsupportedPolicyError):
        may(ROLE, "kms:Sign", key_with({**ROOT, "Principal": principal}), [ALL_OF_KMS])


def test_unsupported_statement_is_refused() -> None:
    with pytest.raises(UnsupportedPolicyError):
        may(ROLE, "kms:Sign", KEY, [allow(Action=None)])
