"""Which token goes to which host, and which job and repository the variables show."""

import json
from pathlib import Path

import pytest

from envctl.adapters.forge.ci_forge import VariableCiForge
from envctl.adapters.forge.github_settings import GithubSettingsReader
from envctl.adapters.forge.gitlab_settings import GitlabSettingsReader
from envctl.domain.ci.inspection.repository import Repository
from envctl.domain.errors import OperationFailedError
from tests.catching import catch

GITHUB = Repository("github", "github.com", "acme/shop", "https://api.github.com")
HOSTED = Repository("github", "acme.ghe.com", "acme/shop", "https://api.acme.ghe.com")
SERVER = Repository("github", "github.example.com", "acme/shop", "https://github.example.com/api/v3")
GITLAB = Repository("gitlab", "gitlab.com", "acme/shop", "https://gitlab.com/api/v4")
OWN_GITLAB = Repository("gitlab", "git.example.com", "acme/shop", "https://git.example.com/api/v4")


def build(**variables: str) -> VariableCiForge:
    return VariableCiForge(lambda: variables, lambda: "https://gitlab.com")


ACCEPTED = {
    "GitHub, by gh's variable": (GITHUB, {"GH_TOKEN": "own", "GITHUB_TOKEN": "x"}),
    "GitHub, by the job's variable": (GITHUB, {"GITHUB_TOKEN": "own"}),
    "GitHub with data residency": (HOSTED, {"GH_TOKEN": "own"}),
    "GitHub Enterprise Server": (SERVER, {"GH_ENTERPRISE_TOKEN": "own", "GH_TOKEN": "x"}),
    "GitHub Enterprise Server in its job": (SERVER, {"GITHUB_ACTIONS": "true", "GITHUB_TOKEN": "own"}),
    "GitLab, by envctl's variable": (GITLAB, {"ENVCTL_GITLAB_TOKEN": "own", "GITLAB_TOKEN": "x"}),
    "GitLab, by glab's variable": (GITLAB, {"GITLAB_TOKEN": "own"}),
    "GitLab of one's own": (OWN_GITLAB, {"GITLAB_TOKEN": "own", "GITLAB_HOST": "https://git.example.com"}),
    "GitLab of one's own, by envctl's variable": (OWN_GITLAB, {"ENVCTL_GITLAB_TOKEN": "own"}),
}
REFUSED = {
    "no token": (GITHUB, {}),
    "an empty token": (GITHUB, {"GH_TOKEN": " "}),
    "a token of github.com at another server": (SERVER, {"GH_TOKEN": "x", "GITHUB_TOKEN": "x"}),
    "a token of a server at github.com": (GITHUB, {"GH_ENTERPRISE_TOKEN": "x"}),
    "a token of gitlab.com at another GitLab": (OWN_GITLAB, {"GITLAB_TOKEN": "x"}),
    "a token of a GitLab of one's own at gitlab.com": (GITLAB, {"GITLAB_TOKEN": "x", "GITLAB_HOST": "git.example.com"}),
    "a token of the job": (GITLAB, {"CI_JOB_TOKEN": "x"}),
}


@pytest.mark.parametrize(("repository", "variables"), ACCEPTED.values(), ids=ACCEPTED)
def test_token_is_taken_for_its_host(repository: Repository, variables: dict[str, str]) -> None:
    reader = build(**variables).open_settings(repository)
    kind = GithubSettingsReader if repository.system == "github" else GitlabSettingsReader
    assert isinstance(reader, kind)
    assert "own" in " ".join(reader._requests.headers.values())
    assert reader._requests.url.startswith(repository.api)


@pytest.mark.parametrize(("repository", "variables"), REFUSED.values(), ids=REFUSED)
def test_token_goes_to_no_other_host(repository: Repository, variables: dict[str, str]) -> None:
    (problem,) = catch(OperationFailedError, build(**variables).open_settings, repository).problems
    assert problem.code == "E484"
    assert problem.hint.startswith("export ")


def test_fork_is_known_by_the_event(tmp_path: Path) -> None:
    sides = {name: {"repo": {"full_name": full}} for name, full in (("head", "mallory/shop"), ("base", "acme/shop"))}
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": sides}))
    variables = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": str(event)}
    job = build(**variables).find_job()
    assert job is not None and job.is_fork
    event.write_text("[")
    job = build(**variables).find_job()
    assert job is not None and not job.is_fork


def test_repository_comes_from_variables_or_remote() -> None:
    assert build().find_repository("git@github.com:acme/shop.git") == GITHUB
    assert build(CI_PROJECT_PATH="acme/shop").find_repository("").path == "acme/shop"
