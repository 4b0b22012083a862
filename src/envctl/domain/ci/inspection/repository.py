"""The repository of a project on its forge, from variables of a job or from git's remote."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from envctl.domain.ci.inspection.job import System
from envctl.domain.text.urls import split_url

GITHUB, GITHUB_API = "github.com", "https://api.github.com"
_SCP = re.compile(r"(?:[^@/:]+@)?(?P<host>\[[0-9A-Fa-f:]+\]|[^@/:]+):(?!//)(?P<path>[^:].*)")
_SEGMENT = re.compile(r"[A-Za-z0-9_.-]+")
# Git over ssh may go through another host, because of a firewall.
_SSH_HOSTS = {"ssh.github.com": GITHUB, "altssh.gitlab.com": "gitlab.com"}
_SCHEMES = frozenset({"https", "http", "ssh", "git", "git+ssh", "ssh+git"})


@dataclass(frozen=True)
class Repository:
    """A repository of GitHub, or a project of GitLab, by its path. `api` is the address of the API of its forge."""

    system: System
    host: str
    path: str
    api: str


class UnknownRepositoryError(ValueError):
    """Says what is missing to know the repository."""


@dataclass(frozen=True)
class RemoteAddress:
    """An address of git without user and password."""

    host: str
    path: str


def parse_remote(address: str) -> RemoteAddress | None:
    """Return host and path of an address of git; None for a folder and for anything else without a host."""
    address = address.strip()
    if "://" in address:
        try:
            parts = urlsplit(address)
            host, path = parts.hostname or "", parts.path
        except ValueError:
            return None
        if parts.scheme.lower() not in _SCHEMES:
            return None
    elif (found := _SCP.fullmatch(address)) is not None:
        host, path = found["host"].lower(), found["path"]
    else:
        return None
    path = path.strip("/").removesuffix(".git").strip("/")
    segments = path.split("/")
    is_valid = len(segments) > 1 and all(_SEGMENT.fullmatch(each) and each.strip(".") for each in segments)
    return RemoteAddress(_SSH_HOSTS.get(host, host), path) if host and is_valid else None


def find_repository(variables: Mapping[str, str], remote: str, gitlab: str) -> Repository:
    """Return the repository. Variables of a job come first, then the address of git's remote.

    `gitlab` is the address of the trusted GitLab. Raises UnknownRepositoryError.
    """
    if (path := variables.get("GITHUB_REPOSITORY", "")) and "/" in path:
        host = split_url(variables.get("GITHUB_SERVER_URL") or f"https://{GITHUB}").hostname or GITHUB
        return Repository("github", host, path, variables.get("GITHUB_API_URL") or _find_github_api(host))
    if (path := variables.get("CI_PROJECT_PATH", "")) and "/" in path:
        host = variables.get("CI_SERVER_HOST") or split_url(gitlab).hostname or ""
        return Repository("gitlab", host, path, variables.get("CI_API_V4_URL") or f"{gitlab.rstrip('/')}/api/v4")
    if not remote:
        message = "git has no remote here, and neither GITHUB_REPOSITORY nor CI_PROJECT_PATH is set"
        raise UnknownRepositoryError(message)
    found = parse_remote(remote)
    if found is None:
        raise UnknownRepositoryError("git's remote is not the address of a repository on GitHub or GitLab")
    return _place_remote(variables, found, gitlab)


def _place_remote(variables: Mapping[str, str], remote: RemoteAddress, gitlab: str) -> Repository:
    parts = split_url(gitlab)
    if remote.host == parts.hostname:
        # GitLab may live below a folder of its host.
        path = remote.path.removeprefix(f"{parts.path.strip('/')}/") if parts.path.strip("/") else remote.path
        return Repository("gitlab", remote.host, path, variables.get("CI_API_V4_URL") or f"{gitlab.rstrip('/')}/api/v4")
    own = variables.get("GH_HOST", "").lower()
    if remote.host == GITHUB or remote.host.endswith(".ghe.com") or remote.host == own:
        if remote.path.count("/") != 1:
            raise UnknownRepositoryError(f"{remote.path} is not OWNER/NAME, as GitHub needs it")
        api = variables.get("GITHUB_API_URL") or _find_github_api(remote.host)
        return Repository("github", remote.host, remote.path, api)
    # No token goes to a host that only the remote names.
    raise UnknownRepositoryError(f"git's remote is on {remote.host}, which is not known as a GitHub or GitLab")


def _find_github_api(host: str) -> str:
    if host == GITHUB:
        return GITHUB_API
    # https://docs.github.com/enterprise-cloud@latest/admin/data-residency
    return f"https://api.{host}" if host.endswith(".ghe.com") else f"https://{host}/api/v3"
