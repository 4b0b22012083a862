"""Buckets that envctl needs, as values: what is wanted, what is found, and the steps from one to the other."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, assert_never

from envctl.domain.errors import Problem

Purpose = Literal["state", "store"]
Part = Literal["versioning", "encryption", "public access", "ownership", "policy", "object lock", "lifecycle"]
Statement = Mapping[str, Any]
Policy = Mapping[str, Any]
Rule = Mapping[str, Any]
PUBLIC_BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")

DAYS_OF_A_YEAR = 365


@dataclass(frozen=True)
class WantedBucket:
    """A bucket for Terraform's state of these environments, or for the store, which keeps what is below `prefix`."""

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
    def parts(self) -> tuple[Part, ...]:
        """What of it is looked at. A state is written over, and so can't be locked."""
        shared: tuple[Part, ...] = ("versioning", "encryption", "public access", "ownership", "policy")
        return (*shared, "object lock", "lifecycle") if self.purpose == "store" else (*shared, "lifecycle")


@dataclass(frozen=True)
class Retention:
    """How long no version of an object can be removed. Governance can be lifted by who may; compliance by nobody."""

    mode: str
    days: int


@dataclass(frozen=True)
class FoundBucket:
    """A bucket as it is; one that was only just made where nothing is said. `open_to_public` are the blocks that it
    lacks, and `locks` says whether it has object lock at all. What could not be looked at is in `unseen`, with the
    reason, and means nothing here.
    """

    versioning: str = ""
    encryption: str = ""
    open_to_public: tuple[str, ...] = PUBLIC_BLOCKS
    ownership: str = ""
    policy: Policy = field(default_factory=dict)
    locks: bool = False
    retention: Retention | None = None
    rules: tuple[Rule, ...] = ()
    unseen: Mapping[Part, Problem] = field(default_factory=dict)


@dataclass(frozen=True)
class Create:
    """With object lock where `locked`."""

    locked: bool


@dataclass(frozen=True)
class KeepVersions:
    """Switch versioning on."""


@dataclass(frozen=True)
class Encrypt:
    """With S3's own keys, where no other encryption is there."""


@dataclass(frozen=True)
class BlockPublicAccess:
    """All four blocks."""


@dataclass(frozen=True)
class OwnObjects:
    """Whatever is put there belongs to the bucket's owner, and access lists count for nothing."""


@dataclass(frozen=True)
class WritePolicy:
    """With these statements, by their Sids. What others wrote is read once more when it is written, and stays."""

    changed: tuple[str, ...]


@dataclass(frozen=True)
class LockObjects:
    retention: Retention


@dataclass(frozen=True)
class SetLifecycle:
    """A rule of envctl's own, and `said` is what it does. Those of others stay."""

    said: str


Step = Create | KeepVersions | Encrypt | BlockPublicAccess | OwnObjects | WritePolicy | LockObjects | SetLifecycle


def explain(step: Step) -> str:
    match step:
        case Create(locked=True):
            return "create the bucket, with object lock"
        case Create():
            return "create the bucket"
        case KeepVersions():
            return "keep every version of an object"
        case Encrypt():
            return "encrypt what is put there (SSE-S3)"
        case BlockPublicAccess():
            return "block all public access"
        case OwnObjects():
            return "let its owner own every object, without access lists"
        case _:
            return _explain_more(step)


def told(retention: Retention) -> str:
    years, rest = divmod(retention.days, DAYS_OF_A_YEAR)
    length = f"{retention.days} days" if rest or not years else "1 year" if years == 1 else f"{years} years"
    return f"{retention.mode.lower()}, {length}"


def _explain_more(step: WritePolicy | LockObjects | SetLifecycle) -> str:
    match step:
        case WritePolicy(changed):
            return f"add to its policy: {', '.join(changed)} (what others wrote there stays)"
        case LockObjects(retention):
            return f"lock every version of an object ({told(retention)}); object lock can't be taken back"
        case SetLifecycle(said):
            return f"lifecycle: {said}"
        case _:
            assert_never(step)
