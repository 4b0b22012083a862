"""What is found is judged: what is weaker gets a step, what is stronger is left, what was not seen is not touched."""

from dataclasses import replace
from typing import Any

import pytest

from envctl.domain.aws import bucket_lifecycle, bucket_policy
from envctl.domain.aws.bucket_plan import DEFAULT_RETENTION, list_findings, plan_steps
from envctl.domain.aws.buckets import (
    PUBLIC_BLOCKS,
    BlockPublicAccess,
    BucketStep,
    CreateBucket,
    EncryptObjects,
    FoundBucket,
    KeepVersions,
    LockObjects,
    OwnObjects,
    Retention,
    SetLifecycle,
    WantedBucket,
    WritePolicy,
    explain_step,
)
from envctl.domain.errors import Problem
from tests.unit.aws.buckets.wanted import STATE, STORE


def whole(wanted: WantedBucket, **change: Any) -> FoundBucket:
    found = FoundBucket(
        versioning="Enabled",
        encryption="AES256",
        open_to_public=(),
        ownership="BucketOwnerEnforced",
        policy=bucket_policy.merge_policy({}, wanted),
        locks=True,
        retention=DEFAULT_RETENTION,
        rules=bucket_lifecycle.merge_rules((), wanted) if wanted.purpose == "store" else (),
    )
    return replace(found, **change)


def verdicts(wanted: WantedBucket, found: FoundBucket | None) -> dict[str, str]:
    return {each.name: each.verdict for each in list_findings(wanted, found)}


@pytest.mark.parametrize("wanted", [STATE, STORE], ids=["state", "store"])
def test_complete_bucket_needs_no_step(wanted: WantedBucket) -> None:
    assert plan_steps(wanted, whole(wanted)) == ()
    assert set(verdicts(wanted, whole(wanted)).values()) == {"good"}


def test_missing_bucket_is_created_and_hardened() -> None:
    shared = [KeepVersions, EncryptObjects, BlockPublicAccess, OwnObjects, WritePolicy]
    assert [type(step) for step in plan_steps(STATE, None)] == [CreateBucket, *shared]
    assert [type(step) for step in plan_steps(STORE, None)] == [CreateBucket, *shared, LockObjects, SetLifecycle]
    assert (plan_steps(STATE, None)[0], plan_steps(STORE, None)[0]) == (
        CreateBucket(locked=False),
        CreateBucket(locked=True),
    )
    assert verdicts(STATE, None) == {"bucket": "bad"}


WEAK: dict[str, tuple[dict[str, Any], type[BucketStep]]] = {
    "its versions were suspended": ({"versioning": "Suspended"}, KeepVersions),
    "it has no versions": ({"versioning": ""}, KeepVersions),
    "it is not encrypted": ({"encryption": ""}, EncryptObjects),
    "one block is open": ({"open_to_public": PUBLIC_BLOCKS[:1]}, BlockPublicAccess),
    "writers own what they write": ({"ownership": "ObjectWriter"}, OwnObjects),
    "it has no policy": ({"policy": {}}, WritePolicy),
    "it has no lock": ({"locks": False, "retention": None}, LockObjects),
    "it locks for no time": ({"retention": None}, LockObjects),
    "it locks for a short time": ({"retention": Retention("GOVERNANCE", 30)}, LockObjects),
    "checkpoints stay for ever": ({"rules": ()}, SetLifecycle),
}


@pytest.mark.parametrize(("change", "step"), WEAK.values(), ids=WEAK)
def test_store_is_fixed_where(change: dict[str, Any], step: type[BucketStep]) -> None:
    found = whole(STORE, **change)
    (only,) = plan_steps(STORE, found)
    assert type(only) is step
    (weak,) = [each for each in list_findings(STORE, found) if each.verdict == "warn"]
    assert weak.mend == explain_step(only)


STRONGER: dict[str, dict[str, Any]] = {
    "it has a key of its own": {"encryption": "aws:kms"},
    "it has two": {"encryption": "aws:kms:dsse"},
    "nobody can lift its lock": {"retention": Retention("COMPLIANCE", 30)},
    "it locks for longer": {"retention": Retention("GOVERNANCE", 36500)},
    "it locks for some years": {"retention": Retention("GOVERNANCE", 365)},
}


@pytest.mark.parametrize("change", STRONGER.values(), ids=STRONGER)
def test_store_is_unchanged_where(change: dict[str, Any]) -> None:
    assert plan_steps(STORE, whole(STORE, **change)) == ()


@pytest.mark.parametrize("part", STORE.checked_parts)
def test_unreadable_part_is_skipped_and_reported_alone(part: str) -> None:
    denied = Problem("E424", "can't be looked at: Access Denied", "allow it")
    found = replace(FoundBucket(), unseen={part: denied})  # type: ignore[dict-item]
    assert len(plan_steps(STORE, found)) == len(plan_steps(STORE, FoundBucket())) - 1
    assert verdicts(STORE, found)[part] == "unseen"
    assert set(verdicts(STORE, found)) == {"bucket", *STORE.checked_parts}


def test_harmful_lifecycle_rule_is_reported_but_not_changed() -> None:
    rule = {"ID": "all", "Status": "Enabled", "Filter": {}, "Expiration": {"Days": 30}}
    found = whole(STORE, rules=(*bucket_lifecycle.merge_rules((), STORE), rule))
    assert plan_steps(STORE, found) == ()
    (told,) = [each for each in list_findings(STORE, found) if each.verdict == "warn"]
    assert told.seen == "deletes entries and releases: rule all"
    assert told.mend.startswith("remove that rule")


def test_retention_is_shown_in_whole_years_where_possible() -> None:
    kept = [Retention("GOVERNANCE", 3650), Retention("COMPLIANCE", 365), Retention("COMPLIANCE", 400)]
    seen = [list_findings(STORE, whole(STORE, retention=each))[6].seen for each in kept]
    assert seen == ["governance, 10 years", "compliance, 1 year", "compliance, 400 days"]
