"""What every forge must do for a conversation with people, as servers on loopback speak for it."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from envctl.adapters.forge.github import GithubApi
from envctl.adapters.forge.gitlab import GitlabApi
from envctl.adapters.forge.rest import ATTEMPTS
from envctl.cli.ci.forge import Forge
from envctl.domain.errors import OperationFailedError
from tests.adapters.forge import github_server, gitlab_server
from tests.adapters.forge.server import NUMBER, Fault, Server
from tests.catching import catch

Begin = Callable[[], AbstractContextManager[Server]]
FORGES: dict[str, Begin] = {"GitHub": github_server.github, "GitLab": gitlab_server.gitlab}
TOKENS = {"GitHub": github_server.TOKEN, "GitLab": gitlab_server.TOKEN}
UNREACHABLE: dict[str, Callable[..., Forge]] = {
    "GitHub": lambda **more: GithubApi(
        repository="acme/shop", token=github_server.TOKEN, url="http://127.0.0.1:9", **more
    ),
    "GitLab": lambda **more: GitlabApi(project="4711", token=gitlab_server.TOKEN, url="http://127.0.0.1:9", **more),
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
        assert [note.body for note in api.list_comments(NUMBER)] == ["one", "two"]
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


HALF = Fault("GET", data=b"[" + b'{"id": 1},' * 20 + b"{}]", cut=True)
LIMITED = {"message": "You have exceeded a secondary rate limit"}
SPENT = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1"}
PASSING = {
    "a bad gateway": Fault("GET", 502),
    "an error of the server": Fault("GET", 500),
    "too many requests": Fault("GET", 429, headers={"Retry-After": "0"}),
    "a secondary rate limit": Fault("GET", 403, json.dumps(LIMITED).encode()),
    "a rate limit that has ended": Fault("GET", 403, headers=SPENT),
    "a page of a proxy": Fault("GET", data=b"<html>sign in</html>"),
    "an object for a list": Fault("GET", data=b'{"message": "hello"}'),
    "no text at all": Fault("GET", data=b""),
    "half an answer": HALF,
    "an answer that comes late": Fault("GET", delay=0.8),
}


def _choose_patience(fault: Fault) -> float:
    """Be impatient only where the answer is late by itself: a busy machine makes others late too."""
    return fault.delay / 2 or 30.0


@pytest.mark.parametrize("fault", PASSING.values(), ids=PASSING)
def test_reading_survives_one(server: Server, fault: Fault) -> None:
    server.add_comment("one")
    server.faults += [fault]
    api = server.api(patience=_choose_patience(fault), pause=0.01)
    assert [note.body for note in api.list_comments(NUMBER)] == ["one"]


LASTING = {
    "bad gateways": (Fault("GET", 502), "answers 502: no", ATTEMPTS),
    "a missing permission": (Fault("GET", 403), "answers 403: no", 1),
    "an unknown project": (Fault("GET", 404), "answers 404: no", 1),
    "too many requests": (Fault("GET", 429), "answers 429: no", ATTEMPTS),
    "an hour to wait": (Fault("GET", 429, headers={"Retry-After": "3600"}), "answers 429: no", 1),
    "a spent limit": (Fault("GET", 403, headers=SPENT | {"X-RateLimit-Reset": "9999999999"}), "answers 403: no", 1),
    "pages of a proxy": (Fault("GET", data=b"<html>"), "sent an invalid response", ATTEMPTS),
    "a comment without number": (Fault("GET", data=b'[{"body": "one"}]'), "sent an invalid response", 1),
    "late answers": (Fault("GET", delay=0.4), "no answer in time", ATTEMPTS),
}


@pytest.mark.parametrize(("fault", "said", "attempts"), LASTING.values(), ids=LASTING)
def test_reading_ends_with_one_clear_error(server: Server, fault: Fault, said: str, attempts: int) -> None:
    server.faults += [replace(fault, path="7/") for _ in range(ATTEMPTS)]
    api = server.api(patience=_choose_patience(fault), pause=0.01)
    (problem,) = catch(OperationFailedError, lambda: list(api.list_comments(NUMBER))).problems
    assert (problem.code, said in problem.message, bool(problem.hint)) == ("E036", True, True)
    assert len([target for _, target in server.asked if "7/" in target]) == attempts


def test_long_wait_is_named_in_the_hint(api: Forge, server: Server) -> None:
    server.faults += [Fault("POST", 429, headers={"Retry-After": "3600"})]
    (problem,) = catch(OperationFailedError, api.add_comment, NUMBER, "a plan").problems
    assert problem.hint.startswith("run the job again in 3600 seconds")


def test_new_comment_is_sent_again_only_if_unread(api: Forge, server: Server) -> None:
    server.faults += [Fault("POST", 429), Fault("POST", 403, json.dumps(LIMITED).encode())]
    api.add_comment(NUMBER, "a plan")
    assert len(server.comments) == 1
    for status in (500, 502, 503, 504):
        server.faults += [Fault("POST", status, after=True)]
        with pytest.raises(OperationFailedError, match=f"answers {status}"):
            api.add_comment(NUMBER, "a plan")
    assert len(server.comments) == 5


def test_change_of_a_comment_is_sent_again(api: Forge, server: Server) -> None:
    server.add_comment("one")
    (note,) = api.list_comments(NUMBER)
    for method in ("PATCH", "PUT"):
        server.faults += [Fault(method, 502, after=True), Fault(method, 504)]
    api.edit_comment(NUMBER, note.number, "two")
    assert [each.body for each in api.list_comments(NUMBER)] == ["two"]


def test_endless_list_is_an_error(api: Forge, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A comment that was not found would be written twice."""
    monkeypatch.setattr("envctl.adapters.forge.rest.PAGES", 2)
    server.page = 1
    for number in range(3):
        server.add_comment(f"{number}")
    with pytest.raises(OperationFailedError, match="lists more than 200 entries"):
        list(api.list_comments(NUMBER))
