"""What GitHub alone does; what every forge does is in tests/contract/test_forges.py."""

from collections.abc import Iterator

import pytest

from envctl.adapters.forge.github import GithubApi
from envctl.domain.errors import OperationFailedError
from tests.adapters.forge.github_server import GithubServer, github


@pytest.fixture
def server() -> Iterator[GithubServer]:
    with github() as server:
        yield server


@pytest.fixture
def api(server: GithubServer) -> GithubApi:
    return server.api(patience=2, pause=0.01)


def test_pull_request_is_not_listed_as_issue(api: GithubApi, server: GithubServer) -> None:
    server.add_issue("a pull request", "", "drift", pull_request={})
    server.add_issue("Drift in prod", "one", "drift")
    (issue,) = api.list_issues("drift")
    assert issue.title == "Drift in prod"
    api.close_issue(issue.number)
    assert server.issues[-1]["state_reason"] == "completed"


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (401, "GITHUB_TOKEN"),
        (403, "pull-requests: write"),
        (410, "switch them on"),
        (422, "check the message of GitHub"),
    ],
)
def test_refusal_names_the_missing_permission(api: GithubApi, server: GithubServer, status: int, hint: str) -> None:
    server.fails += [("POST", status, {"message": "no"})]
    with pytest.raises(OperationFailedError) as raised:
        api.open_issue("Drift in prod", "one", "drift")
    assert hint in raised.value.problems[0].hint
