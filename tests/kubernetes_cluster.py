"""A Kubernetes cluster on loopback for tests: the sandbox's own, with TLS and a token.

def test_x(kubernetes_cluster: KubernetesCluster) -> None:
    kubernetes_cluster.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {}})
    kubernetes_cluster.faults.add(Fault(429, method="PATCH", times=2, retry_after=1))
"""

import json
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from envctl.adapters.sandbox.kubernetes.access.secure import secure_cluster
from envctl.adapters.sandbox.kubernetes.api.exchange import ApiAnswer, ApiRequest
from envctl.adapters.sandbox.kubernetes.api.faults import Fault, Faults
from envctl.adapters.sandbox.kubernetes.api.requests import KubernetesApi
from envctl.adapters.sandbox.kubernetes.api.server import KubernetesServer
from envctl.adapters.sandbox.kubernetes.cluster import Cluster
from envctl.adapters.sandbox.kubernetes.identity.users import ADMIN, User

# What tests need, in one place.
__all__ = [
    "ADMIN",
    "NAMESPACE",
    "TOKEN",
    "Fault",
    "KubernetesCluster",
    "RefusedError",
    "User",
    "create_tls",
    "kubernetes_cluster",
    "run_kubernetes_cluster",
]

TOKEN = "token-of-the-deployer"
NAMESPACE = "shop"


class RefusedError(Exception):
    """An answer that is no success."""

    def __init__(self, code: int, status: dict[str, Any]) -> None:
        super().__init__(f"{code} {status.get('message')}")
        self.code, self.status = code, status


@dataclass
class KubernetesCluster:
    """A running cluster with the namespace `shop`.

    Attributes:
        authority: PEM of the authority that signed its certificate.
        tokens: its users by their tokens; a test may add and remove some.
    """

    server: KubernetesServer
    authority: str
    tokens: dict[str, User] = field(default_factory=lambda: {TOKEN: ADMIN})
    token: str = TOKEN

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def api(self) -> KubernetesApi:
        return self.server.api

    @property
    def cluster(self) -> Cluster:
        return self.server.cluster

    @property
    def faults(self) -> Faults:
        return self.server.api.faults

    def write_kubeconfig(self, path: Path, context: str = "test", namespace: str = NAMESPACE) -> Path:
        """Write a kubeconfig with one context."""
        authority = path.with_suffix(".crt")
        authority.write_text(self.authority)
        cluster = {"server": self.url, "certificate-authority": str(authority)}
        named = {"cluster": context, "user": context, "namespace": namespace}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": context,
            "clusters": [{"name": context, "cluster": cluster}],
            "users": [{"name": context, "user": {"token": self.token}}],
            "contexts": [{"name": context, "context": named}],
        }
        path.write_text(json.dumps(config))
        return path

    # -- requests past HTTP, as another client would make them -------------------------------------------------------

    def request(
        self, method: str, path: str, body: object = None, media: str = "application/json", **query: str
    ) -> dict[str, Any]:
        """Make a request. Raises RefusedError."""
        headers = {"content-type": media, "authorization": f"Bearer {self.token}", "user-agent": "test"}
        target = f"{path}?{urlencode(query)}" if query else path
        answer = self.api.answer(ApiRequest(method, target, headers, json.dumps(body).encode() if body else b""))
        assert isinstance(answer, ApiAnswer)
        content: dict[str, Any] = json.loads(answer.body)
        if answer.code >= 300:
            raise RefusedError(answer.code, content)
        return content

    def apply(self, manifest: Mapping[str, Any], manager: str = "kubectl", **query: str) -> dict[str, Any]:
        """Apply an object on the side of the server."""
        query = {"fieldManager": manager, **query}
        media = "application/apply-patch+yaml"
        return self.request("PATCH", self.find_path(manifest), manifest, media, **query)

    def patch(self, kind: str, name: str, patch: Mapping[str, Any], manager: str = "kubectl-edit") -> dict[str, Any]:
        """Change an object by a merge patch, as somebody by hand."""
        path = self.find_path({"kind": kind, "metadata": {"name": name}})
        return self.request("PATCH", path, patch, "application/merge-patch+json", fieldManager=manager)

    def get(self, kind: str, name: str, namespace: str = NAMESPACE) -> dict[str, Any] | None:
        """Return an object; None if there is none. `kind` may be `Deployment` or `Deployment.apps`."""
        try:
            return self.request("GET", self.find_path({"kind": kind, "metadata": {"name": name}}, namespace))
        except RefusedError as refused:
            if refused.code == 404:
                return None
            raise

    def delete(self, kind: str, name: str, namespace: str = NAMESPACE) -> None:
        self.request("DELETE", self.find_path({"kind": kind, "metadata": {"name": name}}, namespace))

    def list(self, kind: str, namespace: str = NAMESPACE) -> list[dict[str, Any]]:
        path = self.find_path({"kind": kind, "metadata": {"name": ""}}, namespace).rstrip("/")
        items: list[dict[str, Any]] = self.request("GET", path)["items"]
        return items

    def wait_for(self, condition: Callable[[], object], seconds: float = 5.0) -> None:
        """Wait until a condition holds."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it took too long"
            time.sleep(0.01)

    def find_path(self, manifest: Mapping[str, Any], namespace: str = NAMESPACE) -> str:
        """Return the path of an object."""
        kind, _, group = manifest["kind"].partition(".")
        version = manifest.get("apiVersion", "")
        for resource in self.cluster.resources.list_all():
            if resource.kind == kind and group in ("", resource.group) and version in ("", resource.group_version):
                root = f"/apis/{resource.group_version}" if resource.group else "/api/v1"
                place = manifest["metadata"].get("namespace") or namespace
                middle = f"/namespaces/{place}" if resource.is_namespaced else ""
                return f"{root}{middle}/{resource.plural}/{manifest['metadata']['name']}"
        raise KeyError(manifest["kind"])


@contextmanager
def run_kubernetes_cluster(
    version: str = "1.36", namespace: str = NAMESPACE, *, is_secured: bool = False
) -> Iterator[KubernetesCluster]:
    """Run a cluster of its own, for tests that need several, another version, or the permissions of roles."""
    context, authority = create_tls()
    server = KubernetesServer(Cluster(version), tls=context)
    running = KubernetesCluster(server, authority)
    server.api.authenticate = running.tokens.get
    if is_secured:
        server.api.authorize = secure_cluster(server.cluster)
    with server:
        running.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}, "test")
        yield running


@pytest.fixture
def kubernetes_cluster() -> Iterator[KubernetesCluster]:
    with run_kubernetes_cluster() as running:
        yield running


@cache
def create_tls() -> tuple[ssl.SSLContext, str]:
    """Return the context of a server on loopback, and its authority as PEM."""
    import trustme

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context, authority.cert_pem.bytes().decode()
