"""What of a bucket is as it should be, and the steps for what is not. Nothing that is stronger is ever weakened."""

from collections.abc import Iterator

from envctl.domain.aws import bucket_lifecycle, bucket_policy
from envctl.domain.aws.buckets import (
    PUBLIC_BLOCKS,
    BlockPublicAccess,
    Create,
    Encrypt,
    FoundBucket,
    KeepVersions,
    LockObjects,
    OwnObjects,
    Part,
    Retention,
    SetLifecycle,
    Step,
    WantedBucket,
    WritePolicy,
    explain,
    told,
)
from envctl.domain.findings import Finding

LOCKED_FOR = Retention("GOVERNANCE", 3650)
"""Governance: who administers the account can take a store away again, in two steps that nobody takes by accident."""
SHORTEST_LOCK = 365
_ENCRYPTED = ("AES256", "aws:kms", "aws:kms:dsse")

_Judged = tuple[Finding, Step | None]


def findings(wanted: WantedBucket, found: FoundBucket | None) -> tuple[Finding, ...]:
    if found is None:
        return (Finding("bucket", "bad", "is not there", explain(Create(wanted.purpose == "store"))),)
    there = Finding("bucket", "good", f"is there, in {wanted.region}")
    return (there, *(_with_mend(finding, step) for finding, step in _judged(wanted, found)))


def steps(wanted: WantedBucket, found: FoundBucket | None) -> tuple[Step, ...]:
    """In the order in which they can be taken: only what has versions can be locked. A bucket that is not there is made
    first, and its other steps are those of an empty one.
    """
    if found is None:
        return (Create(wanted.purpose == "store"), *steps(wanted, FoundBucket()))
    return tuple(step for _, step in _judged(wanted, found) if step)


def _with_mend(finding: Finding, step: Step | None) -> Finding:
    return Finding(finding.name, finding.verdict, finding.seen, explain(step)) if step else finding


def _judged(wanted: WantedBucket, found: FoundBucket) -> Iterator[_Judged]:
    for part in wanted.parts:
        if part in found.unseen:
            problem = found.unseen[part]
            yield Finding(part, "unseen", problem.message, problem.hint), None
        else:
            yield _judge(part, wanted, found)


def _judge(part: Part, wanted: WantedBucket, found: FoundBucket) -> _Judged:
    match part:
        case "versioning":
            on = found.versioning == "Enabled"
            return _verdict(part, found.versioning.lower() or "off", None if on else KeepVersions())
        case "encryption":
            known = found.encryption in _ENCRYPTED
            return _verdict(part, found.encryption or "none by default", None if known else Encrypt())
        case "public access":
            partly = found.open_to_public and found.open_to_public != PUBLIC_BLOCKS
            seen = f"lacks {', '.join(found.open_to_public)}" if partly else "not blocked"
            seen = seen if found.open_to_public else "blocked"
            return _verdict(part, seen, BlockPublicAccess() if found.open_to_public else None)
        case "ownership":
            ours = found.ownership == "BucketOwnerEnforced"
            return _verdict(part, found.ownership or "not enforced", None if ours else OwnObjects())
        case "policy":
            return _policy(wanted, found)
        case "object lock":
            return _lock(found)
        case "lifecycle":
            return _lifecycle(wanted, found)


def _policy(wanted: WantedBucket, found: FoundBucket) -> _Judged:
    lacking = bucket_policy.lacking(found.policy, wanted)
    if lacking:
        return _verdict("policy", f"lacks {', '.join(lacking)}" if found.policy else "none", WritePolicy(lacking))
    sids = [each["Sid"].removeprefix(bucket_policy.OWN) for each in bucket_policy.statements(wanted)]
    return _verdict("policy", ", ".join(sids), None)


def _lock(found: FoundBucket) -> _Judged:
    """A compliance lock is left as it is, however long it is: nobody could take back what was made of it."""
    kept = found.retention
    if kept is None:
        return _verdict("object lock", "on, for no time" if found.locks else "off", LockObjects(LOCKED_FOR))
    seen = told(kept)
    short = kept.mode == "GOVERNANCE" and kept.days < SHORTEST_LOCK
    return _verdict("object lock", seen, LockObjects(LOCKED_FOR) if short else None)


def _lifecycle(wanted: WantedBucket, found: FoundBucket) -> _Judged:
    if threats := list(bucket_lifecycle.threats(found.rules, wanted)):
        what = "entries and releases" if wanted.purpose == "store" else "states"
        seen = f"lets {what} go: rule {', '.join(threats)}"
        return Finding("lifecycle", "warn", seen, "take that rule off the bucket, or narrow it to another prefix"), None
    if wanted.purpose == "store" and bucket_lifecycle.lacks(found.rules, wanted):
        return _verdict("lifecycle", "old checkpoints or runs stay for ever", SetLifecycle(bucket_lifecycle.SAID))
    goes = "old checkpoints and runs go" if wanted.purpose == "store" else "lets no state go"
    return _verdict("lifecycle", goes, None)


def _verdict(part: Part, seen: str, step: Step | None) -> _Judged:
    return Finding(part, "warn" if step else "good", seen), step
