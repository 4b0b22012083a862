"""What every reader of a forge's settings must do: a refused setting is never one that is fine."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import fields, replace
from typing import Any

import pytest

from envctl.adapters.forge.setting_requests import ATTEMPTS, MOST_BUSY
from envctl.domain.ci.inspection.settings import ForgeSettings, Unread
from envctl.domain.errors import OperationFailedError
from envctl.usecases.ports.ci import CiSettings, WantedSettings
from tests.adapters.forge import github_server, gitlab_server
from tests.adapters.forge.setting_servers import (
    SECRET_VALUE,
    AnyServer,
    github_with_settings,
    gitlab_with_settings,
)
from tests.catching import catch

FORGES: dict[str, Callable[[], AbstractContextManager[AnyServer]]] = {
    "GitHub": github_with_settings,
    "GitLab": gitlab_with_settings,
}
WORKFLOWS = {kind: f".github/workflows/envctl-{kind}.yml" for kind in ("plan", "deploy", "drift", "operate")}
WANTED = WantedSettings(["prod"], "", WORKFLOWS)
TOKENS = {"GitHub": github_server.TOKEN, "GitLab": gitlab_server.TOKEN}
# A list, so that its pages are asked for.
LISTS = {"GitHub": "rules/branches/main", "GitLab": "resource_groups"}


@pytest.fixture(params=FORGES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(name: str) -> Iterator[AnyServer]:
    with FORGES[name]() as server:
        yield server


@pytest.fixture
def reader(server: AnyServer) -> CiSettings:
    return server.reader(patience=2, pause=0.01)


def list_unread(settings: ForgeSettings) -> dict[str, str]:
    """The reasons of all parts that could not be read, by field."""
    found: dict[str, str] = {}
    for field in fields(settings):
        value = getattr(settings, field.name)
        parts = value.values() if isinstance(value, dict) else [value]
        for part in parts:
            if isinstance(part, Unread):
                found[field.name] = part.reason
    return found


def test_all_settings_are_read(reader: CiSettings, server: AnyServer, name: str) -> None:
    settings = reader.read_settings(WANTED)
    assert list_unread(settings) == {}
    assert settings.branch_name == "main"
    assert server.tokens == {TOKENS[name]}


def test_nothing_is_ever_written(reader: CiSettings, server: AnyServer) -> None:
    reader.read_settings(WANTED)
    assert {method for method, _ in server.asked} == {"GET"}


@pytest.mark.parametrize("status", [401, 403, 404, 410, 429, 500, 502, 503])
def test_refused_settings_are_unread_with_the_status(reader: CiSettings, server: AnyServer, status: int) -> None:
    whole = reader.read_settings(WANTED)
    server.routes = {path: found if not path else (status, {"message": "no"}) for path, found in server.routes.items()}
    settings = reader.read_settings(WANTED)
    unread = list_unread(settings)
    assert all(f"answers {status}" in reason for reason in unread.values())
    # What is left comes from the repository itself, or is known to be missing.
    for field in fields(settings):
        left = getattr(settings, field.name)
        if field.name not in unread:
            assert left == getattr(whole, field.name) or status == 404, field.name


@pytest.mark.parametrize("document", [None, [], {}, "text", 7, [[]], {"message": "hello"}, [None], {"variables": 1}])
def test_malformed_settings_are_never_a_pass(reader: CiSettings, server: AnyServer, document: Any) -> None:
    whole = reader.read_settings(WANTED)
    for path in [path for path in server.routes if path]:
        before, server.routes[path] = server.routes[path], document
        settings = reader.read_settings(WANTED)
        server.routes[path] = before
        assert settings != whole, path


def test_unreadable_repository_is_reported(reader: CiSettings, server: AnyServer) -> None:
    for status in (401, 403, 404, 502):
        server.routes[""] = (status, {"message": "no"})
        (problem,) = catch(OperationFailedError, reader.read_settings, WANTED).problems
        assert (problem.code, f"answers {status}" in problem.message) == ("E484", True)
        assert problem.hint


def test_moved_repository_is_named(reader: CiSettings, server: AnyServer) -> None:
    server.routes[""] = (301, {"message": "Moved Permanently"})
    with pytest.raises(OperationFailedError, match="has moved; set git's remote to it"):
        reader.read_settings(WANTED)


def test_busy_forge_is_asked_again(reader: CiSettings, server: AnyServer) -> None:
    server.fails += [("GET", 502, {}), ("GET", 429, {})]
    assert list_unread(reader.read_settings(WANTED)) == {}


def test_calls_are_bounded_at_a_busy_forge(reader: CiSettings, server: AnyServer) -> None:
    server.routes = {path: found if not path else (503, {}) for path, found in server.routes.items()}
    reader.read_settings(WANTED)
    assert len(server.asked) == 1 + MOST_BUSY * ATTEMPTS


def test_unreachable_forge_is_asked_once(server: AnyServer, name: str) -> None:
    server.url = "http://127.0.0.1:9" + ("/api/v4" if name == "GitLab" else "")
    with pytest.raises(OperationFailedError, match=rf"{name} can't be reached \(no connection\)") as raised:
        server.reader(patience=0.5, pause=0.01).read_settings(WANTED)
    assert TOKENS[name] not in str(raised.value)


def test_long_lists_are_read_to_the_end(reader: CiSettings, server: AnyServer, name: str) -> None:
    server.page = 1
    assert list_unread(reader.read_settings(WANTED)) == {}
    long = "rules/branches/main" if name == "GitHub" else "variables"
    last = f"{long}?per_page=100&page={len(server.routes[long])}"
    assert any(target.endswith(last) for _, target in server.asked)


def test_token_follows_no_page_elsewhere(server: AnyServer, name: str) -> None:
    with FORGES[name]() as other:
        server.page = 1
        server.routes[LISTS[name]] = server.routes[LISTS[name]] * 2
        reader = server.reader(pause=0.01)
        real, server.url = server.url, other.url
        reasons = list_unread(reader.read_settings(WANTED)).values()
        server.url = real
        assert other.asked == []
    assert f"{name} continues the list on another address" in list(reasons)


def test_token_and_values_are_in_no_text(reader: CiSettings, name: str) -> None:
    settings = reader.read_settings(WANTED)
    assert TOKENS[name] not in repr(reader) + repr(settings)
    assert SECRET_VALUE not in repr(settings)


def test_message_of_the_forge_is_one_printable_line(reader: CiSettings, server: AnyServer) -> None:
    server.routes[""] = (403, {"message": "no\x1b[31m\nway" + "x" * 500})
    (problem,) = catch(OperationFailedError, reader.read_settings, WANTED).problems
    assert problem.message.endswith(": no[31m")


def test_named_branch_is_read_in_place_of_the_default(reader: CiSettings, server: AnyServer, name: str) -> None:
    settings = reader.read_settings(replace(WANTED, branch="release"))
    assert settings.branch_name == "release"
    # It has no rules there: GitLab lists the rules of all branches.
    if name == "GitHub":
        assert any("rules/branches/release?" in target for _, target in server.asked)
    else:
        assert settings.branch is None
