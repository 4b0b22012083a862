"""Who let a job begin, as GitHub tells it."""

from collections.abc import Iterator

import pytest

from envctl.adapters.forge.reviews import GithubReviews
from envctl.domain.errors import EnvctlError
from tests.adapters.forge.github_server import BOT, TOKEN, GithubServer, github


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


def test_those_who_approved_the_environment_each_once_and_nobody_else(server: GithubServer) -> None:
    server.add_review("octocat", "prod")
    server.add_review("hubot", "staging", "Prod")
    server.add_review("octocat", "prod")
    server.add_review("monalisa", "staging")
    server.add_review("mallory", "prod", state="rejected")
    server.reviews.append({"state": "approved", "environments": [{"name": "prod"}], "user": None})
    assert approved(server) == ["octocat", "hubot"]
    assert approved(server, "dev") == []
    assert server.tokens == {TOKEN}


UNANSWERED = {
    "it is no job": ({"GITHUB_ACTIONS": ""}, "E037"),
    "nobody knows which run it is": ({"GITHUB_RUN_ID": ""}, "E037"),
    "the step has no token": ({"GITHUB_TOKEN": ""}, "E037"),
    "the token may not look": ({"GITHUB_RUN_ID": "43"}, "E036"),
}


@pytest.mark.parametrize(("more", "code"), UNANSWERED.values(), ids=UNANSWERED)
def test_nothing_is_taken_for_granted_where(server: GithubServer, more: dict[str, str], code: str) -> None:
    server.add_review("octocat", "prod")
    assert approved(server, **more) == code


def test_an_app_is_told_by_its_name(server: GithubServer) -> None:
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


def test_authors_are_those_of_the_commit_and_its_pull_requests(server: GithubServer) -> None:
    server.commits[COMMIT] = {"author": {"login": "merger"}, "committer": {"login": "web-flow"}}
    server.pulls[COMMIT] = [{"user": {"login": "octocat"}}, {"user": None}, {"user": {"login": "app", "type": BOT}}]
    assert authors(server) == ["merger", "octocat", "app[bot]"]


def test_authors_that_are_no_users_are_left_out(server: GithubServer) -> None:
    server.commits[COMMIT] = {"author": None, "committer": {}}
    server.pulls[COMMIT] = []
    assert authors(server) == []


def test_without_a_job_or_a_token_no_author_is_asked_for(server: GithubServer) -> None:
    for more in ({"GITHUB_ACTIONS": ""}, {"GITHUB_TOKEN": ""}, {"GITHUB_REPOSITORY": ""}):
        assert authors(server, **more) == []
    assert authors(server, "../../user") == []
    assert server.tokens == set()


def test_a_commit_that_github_does_not_know_is_an_error(server: GithubServer) -> None:
    assert authors(server) == "E036"
