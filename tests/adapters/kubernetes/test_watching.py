"""A watch that goes on over all that ends one."""

import json
from collections.abc import Iterator

import pytest

from envctl.adapters.kubernetes.api import ApiRefusal, ClusterApi
from envctl.domain.errors import OperationFailedError
from tests.adapters.kubernetes.scripted_cluster import DEPLOYMENTS, Clock, connect, list_of, says_status
from tests.adapters.kubernetes.test_transport import Tokens
from tests.adapters.registry.scripted import Says, Server

PATH = "/apis/apps/v1/namespaces/shop/deployments"


def web(version: int) -> dict[str, object]:
    return {"metadata": {"namespace": "shop", "name": "web", "resourceVersion": str(version)}}


def events(*kinds: tuple[str, dict[str, object]], breaks: bool = False) -> Says:
    lines = [json.dumps({"type": kind, "object": found}) for kind, found in kinds]
    return Says(200, "\n".join([*lines, ""]).encode(), breaks=breaks)


def follow(api: ClusterApi, count: int) -> list[tuple[str, str]]:
    found: Iterator[tuple[str, dict[str, dict[str, str]]]] = iter(api.watch(DEPLOYMENTS, "shop", seconds=4))
    return [(kind, each["metadata"]["resourceVersion"]) for kind, each in (next(found) for _ in range(count))]


def asked_versions(server: Server) -> list[str]:
    return [each.path.rpartition("resourceVersion=")[2] for each in server.asked if "watch=1" in each.path]


def test_watch_begins_with_all_objects(api: ClusterApi, server: Server) -> None:
    server.says(PATH, list_of([web(1)]), events(("MODIFIED", web(11)), ("DELETED", web(12))))
    assert follow(api, 3) == [("ADDED", "1"), ("MODIFIED", "11"), ("DELETED", "12")]
    assert asked_versions(server) == ["10"]


ENDS: dict[str, tuple[Says, list[str]]] = {
    "the server ends it": (events(("MODIFIED", web(11))), ["10", "11"]),
    "the connection breaks": (events(("MODIFIED", web(11)), breaks=True), ["10", "11"]),
    "a bookmark moves it on": (events(("MODIFIED", web(11)), ("BOOKMARK", web(20))), ["10", "20"]),
}


@pytest.mark.parametrize(("first", "versions"), ENDS.values(), ids=ENDS)
def test_watch_goes_on_where_it_was(api: ClusterApi, server: Server, first: Says, versions: list[str]) -> None:
    server.says(PATH, list_of([web(1)]), first, events(("MODIFIED", web(21))))
    assert follow(api, 3) == [("ADDED", "1"), ("MODIFIED", "11"), ("MODIFIED", "21")]
    assert asked_versions(server) == versions


FORGOTTEN: dict[str, Says] = {
    "in the watch": events(("ERROR", {"code": 410})),
    "before the watch": says_status(410, "Expired", "too old resource version"),
}


@pytest.mark.parametrize("says", FORGOTTEN.values(), ids=FORGOTTEN)
def test_forgotten_version_loses_no_change(api: ClusterApi, server: Server, says: Says) -> None:
    server.says(PATH, list_of([web(1)]), says, list_of([], "30"), events(("ADDED", web(31))))
    assert follow(api, 3) == [("ADDED", "1"), ("DELETED", "1"), ("ADDED", "31")]
    assert asked_versions(server) == ["10", "30"]


def test_expired_token_is_renewed_in_a_watch(server: Server) -> None:
    tokens = Tokens("old", "new", "newest")
    api = connect(server, headers=tokens.headers, renew_credentials=tokens.renew)
    unauthorized = says_status(401, "Unauthorized", "Unauthorized")
    server.says(PATH, list_of([web(1)]), unauthorized, events(("MODIFIED", web(11))))
    assert follow(api, 2) == [("ADDED", "1"), ("MODIFIED", "11")]
    server.says(PATH, list_of([web(1)]), unauthorized)
    with pytest.raises(ApiRefusal):
        follow(api, 2)


def test_busy_server_is_asked_again(api: ClusterApi, server: Server) -> None:
    busy = says_status(429, "TooManyRequests", "too many requests")
    server.says(PATH, list_of([web(1)]), busy, events(("MODIFIED", web(11))))
    assert follow(api, 2) == [("ADDED", "1"), ("MODIFIED", "11")]


def test_refused_watch_is_an_error(api: ClusterApi, server: Server) -> None:
    said = 'deployments.apps is forbidden: User "ann" cannot watch resource "deployments" in API group "apps"'
    server.says(PATH, list_of([web(1)]), says_status(403, "Forbidden", said))
    with pytest.raises(ApiRefusal) as refused:
        follow(api, 2)
    assert refused.value.permission is not None
    assert refused.value.permission.verb == "watch"


def test_silent_watch_ends_in_time(api: ClusterApi, server: Server) -> None:
    server.says(PATH, list_of([web(1)]), Says(hangs=True))
    assert [kind for kind, _ in api.watch(DEPLOYMENTS, "shop", seconds=0.3)] == ["ADDED"]


def test_cluster_that_is_gone_at_the_end_is_an_error() -> None:
    from envctl.usecases.ports.kubernetes import ClusterConnection

    api = ClusterApi(ClusterConnection(name="cluster", url="http://127.0.0.1:1"), patience=0.2, sleep=Clock().sleep)
    with pytest.raises(OperationFailedError) as failed:
        list(api.watch(DEPLOYMENTS, "shop", seconds=0.3))
    assert failed.value.problems[0].code == "E620"
