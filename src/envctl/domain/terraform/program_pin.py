"""The pin of the program that runs as Terraform: `[terraform.pin]`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Program = Literal["terraform", "tofu"]
NAMES: Mapping[Program, str] = {"terraform": "Terraform", "tofu": "OpenTofu"}
VERSIONS = ">= 1.10"
"""The versions that envctl works with."""
PLATFORMS = ("linux_amd64", "linux_arm64", "darwin_amd64", "darwin_arm64")
"""Where envctl runs."""
_PROCESSORS = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True, kw_only=True)
class ProgramPin:
    """The one program that may run, with the SHA-256 of its executable on each platform."""

    program: Program
    version: str
    sha256: Mapping[str, str]

    def __str__(self) -> str:
        """Return its kind and version, as `deployment started` records them."""
        return f"{NAMES[self.program]} {self.version}"


def name_platform(system: str, processor: str) -> str:
    """Return the platform as Terraform names it, from `sys.platform` and `platform.machine()`."""
    return f"{system}_{_PROCESSORS.get(processor.lower(), processor.lower())}"
