"""A cluster that answers as it is told: for answers that no embedded server gives."""

import json
from collections.abc import Mapping
from typing import Any

from envctl.adapters.kubernetes.api import ApiResource, ClusterApi
from envctl.usecases.ports.kubernetes import ClusterConnection
from tests.adapters.registry.scripted import Says, Server

DEPLOYMENTS = ApiResource("apps", "v1", "Deployment", "deployments", namespaced=True)
WEB = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "shop"}}
WEB_PATH = "/apis/apps/v1/namespaces/shop/deployments/web"
WEBS_PATH = "/apis/apps/v1/namespaces/shop/deployments"


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.time = 0.0
        self.pauses: list[float] = []

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.time += seconds


def says_json(answer: object, status: int = 200, **headers: str) -> Says:
    return Says(status, json.dumps(answer).encode(), {"Content-Type": "application/json", **headers})


def says_status(code: int, reason: str, message: str, causes: list[dict[str, str]] | None = None) -> Says:
    status = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "message": message}
    return says_json({**status, "details": {"causes": causes or []}, "code": code}, code)


def serve_discovery(server: Server) -> None:
    """Answer as a cluster with Deployments and Namespaces."""

    def group(name: str, kind: str, plural: str, scope: str) -> dict[str, Any]:
        resource = {"resource": plural, "responseKind": {"kind": kind}, "scope": scope, "verbs": ["get", "patch"]}
        return {"metadata": {"name": name}, "versions": [{"version": "v1", "resources": [resource]}]}

    kind = {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2"}
    server.says("/apis", says_json({**kind, "items": [group("apps", "Deployment", "deployments", "Namespaced")]}))
    server.says("/api", says_json({**kind, "items": [group("", "Namespace", "namespaces", "Cluster")]}))


def connect(server: Server, clock: Clock | None = None, **parts: Any) -> ClusterApi:
    connection = ClusterConnection(name="EKS cluster shop", url=f"http://{server.host}", **parts)
    return ClusterApi(connection, {}, patience=5, sleep=(clock or Clock()).sleep)


def list_of(objects: list[Mapping[str, Any]], version: str = "10", further: str = "") -> Says:
    return says_json({"metadata": {"resourceVersion": version, "continue": further}, "items": objects})
