"""`[ci] package`: the source of envctl that jobs install, fixed by a hash."""

from dataclasses import dataclass
from typing import Literal

NAME = "envctl-promotion"
PACKAGE_PATTERN = (
    r"git\+https://[\w.:-]+(/[\w.~-]+)+@[0-9a-f]{40}"
    r"|https://[\w.:-]+(/[\w.~%+-]+)*/envctl_promotion-[\w.+!]+-py3-none-any\.whl#sha256=[0-9a-f]{64}"
    rf"|{NAME}==\d[\w.+!]*#sha256=[0-9a-f]{{64}}"
)
"""No character that a shell, YAML or pip reads in another way, and no credentials in an address."""


@dataclass(frozen=True)
class PackageSource:
    """Where jobs get envctl from. A commit or a hash fixes its bytes.

    Attributes:
        kind: A commit of a git repository, a wheel at an address, or a wheel of the package index.
        address: `git+https://HOST/OWNER/REPOSITORY`, the address of the wheel, or `envctl-promotion==VERSION`.
        digest: The commit (40 hex digits) or the sha256 of the wheel (64 hex digits).
    """

    kind: Literal["git", "wheel", "index"]
    address: str
    digest: str


def parse_package(text: str) -> PackageSource:
    """Return the source of a valid `[ci] package`."""
    if text.startswith("git+"):
        address, _, commit = text.rpartition("@")
        return PackageSource("git", address, commit)
    address, _, digest = text.partition("#sha256=")
    return PackageSource("wheel" if address.startswith("https:") else "index", address, digest)
