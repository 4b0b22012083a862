"""References of container images, as Docker and OCI spell them, and what was found of an image where it is pulled from.

A reference is `[REGISTRY/]REPOSITORY[:TAG][@sha256:DIGEST]`. A tag may be moved at any time; a digest names one content
for ever.
"""

import re
from dataclasses import dataclass, replace
from typing import Literal

from envctl.domain.errors import Problem

DOCKER_HUB = "docker.io"
LONGEST_NAME = 255
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
    """`name` is registry and repository as they are written; `tag` and `digest` are empty where they are not said."""

    name: str
    tag: str = ""
    digest: str = ""

    @classmethod
    def parse(cls, text: str) -> "Image":
        """Raises ValueError with what is wrong."""
        rest, at, digest = text.partition("@")
        if at and not _DIGEST.fullmatch(digest):
            raise ValueError("its digest is not sha256: and 64 digits of 0-9 and a-f")
        name, colon, tag = rest.rpartition(":")
        if not colon or "/" in tag:
            # What stands behind that colon is a port, or there is none.
            name, colon, tag = rest, "", ""
        if colon and not _TAG.fullmatch(tag):
            raise ValueError("its tag is not one that a registry takes")
        image = cls(name, tag, digest)
        if not _PATH.fullmatch(image.repository) or len(name) > LONGEST_NAME:
            raise ValueError(
                "its repository is not one that a registry takes (lower-case letters, digits, . _ - and /)"
            )
        if not _HOST.fullmatch(image.registry):
            raise ValueError("its registry is not the name of a host")
        return image

    def __str__(self) -> str:
        return self.name + (self.tag and f":{self.tag}") + (self.digest and f"@{self.digest}")

    @property
    def registry(self) -> str:
        """The host, with its port where one is written. Docker's own where none is."""
        first, slash, _ = self.name.partition("/")
        return first if slash and _names_a_host(first) else DOCKER_HUB

    @property
    def repository(self) -> str:
        """Its path in the registry."""
        first, slash, rest = self.name.partition("/")
        if slash and _names_a_host(first):
            return f"library/{rest}" if first == DOCKER_HUB and "/" not in rest else rest
        return self.name if slash else f"library/{self.name}"

    def pinned_to(self, digest: str) -> "Image":
        """The content itself: the tag through which it was found says nothing any more."""
        return Image(self.name, digest=digest)

    def within(self, name: str) -> "Image":
        """The same content in another repository. Raises ValueError where that is none."""
        other = Image.parse(name)
        if other.tag or other.digest:
            raise ValueError("it is a repository with a tag or a digest")
        return Image(name, self.tag, self.digest)


def _names_a_host(first: str) -> bool:
    """Docker's rule: what has a dot or a port, and localhost, is no folder of its own registry."""
    return "." in first or ":" in first or first == "localhost"


@dataclass(frozen=True)
class Ecr:
    """A private registry of Amazon ECR."""

    account_id: str
    region: str


def ecr(registry: str) -> Ecr | None:
    found = _ECR.fullmatch(registry)
    return Ecr(found["account"], found["region"]) if found else None


def on_loopback(registry: str) -> bool:
    return _LOOPBACK.fullmatch(registry) is not None


def pinned(value: object) -> bool:
    """Whether it is a reference that names one content for ever."""
    try:
        return isinstance(value, str) and Image.parse(value).digest != ""
    except ValueError:
        return False


def says(written: object, carried: object) -> bool:
    """Whether what stands in a file is what a release carries, be it that its tag is left out there."""
    return written == carried or (pinned(written) and str(replace(Image.parse(str(written)), tag="")) == carried)


# *no repository* is absent as well, and wants another hint; *unknown* is what could not be asked.
Found = Literal["there", "absent", "no repository", "unknown", "unpinned"]


@dataclass(frozen=True)
class ImageFound:
    """An artifact's image in the place that an environment pulls from. `why` is what kept it from being looked for, and
    with `comes` the deployment brings it there before anything needs it. In the sandbox `only_told`.
    """

    artifact: str
    reference: str
    found: Found
    comes: bool = False
    only_told: bool = False
    why: Problem | None = None
