"""What the use cases need of AWS, and of registries of images: more ports, in a file of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import timedelta

    from envctl.domain.aws.access import Caller
    from envctl.domain.aws.buckets import FoundBucket, Step, WantedBucket
    from envctl.domain.aws.secret_status import NeededSecret, SecretValue, Sighting
    from envctl.domain.images.image_reference import Found, Image
    from envctl.domain.ledger.signatures import Algorithm
    from envctl.domain.rollout.alarms import SeenAlarm


class Access(Protocol):
    """Credentials, taken when they are first asked for. An empty environment stands for one's own. Raises
    OperationFailedError where they are not given.
    """

    def caller(self, environment: str = "") -> Caller:
        """Who AWS says that one is there."""

    def keys(self, environment: str) -> Mapping[str, str]:
        """The variables under which AWS tools look for credentials."""

    def known(self, environment: str) -> bool:
        """Whether the credentials that are at hand are the ones that were remembered for it."""

    def remember(self, environment: str) -> None:
        """That they are of the account of the environment, as the project file has it now."""

    def ahead(self) -> timedelta | None:
        """How far this machine's clock is ahead of that of AWS, as far as its last answer tells; None before any."""


class Buckets(Protocol):
    """Buckets of S3, reached with the credentials of an environment, or with one's own for an empty one."""

    def is_there(self, wanted: WantedBucket, environment: str) -> bool:
        """Raises OperationFailedError as `look`, and asks for nothing that the bucket holds or is set to."""

    def look(self, wanted: WantedBucket, environment: str) -> FoundBucket | None:
        """None where there is none of that name. Raises OperationFailedError where it is somebody else's, in another
        account or another region, or where nobody can say.
        """

    def carry_out(self, wanted: WantedBucket, step: Step, environment: str) -> None:
        """Raises OperationFailedError where AWS says no."""


@dataclass(frozen=True)
class Pulled:
    """An image, and the environment with whose credentials its registry is asked where that is ECR."""

    image: Image
    environment: str


@dataclass(frozen=True)
class Copied:
    """How far a copy is: of all blobs of an image, and in bytes. What was there already counts as copied."""

    blobs: int
    of_blobs: int
    size: int
    of_size: int


class Registries(Protocol):
    """Where images lie: Amazon ECR, and whatever speaks the distribution API of OCI. Raises OperationFailedError where
    a registry can't be asked, or does not want to answer.
    """

    def digest(self, tagged: Pulled) -> str | None:
        """What its tag stands for; None where there is no such tag."""

    def find(self, pinned: Pulled) -> Found:
        """Whether the content with its digest is there."""

    def copy(self, source: Pulled, target: Pulled, tell: Callable[[Copied], None]) -> None:
        """By digest, with all that belongs to it. What is there already is not copied again, and the image itself is
        there last, so that nobody ever finds half of it.
        """


class Secrets(Protocol):
    """Secrets Manager and the Parameter Store of an environment's account. No secret is ever read."""

    def look(self, environment: str, wanted: Sequence[NeededSecret]) -> tuple[Sighting, ...]:
        """What there is of each, in their order; what can't be looked at is unknown, with the reason."""

    def put(
        self, environment: str, seen: Sighting, value: SecretValue, *, tags: Mapping[str, str], kms_key: str = ""
    ) -> None:
        """A new version of what is there, or the secret itself with these tags where it is absent. Raises
        OperationFailedError, in which the value is never quoted.
        """


class Alarms(Protocol):
    """Alarms of CloudWatch in an environment's account."""

    def look(self, environment: str, region: str, names: Sequence[str]) -> tuple[SeenAlarm, ...]:
        """What each says, in their order; the region is the environment's own where none is given. Raises
        OperationFailedError where they can't be asked.
        """


class Signatures(Protocol):
    """The signing keys of the environments. Raises OperationFailedError where they can't be used."""

    def key(self, environment: str) -> str:
        """The ARN of the key, or of its alias."""

    def sign(self, environment: str, algorithm: Algorithm, message: bytes, *, personally: bool) -> bytes:
        """The signature of a short message: with the credentials of whoever runs this where it is said `personally`,
        and else with those that work in the environment.
        """

    def public_key(self, environment: str) -> bytes:
        """In DER."""

    def create(self, environment: str) -> bool:
        """Makes the key where it is not there yet; whether it was made."""
