"""References of container images, as Docker and OCI spell them, and the presence of an image in its registry.

A reference is `[REGISTRY/]REPOSITORY[:TAG][@sha256:DIGEST]`. A tag may move at any time; a digest never changes.
"""

import re
from dataclasses import dataclass, replace
from typing import Literal

from envctl.domain.errors import Problem

DOCKER_HUB = "docker.io"
MAX_NAME_LENGTH = 255
_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-fA-F:]+\])(?::[0-9]{{1,5}})?")
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_PATH = re.compile(rf"{_PART}(?:/{_PART})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_ECR = re.compile(
    r"(?P<account>[0-9]{12})\.dkr[.-]ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)"
    r"\.(?:amazonaws\.com|amazonaws\.com\.cn|amazonaws\.eu|on\.aws|on\.amazonwebservices\.com\.cn)"
)
_LOOPBACK = re.compile(r"(?:localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]+)?")


@dataclass(frozen=True)
class Image:
    """An image reference. `name` is registry and repository as written; `tag` and `digest` may be empty."""

    name: str
    tag: str = ""
    digest: str = ""

    @classmethod
    def parse(cls, text: str) -> "Image":
        """Parse a reference. Raises ValueError with the fault."""
        rest, at, digest = text.partition("@")
        if at and not _DIGEST.fullmatch(digest):
            raise ValueError("its digest must be sha256: and 64 hexadecimal digits")
        name, colon, tag = rest.rpartition(":")
        if not colon or "/" in tag:
            # A colon before a slash belongs to a port.
            name, colon, tag = rest, "", ""
        if colon and not _TAG.fullmatch(tag):
            raise ValueError("its tag is not valid in a registry")
        image = cls(name, tag, digest)
        if not _PATH.fullmatch(image.repository) or len(name) > MAX_NAME_LENGTH:
            raise ValueError("its repository is not valid in a registry (lower-case letters, digits, . _ - and /)")
        if not _HOST.fullmatch(image.registry):
            raise ValueError("its registry is not a host name")
        return image

    def __str__(self) -> str:
        return self.name + (self.tag and f":{self.tag}") + (self.digest and f"@{self.digest}")

    @property
    def registry(self) -> str:
        """Host and port of the registry; Docker Hub if none is written."""
        return self._split_host()[0] or DOCKER_HUB

    @property
    def repository(self) -> str:
        """Path in the registry."""
        host, path = self._split_host()
        return f"library/{path}" if host in ("", DOCKER_HUB) and "/" not in path else path

    def with_repository(self, name: str) -> "Image":
        """Return the same image in another repository. Raises ValueError for an invalid one."""
        other = Image.parse(name)
        if other.tag or other.digest:
            raise ValueError("it has a tag or a digest; write only the repository")
        return Image(name, self.tag, self.digest)

    def _split_host(self) -> tuple[str, str]:
        """Split off the host by Docker's rule: a first part with a dot or a port, or `localhost`. It may be empty."""
        first, slash, rest = self.name.partition("/")
        if slash and ("." in first or ":" in first or first == "localhost"):
            return first, rest
        return "", self.name


@dataclass(frozen=True)
class EcrRegistry:
    """A private registry of Amazon ECR."""

    account_id: str
    region: str


def parse_ecr_registry(registry: str) -> EcrRegistry | None:
    found = _ECR.fullmatch(registry)
    return EcrRegistry(found["account"], found["region"]) if found else None


def is_loopback(registry: str) -> bool:
    return _LOOPBACK.fullmatch(registry) is not None


def is_pinned_image(value: object) -> bool:
    """Check that the value is an image reference with a digest."""
    try:
        return isinstance(value, str) and Image.parse(value).digest != ""
    except ValueError:
        return False


def is_same_artifact(written: object, carried: object) -> bool:
    """Check that a value from a file equals the artifact of a release, ignoring the tag of a pinned image."""
    return written == carried or (
        is_pinned_image(written) and str(replace(Image.parse(str(written)), tag="")) == carried
    )


# *no repository* is absent too, with another hint; *unknown*: the registry could not be queried.
Presence = Literal["there", "absent", "no repository", "unknown", "unpinned"]


@dataclass(frozen=True)
class ImagePresence:
    """The presence of an artifact's image in the repository of an environment."""

    artifact: str
    reference: str
    found: Presence
    will_be_copied: bool = False  # the deployment copies it before use
    is_warning_only: bool = False  # in the sandbox
    why: Problem | None = None  # the reason of *unknown*
