"""Port to the official packages of Terraform and OpenTofu."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from envctl.domain.terraform.program_pin import Program, ProgramPin


class ProgramPackages(Protocol):
    """Packages as HashiCorp and OpenTofu publish them. `place` is an address or a folder; empty for the official one.

    Raises OperationFailedError for a package that can't be fetched, or is not the expected one (E359).
    """

    def read_platform(self) -> str:
        """Return the platform of this machine, such as `linux_amd64`."""

    def hash_programs(self, program: Program, version: str, platforms: Sequence[str], place: str) -> Mapping[str, str]:
        """Return the SHA-256 of the executables in signed packages, by platform. Raises OperationFailedError (E360)
        for sums whose signature can't be verified.
        """

    def install_program(self, pin: ProgramPin, place: str, folder: str) -> tuple[str, bool]:
        """Install the pinned executable for this platform, and return its path, and whether it was not there before.

        Without a `folder`, it is installed for this project, where each command finds it.
        """
