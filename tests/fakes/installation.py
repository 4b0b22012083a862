"""Installed packages in memory: this envctl, and those that a test adds."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from envctl.usecases.ports.installation import Package

OWN = Package("envctl-promotion", "0.1.0", "/site-packages")


@dataclass
class MemoryInstallation:
    own: Package | None = OWN
    rivals: list[Package] = field(default_factory=list)
    ci_package: str = ""

    def find_own_package(self) -> Package | None:
        return self.own

    def list_rivals(self) -> Sequence[Package]:
        return self.rivals

    def suggest_removal(self, rivals: Sequence[Package]) -> str:
        return f"pip uninstall {' '.join(package.name for package in rivals)}"

    def find_ci_package(self) -> str:
        return self.ci_package
