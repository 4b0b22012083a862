"""Who let a job begin, as GitHub tells it."""

from collections.abc import Iterator

import pytest

from envctl.adapters.forge.rest import ATTEMPTS
from envctl.adapters.forge.reviews import GithubReviews
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


def authors(server: GithubServer, commit: str = COMMIT, **more: str) -> list[str] | str:
    known = {name: value for name, value in (server.environment | more).items() if value}
    try:
        return list(GithubReviews(lambda: known).list_authors(commit))
    except EnvctlError as error:
        return error.problems[0].code


def test_authors_are_those_of_commit_and_pull_requests(server: GithubServer) -> None:
    server.commits[COMMIT] = {"author": {"login": "merger"}, "committer": {"login": "web-flow"}}
    server.pulls[COMMIT] = [{"user": {"login": "octocat"}}, {"user": None}, {"user": {"login": "app", "type": BOT}}]
    assert authors(server) == ["merger", "octocat", "app[bot]"]


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


@pytest.mark.parametrize("data", [b"<html>", b"{}", b'[{"state": "approved", "user": {"id": 1}}]', b'[{"user": null}]'])
def test_invalid_response_is_never_no_reviewer(server: GithubServer, data: bytes) -> None:
    server.add_review("octocat", "prod")
    server.faults += [Fault("GET", data=data) for _ in range(ATTEMPTS)]
    assert approved(server) == "E036"


@pytest.mark.parametrize("path", [f"commits/{COMMIT}", "pulls"])
def test_invalid_response_is_never_no_author(server: GithubServer, path: str) -> None:
    server.commits[COMMIT], server.pulls[COMMIT] = {"author": None, "committer": None}, []
    server.faults += [Fault("GET", data=b"[1" if path == "pulls" else b"[]", path=path) for _ in range(ATTEMPTS)]
    assert authors(server) == "E036"
