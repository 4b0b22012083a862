"""Who let a job begin, as GitHub tells it."""

from collections.abc import Iterator

import pytest

from envctl.adapters.forge.reviews import GithubReviews
from envctl.domain.errors import EnvctlError
from tests.adapters.forge.github_server import TOKEN, GithubServer, github


@pytest.fixture
def server() -> Iterator[GithubServer]:
    with github() as told:
        yield told


def approved(server: GithubServer, environment: str = "prod", **more: str) -> list[str] | str:
    known = {name: value for name, value in (server.environment | more).items() if value}
    try:
        return list(GithubReviews(lambda: known).approved(environment))
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
