"""Writes with their warnings. No tests."""

import json
from typing import Any

from kube_api_emulator.server.api.exchange import ApiAnswer, ApiRequest
from tests.cluster import LocalCluster, RefusedError


def send(cluster: LocalCluster, manifest: dict[str, Any], query: str = "") -> list[str]:
    """Apply an object. Returns the warnings."""
    headers = {"content-type": "application/apply-patch+yaml", "authorization": f"Bearer {cluster.token}"}
    path = f"{cluster.find_path(manifest)}?fieldManager=test&force=true{query}"
    answer = cluster.api.answer(ApiRequest("PATCH", path, headers, json.dumps(manifest).encode()))
    assert isinstance(answer, ApiAnswer)
    content = json.loads(answer.body)
    if answer.code >= 300:
        raise RefusedError(answer.code, content)
    return [json.loads(value.partition("299 - ")[2]) for name, value in answer.headers if name == "Warning"]
