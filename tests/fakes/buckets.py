"""S3 buckets in memory."""

from dataclasses import dataclass, field, replace

from envctl.domain.aws import bucket_lifecycle, bucket_policy
from envctl.domain.aws.buckets import (
    BlockPublicAccess,
    BucketStep,
    CreateBucket,
    EncryptObjects,
    FoundBucket,
    KeepVersions,
    LockObjects,
    OwnObjects,
    SetLifecycle,
    WantedBucket,
    WritePolicy,
)
from envctl.domain.errors import OperationFailedError, Problem


@dataclass
class StoredBucket:
    account_id: str
    region: str
    found: FoundBucket = field(default_factory=FoundBucket)


@dataclass
class MemoryBuckets:
    """All buckets of AWS, by name."""

    there: dict[str, StoredBucket] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)  # not readable
    lets_in: set[str] = field(default_factory=set)  # readable from every account
    refused: set[type[BucketStep]] = field(default_factory=set)
    taken: list[tuple[str, str, BucketStep]] = field(default_factory=list)

    def has_bucket(self, wanted: WantedBucket, environment: str) -> bool:
        return self.inspect_bucket(wanted, environment) is not None

    def inspect_bucket(self, wanted: WantedBucket, environment: str) -> FoundBucket | None:
        bucket = self.there.get(wanted.name)
        if wanted.name in self.closed:
            raise OperationFailedError(Problem("E424", f"{wanted.name} is closed", "allow it"))
        if bucket and bucket.account_id != wanted.account_id and wanted.name in self.lets_in:
            raise OperationFailedError(Problem("E422", f"{wanted.name} is in another account", "name the right one"))
        if bucket and bucket.account_id != wanted.account_id:
            raise OperationFailedError(
                Problem("E420", f"{wanted.name} belongs to another account", "take another name")
            )
        if bucket and bucket.region != wanted.region:
            raise OperationFailedError(Problem("E421", f"{wanted.name} is in {bucket.region}", "name that region"))
        return bucket.found if bucket else None

    def apply_step(self, wanted: WantedBucket, step: BucketStep, environment: str) -> None:
        if type(step) in self.refused:
            raise OperationFailedError(Problem("E425", f"{wanted.name}: AWS says no to {type(step).__name__}", "ask"))
        self.taken.append((environment, wanted.name, step))
        bucket = self.there.setdefault(wanted.name, StoredBucket(wanted.account_id, wanted.region))
        bucket.found = _apply_step(step, wanted, bucket.found)


def _apply_step(step: BucketStep, wanted: WantedBucket, found: FoundBucket) -> FoundBucket:
    match step:
        case CreateBucket(locked):
            return replace(found, versioning="Enabled" if locked else "", locks=locked)
        case KeepVersions():
            return replace(found, versioning="Enabled")
        case EncryptObjects():
            return replace(found, encryption="AES256")
        case BlockPublicAccess():
            return replace(found, open_to_public=())
        case OwnObjects():
            return replace(found, ownership="BucketOwnerEnforced")
        case WritePolicy():
            return replace(found, policy=bucket_policy.merge_policy(found.policy, wanted))
        case LockObjects(retention):
            return replace(found, locks=True, retention=retention)
        case SetLifecycle():
            return replace(found, rules=bucket_lifecycle.merge_rules(found.rules, wanted))
