"""Findings about a bucket, and the steps to fix them. No step weakens a stronger setting."""

from collections.abc import Iterator
from dataclasses import replace

from envctl.domain.aws import bucket_lifecycle, bucket_policy, buckets
from envctl.domain.aws.buckets import BucketPart, BucketStep, FoundBucket, WantedBucket
from envctl.domain.findings import Finding

DEFAULT_RETENTION = buckets.Retention("GOVERNANCE", 3650)
"""Governance mode: account administrators can still remove a store, in two deliberate steps."""
MIN_LOCK_DAYS = 365
_ENCRYPTIONS = ("AES256", "aws:kms", "aws:kms:dsse")

_CheckedPart = tuple[Finding, BucketStep | None]


def list_findings(wanted: WantedBucket, found: FoundBucket | None) -> tuple[Finding, ...]:
    if found is None:
        mend = buckets.explain_step(buckets.CreateBucket(wanted.purpose == "store"))
        return (Finding("bucket", "bad", "does not exist", mend),)
    exists = Finding("bucket", "good", f"exists, in {wanted.region}")
    checked = _check_parts(wanted, found)
    return (exists, *(replace(each, mend=buckets.explain_step(step)) if step else each for each, step in checked))


def plan_steps(wanted: WantedBucket, found: FoundBucket | None) -> tuple[BucketStep, ...]:
    """Return the steps in a possible order: object lock needs versioning. A missing bucket is created first."""
    if found is None:
        return (buckets.CreateBucket(wanted.purpose == "store"), *plan_steps(wanted, FoundBucket()))
    return tuple(step for _, step in _check_parts(wanted, found) if step)


def _check_parts(wanted: WantedBucket, found: FoundBucket) -> Iterator[_CheckedPart]:
    for part in wanted.checked_parts:
        if part in found.unseen:
            problem = found.unseen[part]
            yield Finding(part, "unseen", problem.message, problem.hint), None
        else:
            yield _check_part(part, wanted, found)


def _check_part(part: BucketPart, wanted: WantedBucket, found: FoundBucket) -> _CheckedPart:
    match part:
        case "versioning":
            on = found.versioning == "Enabled"
            return _to_checked_part(part, found.versioning.lower() or "off", None if on else buckets.KeepVersions())
        case "encryption":
            known = found.encryption in _ENCRYPTIONS
            seen = found.encryption or "none by default"
            return _to_checked_part(part, seen, None if known else buckets.EncryptObjects())
        case "public access":
            partly = found.open_to_public and found.open_to_public != buckets.PUBLIC_BLOCKS
            seen = f"lacks {', '.join(found.open_to_public)}" if partly else "not blocked"
            seen = seen if found.open_to_public else "blocked"
            return _to_checked_part(part, seen, buckets.BlockPublicAccess() if found.open_to_public else None)
        case "ownership":
            ours = found.ownership == "BucketOwnerEnforced"
            return _to_checked_part(part, found.ownership or "not enforced", None if ours else buckets.OwnObjects())
        case "policy":
            return _check_policy(wanted, found)
        case "object lock":
            return _check_lock(found)
        case "lifecycle":
            return _check_lifecycle(wanted, found)


def _check_policy(wanted: WantedBucket, found: FoundBucket) -> _CheckedPart:
    lacking = bucket_policy.find_missing_sids(found.policy, wanted)
    if lacking:
        seen = f"lacks {', '.join(lacking)}" if found.policy else "none"
        return _to_checked_part("policy", seen, buckets.WritePolicy(lacking))
    sids = [each["Sid"].removeprefix(bucket_policy.SID_PREFIX) for each in bucket_policy.build_statements(wanted)]
    return _to_checked_part("policy", ", ".join(sids), None)


def _check_lock(found: FoundBucket) -> _CheckedPart:
    """Check the object lock. A compliance lock of any length stays: it cannot be changed back."""
    kept = found.retention
    if kept is None:
        seen = "on, without a retention time" if found.locks else "off"
        return _to_checked_part("object lock", seen, buckets.LockObjects(DEFAULT_RETENTION))
    seen = buckets.format_retention(kept)
    short = kept.mode == "GOVERNANCE" and kept.days < MIN_LOCK_DAYS
    return _to_checked_part("object lock", seen, buckets.LockObjects(DEFAULT_RETENTION) if short else None)


def _check_lifecycle(wanted: WantedBucket, found: FoundBucket) -> _CheckedPart:
    if threats := list(bucket_lifecycle.find_harmful_rules(found.rules, wanted)):
        what = "entries and releases" if wanted.purpose == "store" else "states"
        seen = f"deletes {what}: rule {', '.join(threats)}"
        return Finding(
            "lifecycle", "warn", seen, "remove that rule from the bucket, or narrow it to another prefix"
        ), None
    if wanted.purpose == "store" and bucket_lifecycle.has_missing_rules(found.rules, wanted):
        step = buckets.SetLifecycle(bucket_lifecycle.SUMMARY)
        return _to_checked_part("lifecycle", "old checkpoints or runs are kept forever", step)
    goes = "old checkpoints and runs expire" if wanted.purpose == "store" else "deletes no state"
    return _to_checked_part("lifecycle", goes, None)


def _to_checked_part(part: BucketPart, seen: str, step: BucketStep | None) -> _CheckedPart:
    return Finding(part, "warn" if step else "good", seen), step
