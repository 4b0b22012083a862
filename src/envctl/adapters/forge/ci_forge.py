"""The CiForge port: the job and the repository by variables, and the reader of settings with a token for that host."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from envctl.adapters.forge.job import read_event
from envctl.domain.ci.inspection.job import CheckedJob, read_job
from envctl.domain.ci.inspection.repository import GITHUB, Repository, find_repository
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.text.urls import split_url

if TYPE_CHECKING:
    from envctl.adapters.forge.releases import PublishedReleases
    from envctl.domain.ci.generated_pins import Pin
    from envctl.domain.ci.inspection.settings import Unread
    from envctl.usecases.ports.ci import CiSettings


@dataclass(frozen=True, eq=False, repr=False)
class VariableCiForge:
    """Reads the variables `environ`. `gitlab` returns the address of the trusted GitLab."""

    environ: Callable[[], Mapping[str, str]]
    gitlab: Callable[[], str]

    def find_job(self) -> CheckedJob | None:
        env = self.environ()
        return read_job(env, read_event(env.get("GITHUB_EVENT_PATH", "")))

    def find_repository(self, remote: str) -> Repository:
        return find_repository(self.environ(), remote, self.gitlab())

    def open_settings(self, repository: Repository) -> "CiSettings":
        env = self.environ()
        if repository.system == "github":
            from envctl.adapters.forge.github_settings import GithubSettingsReader

            return GithubSettingsReader(repository.path, _find_github_token(env, repository), repository.api, env)
        from envctl.adapters.forge.gitlab_settings import GitlabSettingsReader

        token = _find_gitlab_token(env, repository)
        authorities = env.get("CI_SERVER_TLS_CA_FILE", "")
        return GitlabSettingsReader(repository.path, token, repository.api, env, authorities)

    def find_digests(self, pin: "Pin") -> "Collection[str] | Unread":
        return self._releases.find_digests(pin)

    @cached_property
    def _releases(self) -> "PublishedReleases":
        from envctl.adapters.forge.releases import PublishedReleases

        return PublishedReleases(self.environ())


def _find_github_token(env: Mapping[str, str], repository: Repository) -> str:
    """Return the token for a host, by the variables that `gh` reads: none goes to another host than it was made for."""
    is_public = repository.host == GITHUB or repository.host.endswith(".ghe.com")
    names: tuple[str, ...]
    names = ("GH_TOKEN", "GITHUB_TOKEN") if is_public else ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")
    if env.get("GITHUB_ACTIONS") == "true":
        names = (*names, "GITHUB_TOKEN")
    for name in names:
        if token := env.get(name, "").strip():
            return token
    login = "gh auth token" if repository.host == GITHUB else f"gh auth token --hostname {repository.host}"
    raise _build_error("GitHub", repository, names[0], f"export {names[0]}=$({login})")


def _find_gitlab_token(env: Mapping[str, str], repository: Repository) -> str:
    own = env.get("GITLAB_HOST") or "gitlab.com"
    own = (split_url(own).hostname or own) if "://" in own else own
    names = ("ENVCTL_GITLAB_TOKEN", *(("GITLAB_TOKEN",) if own == repository.host else ()))
    for name in names:
        if token := env.get(name, "").strip():
            return token
    raise _build_error("GitLab", repository, names[0], f"export {names[0]}=… with the scope read_api, of a maintainer")


def _build_error(forge: str, repository: Repository, variable: str, hint: str) -> OperationFailedError:
    message = f"no token for {forge} ({repository.host}/{repository.path}): {variable} is not set"
    return OperationFailedError(Problem("E484", message, hint))
