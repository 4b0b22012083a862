"""What every forge must do for a conversation with people, as servers on loopback speak for it."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from envctl.adapters.forge.github import GithubApi
from envctl.adapters.forge.gitlab import GitlabApi
from envctl.adapters.forge.rest import ATTEMPTS
from envctl.cli.ci.forge_publisher import Forge
from envctl.domain.errors import OperationFailedError
from tests.adapters.forge import github_server, gitlab_server
from tests.adapters.forge.server import NUMBER, Server
from tests.catching import catch

Begin = Callable[[], AbstractContextManager[Server]]
FORGES: dict[str, Begin] = {"GitHub": github_server.github, "GitLab": gitlab_server.gitlab}
TOKENS = {"GitHub": github_server.TOKEN, "GitLab": gitlab_server.TOKEN}
UNREACHABLE: dict[str, Callable[..., Forge]] = {
    "GitHub": lambda **more: GithubApi("acme/shop", github_server.TOKEN, "http://127.0.0.1:9", **more),
    "GitLab": lambda **more: GitlabApi("4711", gitlab_server.TOKEN, "http://127.0.0.1:9", **more),
}
BUSY = {"message": "try later"}


@pytest.fixture(params=FORGES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(name: str) -> Iterator[Server]:
    with FORGES[name]() as server:
        yield server


@pytest.fixture
def api(server: Server) -> Forge:
    return server.api(patience=2, pause=0.01)


def test_comments_are_made_read_and_changed(api: Forge, server: Server, name: str) -> None:
    server.add_comment("by hand", machine=False)
    api.add_comment(NUMBER, "a plan")
    first, second = api.list_comments(NUMBER)
    assert (first.body, first.machine) == ("by hand", False)
    assert (second.body, second.machine) == ("a plan", True)
    api.edit_comment(NUMBER, second.number, "another")
    assert [note.body for note in api.list_comments(NUMBER)] == ["by hand", "another"]
    assert server.tokens == {TOKENS[name]}


def test_forge_is_reached_through_the_proxy(server: Server, name: str) -> None:
    port = urlsplit(server.url).netloc
    behind = server.url.replace(port, "forge.example")
    proxied = {"environ": {"http_proxy": f"http://ann:word@{port}"}, "patience": 2, "pause": 0.01}
    api: Forge = replace(server.api(**proxied), url=behind)  # type: ignore[type-var]
    api.add_comment(NUMBER, "a plan")
    ((_, target),) = server.asked
    assert target.startswith(f"{behind}/")
    assert server.tokens == {TOKENS[name]}


def test_issues_are_opened_read_changed_and_closed(api: Forge, server: Server) -> None:
    server.add_issue("something else", "", "bug")
    api.open_issue("Drift in prod", "one", "drift")
    (issue,) = api.list_issues("drift")
    assert (issue.title, issue.body, issue.machine) == ("Drift in prod", "one", True)
    api.edit_issue(issue.number, "two")
    assert [note.body for note in api.list_issues("drift")] == ["two"]
    api.close_issue(issue.number)
    assert list(api.list_issues("drift")) == []
    assert server.open_issues == ["something else"]


def test_all_pages_are_read(api: Forge, server: Server) -> None:
    server.page = 2
    for number in range(5):
        server.add_comment(f"{number}")
    assert [note.body for note in api.list_comments(NUMBER)] == ["0", "1", "2", "3", "4"]


def test_token_is_sent_to_no_other_server(server: Server, name: str) -> None:
    with FORGES[name]() as other:
        server.page = 1
        server.add_comment("one")
        server.add_comment("two")
        api = server.api()
        real, server.url = server.url, other.url
        assert [note.body for note in api.list_comments(NUMBER)] == ["one"]
        server.url = real
        assert other.asked == []
    assert TOKENS[name] not in repr(api)


def test_failed_reads_are_retried(api: Forge, server: Server) -> None:
    server.add_comment("one")
    server.fails += [("GET", 502, BUSY), ("GET", 503, BUSY)]
    assert [note.body for note in api.list_comments(NUMBER)] == ["one"]
    server.fails += [("GET", 503, BUSY)] * (ATTEMPTS + 1)
    with pytest.raises(OperationFailedError, match="answers 503: try later"):
        list(api.list_comments(NUMBER))


def test_failed_writes_are_not_retried(api: Forge, server: Server) -> None:
    server.fails += [("POST", 502, BUSY)]
    with pytest.raises(OperationFailedError, match="answers 502"):
        api.add_comment(NUMBER, "a plan")
    assert server.written == ["POST"]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((401, {"message": "Bad credentials"}), "answers 401: Bad credentials"),
        ((403, {"message": "Resource not accessible by integration"}), "not accessible"),
        ((403, {"error": "insufficient_scope", "error_description": "It needs: api"}), "answers 403: It needs: api"),
        ((400, {"error": "title is missing"}), "answers 400: title is missing"),
        ((302, {}), "answers 302"),
        ((422, {"errors": ["odd"]}), "answers 422"),
    ],
)
def test_refusal_is_reported_with_a_hint(
    api: Forge, server: Server, name: str, answer: tuple[int, dict[str, Any]], said: str
) -> None:
    server.fails += [("POST", *answer)]
    (problem,) = catch(OperationFailedError, api.open_issue, "Drift in prod", "one", "drift").problems
    assert problem.code == "E036"
    assert problem.message.startswith(f"{name} (")
    assert said in problem.message
    assert problem.hint


def test_unreachable_forge_is_reported(name: str) -> None:
    with pytest.raises(OperationFailedError, match=rf"{name} \(.*\) can't be reached \(") as raised:
        UNREACHABLE[name](patience=0.5, pause=0.01).add_comment(NUMBER, "a plan")
    assert TOKENS[name] not in str(raised.value)


def test_malformed_response_holds_no_comments(api: Forge, server: Server) -> None:
    server.fails += [("GET", 200, {"message": "hello"})]
    assert list(api.list_comments(NUMBER)) == []
