"""Port to the installed Python packages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Package:
    """An installed package."""

    name: str  # its name for pip
    version: str
    folder: str  # the folder that it is installed in

    def __str__(self) -> str:
        return f"{self.name} {self.version} in {self.folder}"


class Installation(Protocol):
    """The Python environment that runs envctl."""

    def find_own_package(self) -> Package | None:
        """Return the package of this envctl; None if it runs from a checkout."""

    def list_rivals(self) -> Sequence[Package]:
        """Return the other packages that have files of the command or of the Python package `envctl`, by name."""

    def suggest_removal(self, rivals: Sequence[Package]) -> str:
        """Return the command that removes these packages and restores the files that this one shared with them."""

    def find_ci_package(self) -> str:
        """Return the `[ci] package` with which jobs install this very envctl; empty if its source has no hash."""
