"""Who let a job begin, as GitHub tells it."""

from collections.abc import Iterator
from typing import Any

import pytest

from envctl.adapters.forge import rest
from envctl.adapters.forge.rest import ATTEMPTS
from envctl.adapters.forge.reviews import GithubReviews
from envctl.adapters.http.retry import retry
from envctl.domain.errors import EnvctlError
from tests.adapters.forge.github_server import BOT, TOKEN, GithubServer, github
from tests.adapters.forge.server import Fault


@pytest.fixture
def server() -> Iterator[GithubServer]:
    with github() as told:
        yield told


def approved(server: GithubServer, environment: str = "prod", **more: str) -> list[str] | str:
    known = {name: value for name, value in (server.environment | more).items() if value}
    try:
        return list(GithubReviews(lambda: known).list_approvers(environment))
    except EnvctlError as error:
        return error.problems[0].code


def test_every_approval_of_the_environment_is_listed(server: GithubServer) -> None:
    server.add_review("octocat", "prod")
    server.add_review("hubot", "staging", "Prod")
    server.add_review("octocat", "prod")
    server.add_review("monalisa", "staging")
    server.add_review("mallory", "prod", state="rejected")
    server.reviews.append({"state": "approved", "environments": [{"name": "prod"}], "user": None})
    assert approved(server) == ["octocat", "hubot", "octocat"]
    assert approved(server, "dev") == []
    assert server.tokens == {TOKEN}


def test_reviews_need_a_job_and_a_token(server: GithubServer) -> None:
    assert GithubReviews(lambda: server.environment).has_reviews()
    for name in ("GITHUB_ACTIONS", "GITHUB_TOKEN", "GITHUB_REPOSITORY", "GITHUB_RUN_ID"):
        assert not GithubReviews(lambda name=name: server.environment | {name: ""}).has_reviews()  # type: ignore[misc]


UNANSWERED = {
    "it is no job": ({"GITHUB_ACTIONS": ""}, "E037"),
    "nobody knows which run it is": ({"GITHUB_RUN_ID": ""}, "E037"),
    "the step has no token": ({"GITHUB_TOKEN": ""}, "E037"),
    "the token may not look": ({"GITHUB_RUN_ID": "43"}, "E036"),
}


@pytest.mark.parametrize(("more", "code"), UNANSWERED.values(), ids=UNANSWERED)
def test_no_approver_is_assumed_where(server: GithubServer, more: dict[str, str], code: str) -> None:
    server.add_review("octocat", "prod")
    assert approved(server, **more) == code


def test_app_is_listed_by_its_bot_name(server: GithubServer) -> None:
    server.add_review("gatekeeper[bot]", "prod", kind=BOT)
    server.add_review("machine", "prod", kind=BOT)
    server.add_review("octocat", "prod")
    assert approved(server) == ["gatekeeper[bot]", "machine[bot]", "octocat"]


COMMIT = "c0ffee" + "0" * 34


def authors(server: GithubServer, commit: str = COMMIT, since: str = "", **more: str) -> list[str] | str:
    known = {name: value for name, value in (server.environment | more).items() if value}
    try:
        return list(GithubReviews(lambda: known).list_authors(commit, since))
    except EnvctlError as error:
        return error.problems[0].code


def test_authors_are_those_of_commit_and_pull_requests(server: GithubServer) -> None:
    server.commits[COMMIT] = {"author": {"login": "merger"}, "committer": {"login": "web-flow"}}
    users = [{"login": "octocat"}, None, {"login": "app", "type": BOT}]
    server.pulls[COMMIT] = [{"number": 7 + number, "user": user} for number, user in enumerate(users)]
    assert authors(server) == ["merger", "octocat", "app[bot]"]


def made(login: str | None, sha: str = "") -> dict[str, Any]:
    return {"sha": sha, "author": {"login": login} if login else None, "committer": {"login": "web-flow"}}


def test_squash_merge_names_all_who_had_a_part(server: GithubServer) -> None:
    """The commit has the name of one. Others wrote commits of the pull request, opened it, or let the queue merge."""
    server.commits[COMMIT] = made("octocat")
    server.pulls[COMMIT] = [{"number": 7, "user": {"login": "opener"}, "merged_by": {"login": "merger"}}]
    server.pull_commits[7] = [made("octocat"), made("hubot"), made(None)]
    assert authors(server) == ["octocat", "opener", "merger", "hubot"]


def test_authors_of_all_commits_since_the_last_release_count(server: GithubServer) -> None:
    earlier, since = "b" * 40, "a" * 40
    server.commits[COMMIT], server.pulls[COMMIT] = made("octocat"), []
    server.between[f"{since}...{COMMIT}"] = [made("monalisa", earlier), made("octocat", COMMIT)]
    server.pulls[earlier] = [{"number": 6, "user": {"login": "opener"}}]
    assert authors(server, since=since) == ["octocat", "monalisa", "opener"]
    assert authors(server, since="c" * 40) == ["octocat"], "that commit is gone"
    assert authors(server, since="../..") == ["octocat"]


def test_authors_without_account_are_omitted(server: GithubServer) -> None:
    server.commits[COMMIT] = {"author": None, "committer": {}}
    server.pulls[COMMIT] = []
    assert authors(server) == []


def test_authors_are_not_fetched_without_job_and_token(server: GithubServer) -> None:
    for more in ({"GITHUB_ACTIONS": ""}, {"GITHUB_TOKEN": ""}, {"GITHUB_REPOSITORY": ""}):
        assert authors(server, **more) == []
    assert authors(server, "../../user") == []
    assert server.tokens == set()


def test_unknown_commit_is_an_error(server: GithubServer) -> None:
    assert authors(server) == "E036"


@pytest.fixture
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let attempts follow each other at once: test_github.py shows their pauses."""
    monkeypatch.setattr(rest, "retry", lambda attempt, attempts, **_: retry(attempt, attempts, pause=0.0))


@pytest.mark.usefixtures("without_pauses")
@pytest.mark.parametrize("data", [b"<html>", b"{}", b'[{"state": "approved", "user": {"id": 1}}]', b'[{"user": null}]'])
def test_invalid_response_is_never_no_reviewer(server: GithubServer, data: bytes) -> None:
    server.add_review("octocat", "prod")
    server.faults += [Fault("GET", data=data) for _ in range(ATTEMPTS)]
    assert approved(server) == "E036"


@pytest.mark.usefixtures("without_pauses")
@pytest.mark.parametrize("path", [f"commits/{COMMIT}", "pulls"])
def test_invalid_response_is_never_no_author(server: GithubServer, path: str) -> None:
    server.commits[COMMIT], server.pulls[COMMIT] = {"author": None, "committer": None}, []
    server.faults += [Fault("GET", data=b"[1" if path == "pulls" else b"[]", path=path) for _ in range(ATTEMPTS)]
    assert authors(server) == "E036"
