from collections.abc import Iterator

import pytest

from envctl.adapters.kubernetes.api import ClusterApi
from tests.adapters.kubernetes.scripted_cluster import Clock, connect
from tests.adapters.registry.scripted import Server, serving
from tests.kubernetes_cluster import kubernetes_cluster

__all__ = ["kubernetes_cluster"]


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("envctl.adapters.kubernetes.transport.time.monotonic", clock.now)
    return clock


@pytest.fixture
def api(server: Server) -> ClusterApi:
    return connect(server)
