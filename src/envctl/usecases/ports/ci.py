"""Ports to the CI job of a command, its roles in AWS, and the settings of its repository."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from envctl.domain.ci.generated_pins import Pin
    from envctl.domain.ci.inspection.job import CheckedJob
    from envctl.domain.ci.inspection.job_token import TokenClaims
    from envctl.domain.ci.inspection.repository import Repository
    from envctl.domain.ci.inspection.roles import Attempt, RoleTarget, RoleTrial
    from envctl.domain.ci.inspection.settings import ForgeSettings, Unread


@dataclass(frozen=True)
class WantedSettings:
    """The settings to read."""

    environments: Sequence[str] = ()  # environments as the forge names them
    branch: str = ""  # the branch that deploys; empty for the default branch
    # The paths of generated workflows of GitHub, by the kind of their jobs.
    workflows: Mapping[str, str] = field(default_factory=dict)


class CiSettings(Protocol):
    """The settings of one repository on its forge."""

    def read_settings(self, wanted: WantedSettings) -> ForgeSettings:
        """Return the settings. Each part that the forge refuses is an `Unread` with the reason. Raises
        OperationFailedError if the repository itself can't be read.
        """


class CiForge(Protocol):
    """The forge around a command: the job that runs it, and the repository of the project."""

    def find_job(self) -> CheckedJob | None:
        """Return the job by its variables; None outside of GitHub Actions and GitLab CI."""

    def find_repository(self, remote: str) -> Repository:
        """Return the repository. `remote` is git's; it may be empty. UnknownRepositoryError says what is missing."""

    def open_settings(self, repository: Repository) -> CiSettings:
        """Raises OperationFailedError without a token for this forge."""

    def find_digests(self, pin: Pin) -> Collection[str] | Unread:
        """Return the commit of a tag, or the hashes of all files of a package, as published for the release of a pin;
        empty if there is no such release. An `Unread` says why that could not be asked.
        """


@dataclass(frozen=True)
class RoleRequest:
    """A role to try."""

    target: RoleTarget
    tries_itself: bool = False  # try whether the role can take itself
    # The bucket with the states of the environment, for a role that only looks; empty if there is none.
    bucket: str = ""
    key: str = ""  # an object in it that the role must not write
    deployer: str = ""  # the role that a role that only looks must not take


class CiRoles(Protocol):
    """Harmless requests to AWS with the credentials of the job. Nothing is changed, whatever AWS allows."""

    def read_token(self) -> TokenClaims:
        """Return the claims of the ID token of the job; with a problem if it has none."""

    def try_role(self, request: RoleRequest) -> RoleTrial:
        """Try to take a role, and what it can do. Failures of the network are answers of their own."""

    def try_token(self, role: str) -> Attempt:
        """Try to take a role with the ID token of the job, as another job would."""
