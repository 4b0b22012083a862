"""Buckets as values: the wanted bucket, the existing one, and the steps from one to the other."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from envctl.domain.errors import Problem

Purpose = Literal["state", "store"]
BucketPart = Literal["versioning", "encryption", "public access", "ownership", "policy", "object lock", "lifecycle"]
Statement = Mapping[str, Any]
Policy = Mapping[str, Any]
LifecycleRule = Mapping[str, Any]
PUBLIC_BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")

DAYS_PER_YEAR = 365


@dataclass(frozen=True, kw_only=True)
class WantedBucket:
    """A bucket for the Terraform states of these environments, or for the store below `prefix`."""

    name: str
    region: str
    account_id: str
    purpose: Purpose
    environments: tuple[str, ...] = ()
    prefix: str = ""
    partition: str = "aws"

    @property
    def arn(self) -> str:
        return f"arn:{self.partition}:s3:::{self.name}"

    @property
    def checked_parts(self) -> tuple[BucketPart, ...]:
        """Return the parts to check. Buckets for states get no object lock: states are overwritten."""
        shared: tuple[BucketPart, ...] = ("versioning", "encryption", "public access", "ownership", "policy")
        return (*shared, "object lock", "lifecycle") if self.purpose == "store" else (*shared, "lifecycle")


@dataclass(frozen=True)
class Retention:
    """The time object versions are locked. Authorized users may lift mode GOVERNANCE; COMPLIANCE is final."""

    mode: str
    days: int


@dataclass(frozen=True, kw_only=True)
class FoundBucket:
    """An existing bucket; the defaults are those of a new one."""

    versioning: str = ""
    encryption: str = ""
    open_to_public: tuple[str, ...] = PUBLIC_BLOCKS  # missing public access blocks
    ownership: str = ""
    policy: Policy = field(default_factory=dict)
    locks: bool = False  # object lock is enabled
    retention: Retention | None = None
    rules: tuple[LifecycleRule, ...] = ()
    # Unreadable parts with the reason; the fields of these parts are meaningless.
    unseen: Mapping[BucketPart, Problem] = field(default_factory=dict)


@dataclass(frozen=True)
class CreateBucket:
    """Create the bucket, with object lock if `locked`."""

    locked: bool


@dataclass(frozen=True)
class KeepVersions:
    """Switch versioning on."""


@dataclass(frozen=True)
class EncryptObjects:
    """Encrypt with keys of S3, if no encryption is set."""


@dataclass(frozen=True)
class BlockPublicAccess:
    """Set all four public access blocks."""


@dataclass(frozen=True)
class OwnObjects:
    """Make the bucket owner own all objects; access lists are ignored."""


@dataclass(frozen=True)
class WritePolicy:
    """Add the statements with these Sids. Other statements are read again before writing, and stay."""

    changed: tuple[str, ...]


@dataclass(frozen=True)
class LockObjects:
    retention: Retention


@dataclass(frozen=True)
class SetLifecycle:
    """Write the lifecycle rules of envctl. Rules of others stay."""

    summary: str


BucketStep = (
    CreateBucket | KeepVersions | EncryptObjects | BlockPublicAccess | OwnObjects
    | WritePolicy | LockObjects | SetLifecycle
)  # fmt: skip


def explain_step(step: BucketStep) -> str:
    match step:
        case CreateBucket(locked):
            return "create the bucket, with object lock" if locked else "create the bucket"
        case KeepVersions():
            return "keep every version of an object"
        case EncryptObjects():
            return "encrypt new objects (SSE-S3)"
        case BlockPublicAccess():
            return "block all public access"
        case OwnObjects():
            return "make its owner the owner of every object, without access lists"
        case WritePolicy(changed):
            return f"add to its policy: {', '.join(changed)} (other statements stay)"
        case LockObjects(retention):
            return f"lock every version of an object ({format_retention(retention)}); object lock can't be removed"
        case SetLifecycle(summary):
            return f"lifecycle: {summary}"


def format_retention(retention: Retention) -> str:
    years, rest = divmod(retention.days, DAYS_PER_YEAR)
    length = f"{retention.days} days" if rest or not years else "1 year" if years == 1 else f"{years} years"
    return f"{retention.mode.lower()}, {length}"
