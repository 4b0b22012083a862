"""The API over HTTP: authentication, streams, faults."""

import gc
import json
import socket
import struct
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3

from tests.cluster import Fault, LocalCluster

INITIAL = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
MAPS = "/api/v1/namespaces/shop/configmaps"


@pytest.fixture
def pool(kubernetes_cluster: LocalCluster) -> Iterator[urllib3.HTTPSConnectionPool]:
    import ssl

    context = ssl.create_default_context(cadata=kubernetes_cluster.authority)
    url = urllib3.util.parse_url(kubernetes_cluster.url)
    headers = {"Authorization": f"Bearer {kubernetes_cluster.token}"}
    pool = urllib3.HTTPSConnectionPool(url.host or "", url.port, ssl_context=context, headers=headers, retries=False)
    yield pool
    pool.close()


def read_json(answer: urllib3.BaseHTTPResponse) -> dict[str, Any]:
    content: dict[str, Any] = answer.json()
    return content


def test_unknown_token_is_refused(pool: urllib3.HTTPSConnectionPool) -> None:
    answer = pool.request("GET", MAPS, headers={"Authorization": "Bearer other"})
    assert (answer.status, read_json(answer)["message"]) == (401, "Unauthorized")


def test_connection_is_kept_alive(pool: urllib3.HTTPSConnectionPool) -> None:
    for _ in range(5):
        assert pool.request("GET", MAPS).status == 200
    assert pool.num_connections == 1


def test_list_comes_in_pages(kubernetes_cluster: LocalCluster, pool: urllib3.HTTPSConnectionPool) -> None:
    for number in range(5):
        kubernetes_cluster.apply({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": f"m{number}"}})
    names, token = [], ""
    while True:
        page = read_json(pool.request("GET", MAPS, fields={"limit": "2", "continue": token}))
        names += [item["metadata"]["name"] for item in page["items"]]
        if not (token := page["metadata"].get("continue", "")):
            break
        # The list stays as it was when it began.
        kubernetes_cluster.request("DELETE", f"{MAPS}/m4") if "m4" not in names and len(names) == 2 else None
    assert [name for name in names if name.startswith("m")] == ["m0", "m1", "m2", "m3", "m4"]
    page = read_json(pool.request("GET", MAPS, fields={"limit": "2"}))
    kubernetes_cluster.cluster.store.compact()
    answer = pool.request("GET", MAPS, fields={"limit": "2", "continue": page["metadata"]["continue"]})
    assert (answer.status, read_json(answer)["reason"]) == (410, "Expired")


def test_watch_streams_changes(kubernetes_cluster: LocalCluster, pool: urllib3.HTTPSConnectionPool) -> None:
    kubernetes_cluster.apply({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "first"}})
    fields = {"watch": "true", "fieldSelector": "metadata.name=first", "allowWatchBookmarks": "true"}
    answer = pool.request("GET", MAPS, fields=fields | INITIAL, preload_content=False)
    frames = map(json.loads, answer)
    assert next(frames)["type"] == "ADDED"
    bookmark = next(frames)
    assert bookmark["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    kubernetes_cluster.apply({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "second"}})
    kubernetes_cluster.apply(
        {"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "first"}, "data": {"a": "b"}}
    )
    changed = next(frames)
    assert (changed["type"], changed["object"]["data"]) == ("MODIFIED", {"a": "b"})
    kubernetes_cluster.delete("ConfigMap", "first")
    assert next(frames)["type"] == "DELETED"
    answer.close()


def test_watch_from_a_forgotten_version_is_expired(
    kubernetes_cluster: LocalCluster, pool: urllib3.HTTPSConnectionPool
) -> None:
    kubernetes_cluster.apply({"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "first"}})
    kubernetes_cluster.cluster.store.compact()
    answer = pool.request("GET", MAPS, fields={"watch": "true", "resourceVersion": "1"}, preload_content=False)
    frame = json.loads(next(iter(answer)))
    assert (frame["type"], frame["object"]["code"]) == ("ERROR", 410)
    answer.close()


def test_watch_ends_after_its_time(pool: urllib3.HTTPSConnectionPool) -> None:
    answer = pool.request("GET", MAPS, fields={"watch": "true", "timeoutSeconds": "1"})
    assert answer.status == 200


@pytest.mark.parametrize("code", [401, 409, 422, 429, 500, 503])
def test_fault_meets_the_next_requests(
    kubernetes_cluster: LocalCluster, pool: urllib3.HTTPSConnectionPool, code: int
) -> None:
    kubernetes_cluster.faults.add(Fault(code, method="GET", path="configmaps", times=2, retry_after=1))
    answers = [pool.request("GET", MAPS) for _ in range(3)]
    assert [answer.status for answer in answers] == [code, code, 200]
    assert answers[0].headers["Retry-After"] == "1"
    assert read_json(answers[0])["code"] == code


def test_watch_can_be_cut(kubernetes_cluster: LocalCluster, pool: urllib3.HTTPSConnectionPool) -> None:
    kubernetes_cluster.faults.add(Fault(path="watch", cut_after=1))
    answer = pool.request("GET", MAPS, fields={"watch": "true"}, preload_content=False)
    with pytest.raises(urllib3.exceptions.ProtocolError):
        list(answer)


def test_answer_can_be_lost(kubernetes_cluster: LocalCluster, pool: urllib3.HTTPSConnectionPool) -> None:
    kubernetes_cluster.faults.add(Fault(method="POST", loses_answer=True))
    body = json.dumps({"metadata": {"name": "lost"}})
    with pytest.raises(urllib3.exceptions.ProtocolError):
        pool.request("POST", MAPS, body=body, headers={**pool.headers, "Content-Type": "application/json"})
    assert kubernetes_cluster.get("ConfigMap", "lost")


def test_stopped_server_breaks_its_connections(
    kubernetes_cluster: LocalCluster, pool: urllib3.HTTPSConnectionPool
) -> None:
    assert pool.request("GET", MAPS).status == 200
    kubernetes_cluster.server.stop()
    with pytest.raises(urllib3.exceptions.HTTPError):
        pool.request("GET", MAPS)


def test_client_gone_before_handshake_leaves_nothing_open(kubernetes_cluster: LocalCluster) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        accepted, address = listener.accept()
        # Closed with data unread and no time to linger: the server meets a reset.
        client.sendall(b"x")
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            with pytest.raises(OSError, match=r"reset|not connected"):
                kubernetes_cluster.server._server.finish_request(accepted, address)
            accepted.close()
            gc.collect()
    assert [str(each.message) for each in warned if each.category is ResourceWarning] == []
