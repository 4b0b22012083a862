"""`[ci] package` and `kubernetes_package`: the sources of envctl and of Kubernetes' schemas that jobs install, fixed by
a hash.
"""

from dataclasses import dataclass
from typing import Literal

NAME, KUBERNETES_NAME = "envctl-promotion", "kube-api-emulator"
KUBERNETES_FOLDER = f"packages/{KUBERNETES_NAME}"
"""In the repository of envctl."""
PACKAGE_PATTERN = (
    r"git\+https://[\w.:-]+(/[\w.~-]+)+@[0-9a-f]{40}"
    r"|https://[\w.:-]+(/[\w.~%+-]+)*/envctl_promotion-[\w.+!]+-py3-none-any\.whl#sha256=[0-9a-f]{64}"
    rf"|{NAME}==\d[\w.+!]*#sha256=[0-9a-f]{{64}}"
)
"""No character that a shell, YAML or pip reads in another way, and no credentials in an address."""
KUBERNETES_PATTERN = (
    r"https://[\w.:-]+(/[\w.~%+-]+)*/kube_api_emulator-[\w.+!]+-py3-none-any\.whl#sha256=[0-9a-f]{64}"
    rf"|{KUBERNETES_NAME}==\d[\w.+!]*#sha256=[0-9a-f]{{64}}"
)
"""The same, without a commit: one of envctl has both packages."""


@dataclass(frozen=True)
class PackageSource:
    """Where jobs get envctl from. A commit or a hash fixes its bytes."""

    # A commit of a git repository, a wheel at an address, or a wheel of the package index.
    kind: Literal["git", "wheel", "index"]
    address: str  # `git+https://HOST/OWNER/REPOSITORY`, the address of the wheel, or `envctl-promotion==VERSION`
    digest: str  # the commit (40 hex digits) or the sha256 of the wheel (64 hex digits)
    # The package kube-api-emulator beside an envctl that is a wheel; None if jobs get none.
    kubernetes: "PackageSource | None" = None
    pins_terraform: bool = False  # jobs install the Terraform of `[terraform.pin]`, in place of the embedded one


def parse_package(text: str, kubernetes: str | None = None) -> PackageSource:
    """Return the source of a valid `[ci] package`, with that of a valid `kubernetes_package`."""
    if text.startswith("git+"):
        address, _, commit = text.rpartition("@")
        return PackageSource("git", address, commit)
    address, _, digest = text.partition("#sha256=")
    beside = parse_package(kubernetes) if kubernetes else None
    return PackageSource("wheel" if address.startswith("https:") else "index", address, digest, beside)
