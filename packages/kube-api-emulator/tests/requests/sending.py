"""Send requests to a cluster in this process, and read refusals."""

import json
from typing import Any

from kube_api_emulator.server.api.exchange import ApiAnswer, ApiRequest
from kube_api_emulator.server.api.requests import KubernetesApi
from kube_api_emulator.server.cluster import Cluster
from kube_api_emulator.versions import RULES_VERSION

MEDIA = {
    "json": "application/json-patch+json",
    "merge": "application/merge-patch+json",
    "strategic": "application/strategic-merge-patch+json",
    "apply": "application/apply-patch+yaml",
}


class Sender:
    """Sends requests to one cluster."""

    def __init__(self, version: str = RULES_VERSION) -> None:
        self.api = KubernetesApi(Cluster(version))

    def send(self, method: str, target: str, body: object = None, media: str = "", accept: str = "") -> ApiAnswer:
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        headers = {"content-type": MEDIA.get(media, media or "application/json"), "accept": accept}
        answer = self.api.answer(ApiRequest(method, target, headers, content))
        assert isinstance(answer, ApiAnswer)
        return answer

    def refuse(self, method: str, target: str, body: object = None, media: str = "", accept: str = "") -> Any:
        answer = self.send(method, target, body, media, accept)
        return answer.code, json.loads(answer.body).get("message")


def list_causes(answer: ApiAnswer) -> list[tuple[str, str]]:
    causes = (json.loads(answer.body).get("details") or {}).get("causes") or ()
    return sorted((cause["field"], cause["reason"]) for cause in causes)
