"""A CI job, its roles and its forge in memory."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from envctl.domain.ci.generated_pins import Pin
from envctl.domain.ci.inspection.job import CheckedJob, read_job
from envctl.domain.ci.inspection.job_token import TokenClaims
from envctl.domain.ci.inspection.repository import Repository, find_repository
from envctl.domain.ci.inspection.roles import Attempt, RoleTrial
from envctl.domain.ci.inspection.settings import ForgeSettings, Unread
from envctl.domain.errors import OperationFailedError, Problem
from envctl.usecases.ports.ci import CiSettings, RoleRequest, WantedSettings


@dataclass
class SettableCiForge:
    """Answers by `variables`, and gives `settings`; without them there is no token for the forge.

    `published` are digests by name; others can't be asked for. `pins` were asked for.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    settings: ForgeSettings | None = None
    gitlab: str = "https://gitlab.com"
    event: Mapping[str, object] = field(default_factory=dict)
    asked: list[tuple[str, WantedSettings]] = field(default_factory=list)
    published: dict[str, Collection[str]] = field(default_factory=dict)
    pins: list[Pin] = field(default_factory=list)

    def find_job(self) -> CheckedJob | None:
        return read_job(self.variables, self.event)

    def find_repository(self, remote: str) -> Repository:
        return find_repository(self.variables, remote, self.gitlab)

    def open_settings(self, repository: Repository) -> CiSettings:
        if self.settings is None:
            raise OperationFailedError(Problem("E484", "no token for GitHub", "export GH_TOKEN=$(gh auth token)"))
        return _Settings(self, self.settings, repository)

    def find_digests(self, pin: Pin) -> Collection[str] | Unread:
        self.pins.append(pin)
        return self.published.get(pin.name, Unread("no network"))


@dataclass
class _Settings:
    forge: SettableCiForge
    settings: ForgeSettings
    repository: Repository

    def read_settings(self, wanted: WantedSettings) -> ForgeSettings:
        self.forge.asked.append((self.repository.path, wanted))
        return self.settings


@dataclass
class ScriptedCiRoles:
    """Refuses each role but those in `trials`."""

    token: TokenClaims = field(default_factory=lambda: TokenClaims(problem="the job has no token for AWS"))
    trials: dict[str, RoleTrial] = field(default_factory=dict)  # by ARN
    given: set[str] = field(default_factory=set)  # roles that the token is taken for
    asked: list[RoleRequest] = field(default_factory=list)

    def read_token(self) -> TokenClaims:
        return self.token

    def try_role(self, request: RoleRequest) -> RoleTrial:
        self.asked.append(request)
        return self.trials.get(request.target.arn, RoleTrial(Attempt("no", "not authorized (AccessDenied)")))

    def try_token(self, role: str) -> Attempt:
        return Attempt("yes") if role in self.given else Attempt("no", "not authorized (AccessDenied)")
