"""The API of GitHub, as a server on loopback speaks it."""

from collections.abc import Iterator

import pytest

from envctl.adapters.forge.github import ATTEMPTS, GithubApi
from envctl.domain.errors import OperationFailedError
from tests.adapters.forge.server import PERSON, REPOSITORY, TOKEN, Forge, forge

BUSY = {"message": "try later"}


@pytest.fixture
def server() -> Iterator[Forge]:
    with forge() as server:
        yield server


@pytest.fixture
def api(server: Forge) -> GithubApi:
    return GithubApi(REPOSITORY, TOKEN, server.url, patience=2, pause=0.01)


def test_comments_are_made_read_and_changed(api: GithubApi, server: Forge) -> None:
    server.add_comment("by hand", PERSON)
    api.comment(7, "a plan")
    first, second = api.comments(7)
    assert (first.body, first.machine) == ("by hand", False)
    assert (second.body, second.machine) == ("a plan", True)
    api.edit_comment(second.number, "another")
    assert [note.body for note in api.comments(7)] == ["by hand", "another"]
    assert server.tokens == {f"Bearer {TOKEN}"}


def test_issues_are_opened_read_changed_and_closed(api: GithubApi, server: Forge) -> None:
    server.add_issue("something else", "", "bug")
    server.add_issue("a pull request", "", "drift", pull_request={})
    api.open_issue("Drift in prod", "one", "drift")
    (issue,) = api.issues("drift")
    assert (issue.title, issue.body, issue.machine) == ("Drift in prod", "one", True)
    api.edit_issue(issue.number, "two")
    assert [note.body for note in api.issues("drift")] == ["two"]
    api.close_issue(issue.number)
    assert list(api.issues("drift")) == []
    assert server.issues[-1]["state_reason"] == "completed"


def test_all_pages_are_read(api: GithubApi, server: Forge) -> None:
    server.page = 2
    for number in range(5):
        server.add_comment(f"{number}")
    assert [note.body for note in api.comments(7)] == ["0", "1", "2", "3", "4"]


def test_nobody_else_is_shown_the_token(server: Forge) -> None:
    with forge() as other:
        server.page = 1
        server.add_comment("one")
        server.add_comment("two")
        api = GithubApi(REPOSITORY, TOKEN, server.url)
        real, server.url = server.url, other.url
        assert [note.body for note in api.comments(7)] == ["one"]
        server.url = real
        assert other.asked == []
    assert TOKEN not in repr(api)


def test_what_only_reads_is_tried_again(api: GithubApi, server: Forge) -> None:
    server.add_comment("one")
    server.fails += [("GET", 502, BUSY), ("GET", 503, BUSY)]
    assert [note.body for note in api.comments(7)] == ["one"]
    server.fails += [("GET", 503, BUSY)] * (ATTEMPTS + 1)
    with pytest.raises(OperationFailedError, match="answers 503: try later"):
        list(api.comments(7))


def test_what_writes_is_not(api: GithubApi, server: Forge) -> None:
    server.fails += [("POST", 502, BUSY)]
    with pytest.raises(OperationFailedError, match="answers 502"):
        api.comment(7, "a plan")
    assert [method for method, _ in server.asked] == ["POST"]


@pytest.mark.parametrize(
    ("answer", "said", "hint"),
    [
        ((401, {"message": "Bad credentials"}), "answers 401: Bad credentials", "GITHUB_TOKEN"),
        ((403, {"message": "Resource not accessible by integration"}), "not accessible", "pull-requests: write"),
        ((410, {"message": "Issues has been disabled in this repository."}), "disabled", "switch them on"),
        ((302, {}), "answers 302", "see what GitHub says"),
        ((422, {"errors": ["odd"]}), "answers 422", "see what GitHub says"),
    ],
)
def test_a_refusal_is_told_with_what_helps(
    api: GithubApi, server: Forge, answer: tuple[int, dict[str, object]], said: str, hint: str
) -> None:
    server.fails += [("POST", *answer)]
    with pytest.raises(OperationFailedError) as raised:
        api.open_issue("Drift in prod", "one", "drift")
    (problem,) = raised.value.problems
    assert problem.code == "E036"
    assert problem.message.startswith(f"GitHub ({REPOSITORY}) ")
    assert said in problem.message
    assert hint in problem.hint


def test_nobody_who_answers_is_told() -> None:
    api = GithubApi(REPOSITORY, TOKEN, "http://127.0.0.1:9", patience=0.5)
    with pytest.raises(OperationFailedError, match=r"can't be reached \(") as raised:
        api.comment(7, "a plan")
    assert TOKEN not in str(raised.value)


def test_an_answer_that_is_none_holds_nothing(api: GithubApi, server: Forge) -> None:
    server.fails += [("GET", 200, {"message": "hello"})]
    assert list(api.comments(7)) == []
