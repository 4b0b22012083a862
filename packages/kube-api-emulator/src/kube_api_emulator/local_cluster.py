"""A Kubernetes cluster on loopback, in this process: for tests of programs that talk to a cluster.

with run_cluster(version="1.36") as cluster:
    cluster.write_kubeconfig("kubeconfig")
    cluster.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {}})
    cluster.faults.add(Fault(429, method="PATCH", times=2, retry_after=1))
"""

import base64
import json
import os
import secrets
import ssl
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

from kube_api_emulator.server.access.secure import secure_cluster
from kube_api_emulator.server.api.exchange import ApiAnswer, ApiRequest
from kube_api_emulator.server.api.faults import Fault, Faults
from kube_api_emulator.server.api.requests import KubernetesApi
from kube_api_emulator.server.api.server import KubernetesServer
from kube_api_emulator.server.cluster import Cluster
from kube_api_emulator.server.controllers.context import DEFAULT_NODES, NodeFacts
from kube_api_emulator.server.controllers.loop import Controllers
from kube_api_emulator.server.identity.users import ADMIN, User
from kube_api_emulator.versions import RULES_VERSION, BorrowedRulesWarning, describe_borrowed_rules

# What tests need, in one place.
__all__ = [
    "ADMIN",
    "BorrowedRulesWarning",
    "Fault",
    "LocalCluster",
    "NodeFacts",
    "RefusedError",
    "User",
    "create_tls",
    "run_cluster",
]

_POLL_SECONDS = 0.01
_FIRST_REFUSAL = 300
_DEFAULT_NAMESPACE = "default"
_Found = TypeVar("_Found")


class RefusedError(Exception):
    """An answer that is no success.

    Attributes:
        code: of HTTP.
        status: the Status object of the answer.
    """

    def __init__(self, code: int, status: dict[str, Any]) -> None:
        super().__init__(f"{code} {status.get('message')}")
        self.code, self.status = code, status


@dataclass
class LocalCluster:
    """A running cluster.

    Attributes:
        authority: PEM of the authority that signed its certificate.
        tokens: its users by their tokens. A test may add and remove some.
        token: of the user whose requests `apply` and its neighbours make: at first of the administrator.
        namespace: where objects without a namespace go, and that of its kubeconfig.
    """

    server: KubernetesServer
    authority: str
    tokens: dict[str, User]
    token: str
    namespace: str = _DEFAULT_NAMESPACE

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
        """Return the faults of the next answers: delays, refusals, lost and cut answers."""
        return self.server.api.faults

    def write_kubeconfig(
        self, path: str | Path, context: str = "emulator", namespace: str = "", token: str = ""
    ) -> Path:
        """Write a kubeconfig with one context, which only its owner may read.

        Args:
            token: of its user; empty for that of the administrator.
        """
        path = Path(path)
        authority = base64.b64encode(self.authority.encode()).decode()
        cluster = {"server": self.url, "certificate-authority-data": authority}
        named = {"cluster": context, "user": context, "namespace": namespace or self.namespace}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": context,
            "clusters": [{"name": context, "cluster": cluster}],
            "users": [{"name": context, "user": {"token": token or self.token}}],
            "contexts": [{"name": context, "context": named}],
        }
        draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(config, file)
        draft.replace(path)
        return path

    # -- requests past HTTP, as another client would make them -------------------------------------------------------

    def request(
        self, method: str, path: str, body: object = None, media: str = "application/json", **query: str
    ) -> dict[str, Any]:
        """Make a request as the user of `token`. Raises RefusedError."""
        headers = {"content-type": media, "authorization": f"Bearer {self.token}", "user-agent": "test"}
        target = f"{path}?{urlencode(query)}" if query else path
        answer = self.api.answer(ApiRequest(method, target, headers, json.dumps(body).encode() if body else b""))
        if not isinstance(answer, ApiAnswer):
            raise TypeError("a watch has no single answer")
        content: dict[str, Any] = json.loads(answer.body)
        if answer.code >= _FIRST_REFUSAL:
            raise RefusedError(answer.code, content)
        return content

    def apply(self, manifest: Mapping[str, Any], manager: str = "kubectl", **query: str) -> dict[str, Any]:
        """Apply an object on the side of the server. The kind of a CustomResourceDefinition is served afterwards."""
        query = {"fieldManager": manager, **query}
        media = "application/apply-patch+yaml"
        applied = self.request("PATCH", self.find_path(manifest), manifest, media, **query)
        if applied["kind"] == "CustomResourceDefinition" and "dryRun" not in query and self.server.controllers:
            key = applied["spec"]["group"], applied["spec"]["names"]["plural"]
            self.wait_for(lambda: self.cluster.resources.find_key(key))
        return applied

    def patch(
        self,
        kind: str,
        name: str,
        patch: Mapping[str, Any],
        manager: str = "kubectl-edit",
        *,
        namespace: str = "",
        subresource: str = "",
    ) -> dict[str, Any]:
        """Change an object by a merge patch, as somebody by hand; with the subresource `status` its status."""
        path = self.find_path({"kind": kind, "metadata": {"name": name}}, namespace)
        path = f"{path}/{subresource}" if subresource else path
        return self.request("PATCH", path, patch, "application/merge-patch+json", fieldManager=manager)

    def get(self, kind: str, name: str, namespace: str = "") -> dict[str, Any] | None:
        """Return an object; None if there is none. `kind` may be `Deployment` or `Deployment.apps`."""
        try:
            return self.request("GET", self.find_path({"kind": kind, "metadata": {"name": name}}, namespace))
        except RefusedError as refused:
            if refused.code == 404:  # noqa: PLR2004 (of HTTP)
                return None
            raise

    def delete(self, kind: str, name: str, namespace: str = "") -> None:
        """Delete an object. Raises RefusedError if there is none."""
        self.request("DELETE", self.find_path({"kind": kind, "metadata": {"name": name}}, namespace))

    def list(self, kind: str, namespace: str = "", **query: str) -> list[dict[str, Any]]:
        """Return the objects of a kind in a namespace. `query` is as in `labelSelector="app=web"`."""
        path = self.find_path({"kind": kind, "metadata": {"name": ""}}, namespace).rstrip("/")
        items: list[dict[str, Any]] = self.request("GET", path, **query)["items"]
        return items

    def create_token(self, account: str, namespace: str = "") -> str:
        """Return a token of a ServiceAccount, as `kubectl create token` does. Raises RefusedError."""
        path = self.find_path({"kind": "ServiceAccount", "metadata": {"name": account}}, namespace)
        return str(self.request("POST", f"{path}/token", {"spec": {}})["status"]["token"])

    def wait_for(self, condition: Callable[[], _Found], seconds: float = 5.0) -> _Found:
        """Wait until a condition returns anything true, and return that. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while not (found := condition()):
            if time.monotonic() >= deadline:
                raise TimeoutError(f"the condition does not hold after {seconds} seconds")
            time.sleep(_POLL_SECONDS)
        return found

    def find_path(self, manifest: Mapping[str, Any], namespace: str = "") -> str:
        """Return the path of an object. Raises LookupError for an unknown kind."""
        kind, _, group = manifest["kind"].partition(".")
        version = manifest.get("apiVersion", "")
        for resource in self.cluster.resources.list_all():
            if resource.kind == kind and group in ("", resource.group) and version in ("", resource.group_version):
                root = f"/apis/{resource.group_version}" if resource.group else "/api/v1"
                place = manifest["metadata"].get("namespace") or namespace or self.namespace
                middle = f"/namespaces/{place}" if resource.is_namespaced else ""
                return f"{root}{middle}/{resource.plural}/{manifest['metadata']['name']}"
        raise LookupError(f"the cluster serves no kind {manifest['kind']} {version}".rstrip())


@contextmanager
def run_cluster(
    version: str = RULES_VERSION,
    namespace: str = _DEFAULT_NAMESPACE,
    *,
    is_secured: bool = True,
    port: int = 0,
    token: str = "",
    nodes: Sequence[NodeFacts] = DEFAULT_NODES,
    ready_seconds: float = 0.05,
) -> Iterator[LocalCluster]:
    """Run a cluster until the end of the block.

    Args:
        version: of Kubernetes, as in `1.36`. Of an unknown version, the types of the nearest known one are served. A
            BorrowedRulesWarning tells if types or rules are those of another version.
        namespace: is made if it is missing.
        is_secured: whether roles decide what users may do. Without, every user with a token may do everything.
        port: of loopback; 0 takes a free one.
        token: of the administrator; empty for a random one.
        nodes: its machines, with labels and taints; nothing runs on them.
        ready_seconds: how long each pod takes to become ready.
    """
    if borrowed := describe_borrowed_rules(version):
        # The caller is above `contextlib`.
        warnings.warn(borrowed, BorrowedRulesWarning, stacklevel=3)
    context, authority = create_tls()
    cluster = Cluster(version)
    controllers = Controllers(cluster, ready_seconds=ready_seconds, nodes=nodes)
    server = KubernetesServer(cluster, port=port, tls=context, controllers=controllers)
    token = token or secrets.token_urlsafe(24)
    running = LocalCluster(server, authority, {token: ADMIN}, token, namespace)
    server.api.authenticate = running.tokens.get
    if is_secured:
        server.api.authorize = secure_cluster(cluster)
    with server:
        if running.get("Namespace", namespace) is None:
            running.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}, "kubectl")
        yield running


@cache
def create_tls() -> tuple[ssl.SSLContext, str]:
    """Return the context of a server on loopback, and its authority as PEM."""
    import trustme

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context, authority.cert_pem.bytes().decode()
