"""The recorder, tried on the emulator itself: it asks before it changes anything, and leaves nothing behind."""

import json
from pathlib import Path

import pytest

from tests.cluster import LocalCluster
from tests.golden.replay import load_requests
from tools.record_answers import Send, record_answers

SPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "gold"}}


@pytest.fixture
def send(kubernetes_cluster: LocalCluster) -> Send:
    from kube_api_emulator.server.api.exchange import ApiAnswer, ApiRequest

    def send(method: str, target: str, media: str, body: object) -> tuple[int, bytes]:
        headers = {
            "authorization": f"Bearer {kubernetes_cluster.token}",
            "content-type": media,
            "user-agent": "envctl",
            "accept": "application/json",
        }
        content = b"" if body is None else json.dumps(body).encode()
        answer = kubernetes_cluster.api.answer(ApiRequest(method, target, headers, content))
        assert isinstance(answer, ApiAnswer)
        return answer.code, answer.body

    return send


@pytest.mark.slow
def test_recorder_writes_answers_and_cleans_up(kubernetes_cluster: LocalCluster, send: Send, tmp_path: Path) -> None:
    folder = record_answers(send, tmp_path)
    assert folder.name == "1.36"
    recorded = {each.name: each.code for each in load_requests(folder)}
    assert recorded == {each.name: each.code for each in load_requests()}
    assert [each["metadata"]["name"] for each in kubernetes_cluster.list("PriorityClass")] == []


def test_cluster_with_their_objects_is_refused(kubernetes_cluster: LocalCluster, send: Send, tmp_path: Path) -> None:
    kubernetes_cluster.apply(SPACE)
    with pytest.raises(SystemExit, match="/api/v1/namespaces/gold"):
        record_answers(send, tmp_path)
    assert not list(tmp_path.iterdir())
