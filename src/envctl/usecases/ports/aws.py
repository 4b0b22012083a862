"""Ports to AWS and to image registries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import timedelta

    from envctl.domain.aws.access import CallerIdentity
    from envctl.domain.aws.buckets import BucketStep, FoundBucket, Policy, WantedBucket
    from envctl.domain.aws.key_policy import KeyRecord
    from envctl.domain.aws.secret_status import NeededSecret, SecretKind, SecretValue, Sighting
    from envctl.domain.images.image_reference import Image, Presence
    from envctl.domain.ledger.key_roles import KeyRole
    from envctl.domain.ledger.signatures import Algorithm
    from envctl.domain.rollout.alarms import AlarmStatus


class AwsAccess(Protocol):
    """Credentials of each environment, resolved at the first use; an empty environment means the caller's own. Methods
    raise OperationFailedError without credentials.
    """

    def fetch_caller(self, environment: str = "") -> CallerIdentity:
        """Return the identity reported by STS."""

    def export_credentials(self, environment: str) -> Mapping[str, str]:
        """Return the credentials as environment variables for AWS tools."""

    def is_confirmed(self, environment: str) -> bool:
        """Tell if the current credentials were already confirmed for the account of the environment."""

    def save_confirmed(self, environment: str) -> None:
        """Record the current credentials as confirmed for the account in the project file."""

    def clock_skew(self) -> timedelta | None:
        """Return how far the local clock is ahead of AWS, by its last response; None before any."""


class Buckets(Protocol):
    """S3 buckets, accessed with the credentials of an environment, or the caller's own for an empty one."""

    def has_bucket(self, wanted: WantedBucket, environment: str) -> bool:
        """Check existence alone, without reading contents or settings. Raises like `inspect_bucket`."""

    def inspect_bucket(self, wanted: WantedBucket, environment: str) -> FoundBucket | None:
        """Return the settings of the bucket; None if the name is free. Raises OperationFailedError if the bucket
        belongs to another account or region, or is unreadable.
        """

    def apply_step(self, wanted: WantedBucket, step: BucketStep, environment: str) -> None:
        """Create or change the bucket. Raises OperationFailedError if AWS refuses."""


@dataclass(frozen=True)
class RegistryImage:
    """An image, and the environment providing the credentials for its registry if that is ECR."""

    image: Image
    environment: str


@dataclass(frozen=True)
class CopyProgress:
    """Progress of one image copy. Blobs already at the target count as copied."""

    blobs: int
    total_blobs: int
    size: int  # bytes copied so far
    total_size: int  # bytes of the whole image


class Registries(Protocol):
    """Image registries: Amazon ECR, and any OCI API. Methods raise OperationFailedError if unreachable or refused."""

    def resolve_digest(self, tagged: RegistryImage) -> str | None:
        """Return the digest of the tag; None if the registry has no such tag."""

    def find_image(self, pinned: RegistryImage) -> Presence:
        """Check if the registry holds the image with this digest."""

    def copy_image(self, source: RegistryImage, target: RegistryImage, tell: Callable[[CopyProgress], None]) -> None:
        """Copy the image by digest, with everything it references. Existing blobs are skipped; the manifest is written
        last, so an incomplete image is never visible.
        """


@dataclass(frozen=True)
class SecretReference:
    """A secret to read. `id` is its name or ARN, and of a parameter also a version; `region` is empty for that of the
    environment, and `stage` for the current version.
    """

    kind: SecretKind
    id: str
    region: str = ""
    stage: str = ""


@dataclass(frozen=True)
class SecretReading:
    """The text of a secret, or the problem that it has none."""

    text: str | None = field(default=None, repr=False)
    problem: str = ""
    hint: str = ""
    is_absent: bool = False


class Secrets(Protocol):
    """Secrets Manager and Parameter Store of an environment."""

    def read_values(self, environment: str, wanted: Sequence[SecretReference]) -> tuple[SecretReading, ...]:
        """Return the value of each secret of `[secrets.values]`, in order. No other value is ever read."""

    def check_secrets(self, environment: str, wanted: Sequence[NeededSecret]) -> tuple[Sighting, ...]:
        """Return the status of each secret, in order; unreadable ones are unknown, with the reason."""

    def put_secret(
        self, environment: str, seen: Sighting, value: SecretValue, *, tags: Mapping[str, str], kms_key: str = ""
    ) -> None:
        """Write a new version, or create the secret with these tags. OperationFailedError never quotes the value."""


class SecretVariables(Protocol):
    """Environment variables with secret values. No program that envctl starts inherits them."""

    def withdraw_variables(self, names: Iterable[str]) -> bool:
        """Take the variables away from programs that start later; return True if one was there."""

    def read_variable(self, name: str) -> str | None:
        """Return the value; None if the variable is not set."""


class Alarms(Protocol):
    """CloudWatch alarms in the account of an environment."""

    def check_alarms(self, environment: str, region: str, names: Sequence[str]) -> tuple[AlarmStatus, ...]:
        """Return the state of each alarm, in order. An empty region means the region of the environment. Raises
        OperationFailedError if CloudWatch is unreachable.
        """


class Signatures(Protocol):
    """KMS signing keys of the environments. Methods raise OperationFailedError if a key is unusable."""

    def for_role(self, role: KeyRole, *, as_me: bool = False) -> Signatures:
        """Return the keys of this role, in place of those of deployments. `as_me` creates and reads them with the
        caller's own credentials.
        """

    def key_arn(self, environment: str) -> str:
        """Return the ARN or alias of the key."""

    def sign(self, environment: str, algorithm: Algorithm, message: bytes, *, personally: bool) -> bytes:
        """Return a short message's signature. `personally` signs as the caller instead of the deployment role."""

    def fetch_public_key(self, environment: str) -> bytes:
        """Return the public key in DER."""

    def create_key(self, environment: str, policy: Policy) -> bool:
        """Create the key with this policy if it is missing; return True if it was created."""

    def read_key(self, environment: str) -> KeyRecord:
        """Return what KMS knows of the key."""
