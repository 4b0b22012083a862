"""The statements of envctl come into a policy, and whatever else is in it stays."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envctl.domain.aws.bucket_policy import build_statements, find_missing_sids, merge_policy
from envctl.domain.aws.buckets import Policy, WantedBucket
from tests.unit.aws.buckets.wanted import STATE, STORE

OTHER = {
    "Sid": "AllowAudit",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::444444444444:role/audit"},
    "Action": "s3:GetObject",
    "Resource": "arn:aws:s3:::shop-store/*",
}


def by_sid(policy: Policy) -> dict[str, Any]:
    return {each["Sid"]: each for each in policy["Statement"]}


def whole(wanted: WantedBucket) -> dict[str, Any]:
    return copy.deepcopy(dict(merge_policy({}, wanted)))


def test_state_policy_denies_http_and_deletes() -> None:
    arn = "arn:aws:s3:::shop-tfstate-111111111111"
    assert merge_policy({}, STATE) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "EnvctlTlsOnly",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [arn, f"{arn}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            },
            {
                "Sid": "EnvctlKeepBucket",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:DeleteBucket",
                "Resource": arn,
            },
            {
                "Sid": "EnvctlKeepVersions",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:DeleteObjectVersion",
                "Resource": f"{arn}/*",
            },
        ],
    }


def test_state_policy_allows_terraform_to_release_lock() -> None:
    assert not any("s3:DeleteObject" in (each["Action"], *each["Action"]) for each in build_statements(STATE))


def test_store_policy_denies_delete_and_overwrite_under_prefix() -> None:
    found = by_sid(merge_policy({}, STORE))
    kept = "arn:aws:s3:::shop-store/envctl/*"
    assert found["EnvctlKeepObjects"]["Resource"] == found["EnvctlCreateOnly"]["Resource"] == kept
    removing = ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention"]
    assert found["EnvctlKeepObjects"]["Action"] == removing
    assert found["EnvctlCreateOnly"]["Condition"] == {"Null": {"s3:if-none-match": "true"}}


def test_no_statement_of_envctl_allows_access() -> None:
    assert {each["Effect"] for wanted in (STATE, STORE) for each in build_statements(wanted)} == {"Deny"}


@pytest.mark.parametrize("wanted", [STATE, STORE], ids=["state", "store"])
def test_generated_policy_is_complete(wanted: WantedBucket) -> None:
    assert len(find_missing_sids({}, wanted)) == len(build_statements(wanted))
    assert find_missing_sids(merge_policy({}, wanted), wanted) == ()
    assert merge_policy(merge_policy({}, wanted), wanted) == merge_policy({}, wanted)


def test_existing_statements_are_kept_unchanged() -> None:
    policy = {"Version": "2008-10-17", "Id": "theirs", "Statement": OTHER}
    found = merge_policy(policy, STORE)
    assert (found["Version"], found["Id"], found["Statement"][0]) == ("2008-10-17", "theirs", OTHER)
    assert find_missing_sids(found, STORE) == ()


def weakened(policy: dict[str, Any], sid: str, **change: object) -> dict[str, Any]:
    by_sid(policy)[sid].update(change)
    return policy


WEAKENED = {
    "it allows": {"Effect": "Allow"},
    "it speaks of one person alone": {"Principal": {"AWS": "arn:aws:iam::444444444444:root"}},
    "it speaks of fewer actions": {"Action": ["s3:DeleteObject"]},
    "it speaks of fewer objects": {"Resource": "arn:aws:s3:::shop-store/envctl/ledger/*"},
    "it holds at times alone": {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}},
}


@pytest.mark.parametrize("change", WEAKENED.values(), ids=WEAKENED)
def test_weakened_statement_is_found_and_fixed_where(change: dict[str, object]) -> None:
    policy = weakened(whole(STORE), "EnvctlKeepObjects", **change)
    assert find_missing_sids(policy, STORE) == ("EnvctlKeepObjects",)
    assert find_missing_sids(merge_policy(policy, STORE), STORE) == ()


def test_stronger_statement_is_kept() -> None:
    more = ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:BypassGovernanceRetention", "s3:PutObjectRetention"]
    policy = weakened(whole(STORE), "EnvctlKeepObjects", Action=more)
    assert find_missing_sids(policy, STORE) == ()
    assert merge_policy(policy, STORE) == policy


def test_extra_denied_actions_are_kept() -> None:
    policy = weakened(whole(STORE), "EnvctlKeepObjects", Action=["s3:DeleteObject", "s3:PutObjectLegalHold"])
    assert set(by_sid(merge_policy(policy, STORE))["EnvctlKeepObjects"]["Action"]) == {
        "s3:DeleteObject",
        "s3:DeleteObjectVersion",
        "s3:BypassGovernanceRetention",
        "s3:PutObjectLegalHold",
    }


def test_equivalent_spellings_of_aws_are_accepted() -> None:
    policy = whole(STORE)
    weakened(policy, "EnvctlTlsOnly", Principal={"AWS": "*"}, Condition={"Bool": {"aws:SecureTransport": [False]}})
    weakened(policy, "EnvctlKeepBucket", Action=["s3:DeleteBucket"], Resource=["arn:aws:s3:::shop-store"])
    assert find_missing_sids(policy, STORE) == ()


NAMES = st.sampled_from(["", "AllowAudit", "EnvctlTlsOnly", "EnvctlKeepObjects", "EnvctlKeepBucket"])
STATEMENTS = st.fixed_dictionaries(
    {
        "Sid": NAMES,
        "Effect": st.sampled_from(["Allow", "Deny"]),
        "Principal": st.sampled_from(["*", {"AWS": "*"}, {"AWS": "arn:aws:iam::444444444444:root"}]),
        "Action": st.sampled_from(["s3:*", "s3:DeleteBucket", ["s3:GetObject", "s3:DeleteObject"]]),
        "Resource": st.sampled_from(["*", "arn:aws:s3:::shop-store", ["arn:aws:s3:::shop-store/*"]]),
    }
)


@given(st.lists(STATEMENTS, max_size=4, unique_by=lambda each: str(each["Sid"])), st.sampled_from([STATE, STORE]))
def test_merged_policy_is_complete_and_merging_is_idempotent(there: list[dict[str, Any]], wanted: WantedBucket) -> None:
    policy = {"Version": "2012-10-17", "Statement": there}
    found = merge_policy(policy, wanted)
    ours = {each["Sid"] for each in build_statements(wanted)}
    assert find_missing_sids(found, wanted) == ()
    assert [each for each in found["Statement"] if each["Sid"] not in ours] == [
        s for s in there if s["Sid"] not in ours
    ]
    assert merge_policy(found, wanted) == found
