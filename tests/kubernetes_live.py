"""`make kubernetes-live KUBECONFIG=FILE`: the end-to-end tests on a real cluster.

The tests keep their words: a forwarder on loopback translates their namespaces and images to those of the cluster, and
back. Each test gets namespaces of its own, which it deletes at its end.
"""

import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import urllib3
from kube_api_emulator.server.api.bodies import parse_body
from kube_api_emulator.server.api.exchange import ApiAnswer, ApiRequest, ApiStream
from kube_api_emulator.server.api.faults import Fault
from kube_api_emulator.server.api.requests import KubernetesApi
from kube_api_emulator.server.api.server import KubernetesServer
from kube_api_emulator.server.api.watching import Frame
from kube_api_emulator.server.cluster import Cluster

from envctl.adapters.kubernetes.kubeconfig import Kubeconfigs
from envctl.adapters.kubernetes.transport import load_trust
from envctl.usecases.ports.kubernetes import ClusterConnection
from tests.kubernetes_cluster import (
    ADMIN,
    NAMESPACE,
    KubernetesCluster,
    RefusedError,
    create_tls,
    run_kubernetes_cluster,
)

LIVE_FILE, LIVE_CONTEXT, LIVE_IMAGES = "LIVE_KUBECONFIG", "LIVE_CONTEXT", "LIVE_IMAGES"
LABEL = "envctl.dev/live-test"
ROOT = Path(__file__).parents[1]
# Images that run without a command, for the two that tests deploy.
_IMAGES = "registry.k8s.io/pause:3.9 registry.k8s.io/pause:3.10"
_TEST_IMAGES = tuple(f"example.com/shop/web@sha256:{digit * 64}" for digit in "12")
# Images with these names fail in the sandbox alone.
_SELECTION = "not never-ready and not crash-loop"
_PRODUCTION = re.compile(r"prod|prd|live|main", re.IGNORECASE)
_NAMESPACE_PATH = re.compile(r"(/namespaces/)([^/?]+)")
_QUOTED = re.compile(r'(namespaces? )"([^"]+)"|(in namespace: )(\S+)')
_DROPPED = frozenset({"host", "authorization", "content-length", "accept-encoding", "connection"})
_PATIENCE = 60.0
_LIVE_PREFIX = "envctl-live-"


@dataclass(frozen=True)
class Names:
    """The names of a test, and those of the cluster in their place."""

    namespaces: Mapping[str, str]
    images: Mapping[str, str] = field(default_factory=dict)

    def invert(self) -> "Names":
        return Names(*({there: here for here, there in each.items()} for each in (self.namespaces, self.images)))

    def translate_path(self, target: str) -> str:
        return _NAMESPACE_PATH.sub(lambda match: match[1] + self.namespaces.get(match[2], match[2]), target)

    def translate(self, value: Any, key: str = "") -> Any:
        """Return an object or a part of it with the other names."""
        if isinstance(value, list):
            return [self.translate(each, key) for each in value]
        if isinstance(value, dict):
            translated = {name: self.translate(inner, name) for name, inner in value.items()}
            return self._translate_space(translated)
        if not isinstance(value, str):
            return value
        if key == "namespace":
            return self.namespaces.get(value, value)
        if key in ("image", "imageID"):
            return self.images.get(value, value)
        return self._translate_text(value) if key == "message" else value

    def _translate_space(self, item: dict[str, Any]) -> dict[str, Any]:
        metadata = item.get("metadata")
        if item.get("kind") == "Namespace" and isinstance(metadata, dict):
            name = self.namespaces.get(metadata.get("name", ""), metadata.get("name"))
            labels = metadata.get("labels")
            if isinstance(labels, dict) and "kubernetes.io/metadata.name" in labels:
                metadata = {**metadata, "labels": {**labels, "kubernetes.io/metadata.name": name}}
            return {**item, "metadata": {**metadata, "name": name}}
        if item.get("kind") == "namespaces" and "name" in item:
            return {**item, "name": self.namespaces.get(item["name"], item["name"])}
        return item

    def _translate_text(self, text: str) -> str:
        def replace(match: re.Match[str]) -> str:
            if match[1]:
                return f'{match[1]}"{self.namespaces.get(match[2], match[2])}"'
            return match[3] + self.namespaces.get(match[4], match[4])

        text = _QUOTED.sub(replace, text)
        for name, other in self.namespaces.items():
            # Also within words, as in `(NAMESPACE/NAME; apps/v1, Kind=Deployment)`. Nothing else has such a name.
            if name.startswith(_LIVE_PREFIX):
                text = text.replace(name, other)
        return text


class ForwardingApi(KubernetesApi):
    """Answers requests as a real cluster does, whose credentials stay in this process. Faults work as ever."""

    def __init__(self, connection: ClusterConnection, names: Names, token: str) -> None:
        # The kinds of the sandbox are the paths of tests.
        super().__init__(Cluster(), {token: ADMIN}.get)
        self._connection = connection
        self._names, self._back = names, names.invert()
        self._pool = urllib3.PoolManager(
            maxsize=32,
            ssl_context=load_trust(connection),
            server_hostname=connection.server_name or None,
            retries=False,
        )

    def answer(self, request: ApiRequest, fault: Fault | None = None) -> ApiAnswer | ApiStream:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        refusal = fault.to_error() if fault and fault.code else None
        if self.authenticate is None or self.authenticate(token) is None:
            return ApiAnswer(401, b"{}")
        if refusal:
            headers = (("Retry-After", str(refusal.retry_after)),) if refusal.retry_after else ()
            return ApiAnswer(refusal.code, json.dumps(refusal.to_status()).encode(), headers=headers)
        response = self._send(request)
        if response.status == 200 and re.search(r"[?&]watch=(true|1)", request.target):
            return ApiStream(lambda is_ended: self._read_frames(response, is_ended), fault.cut_after if fault else None)
        media = response.headers.get("content-type", "application/json")
        body = response.read()
        if "json" in media and body:
            body = json.dumps(self._translate_answer(json.loads(body))).encode()
        kept = tuple((name, value) for name, value in response.headers.items() if name.lower() == "warning")
        return ApiAnswer(response.status, body, media, kept, is_lost=bool(fault and fault.loses_answer))

    def _translate_answer(self, answer: dict[str, Any]) -> Any:
        """Return an answer with the names of the test. Objects in other namespaces are not there for it."""
        for key in ("items", "rows"):
            if isinstance(answer.get(key), list):
                answer = {**answer, key: [each for each in answer[key] if self._is_own(each.get("object") or each)]}
        return self._back.translate(answer)

    def _is_own(self, item: dict[str, Any]) -> bool:
        space = (item.get("metadata") or {}).get("namespace")
        return not space or space in self._back.namespaces

    def _send(self, request: ApiRequest) -> urllib3.BaseHTTPResponse:
        headers = {name: value for name, value in request.headers.items() if name not in _DROPPED}
        media = headers.get("content-type", "").partition(";")[0]
        body = request.body
        if body:
            content = self._names.translate(parse_body(body, media).content)
            body = json.dumps(content).encode()
            if "protobuf" in media:
                headers["content-type"] = "application/json"
        accepted = [part for part in headers.get("accept", "").split(",") if "protobuf" not in part]
        headers["accept"] = ",".join(accepted) or "application/json"
        return self._pool.request(
            request.method,
            self._connection.url + self._names.translate_path(request.target),
            body=body or None,
            headers=headers | dict(self._connection.headers()),
            preload_content=False,
            timeout=urllib3.Timeout(connect=_PATIENCE, read=_PATIENCE * 10),
        )

    def _read_frames(self, response: urllib3.BaseHTTPResponse, is_ended: Callable[[], bool]) -> Iterator[Frame]:
        try:
            for line in response:
                if is_ended():
                    return
                if line.strip():
                    frame = json.loads(line)
                    if self._is_own(frame["object"]):
                        yield frame["type"], self._back.translate(frame["object"])
        finally:
            response.close()


@contextmanager
def run_live_cluster(connection: ClusterConnection) -> Iterator[KubernetesCluster]:
    """Run a forwarder to a real cluster, with a namespace of its own in the place of `shop`."""
    token, mark = secrets.token_urlsafe(24), secrets.token_hex(4)
    images = os.environ.get(LIVE_IMAGES, _IMAGES).split()
    names = Names({NAMESPACE: f"{_LIVE_PREFIX}{mark}"}, dict(zip(_TEST_IMAGES, images, strict=False)))
    context, authority = create_tls()
    api = ForwardingApi(connection, names, token)
    server = KubernetesServer(api.cluster, tls=context, has_controllers=False, api=api)
    with server:
        running = KubernetesCluster(server, authority, {token: ADMIN}, token, NAMESPACE)
        space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE, "labels": {LABEL: mark}}}
        running.apply(space, "envctl-live-test")
        try:
            yield running
        finally:
            remove_namespace(running)


def remove_namespace(running: KubernetesCluster, name: str = NAMESPACE) -> None:
    """Delete a namespace and wait until it is gone."""
    path = f"/api/v1/namespaces/{name}"
    with suppress(RefusedError):
        running.request("DELETE", path)
    running.wait_for(lambda: running.get("Namespace", name) is None, _PATIENCE)


def run_test_cluster() -> AbstractContextManager[KubernetesCluster]:
    """Return the cluster of an end-to-end test: an embedded one, or with LIVE_KUBECONFIG the real one."""
    file = os.environ.get(LIVE_FILE, "")
    return run_live_cluster(find_connection(file, os.environ[LIVE_CONTEXT])) if file else run_kubernetes_cluster()


def find_connection(file: str, context: str) -> ClusterConnection:
    return Kubeconfigs({**os.environ, "KUBECONFIG": file}).find_context(context)


def choose_context(file: str, wanted: str) -> str:
    """Return the context to use. Raises SystemExit for one that may be production and that nobody has named."""
    if not file or not Path(file).is_file():
        raise SystemExit("kubernetes-live: give the kubeconfig of a cluster for tests: KUBECONFIG=FILE")
    config = parse_body(Path(file).read_bytes(), "application/yaml").content or {}
    if wanted:
        return wanted
    current = str(config.get("current-context") or "")
    if not current:
        raise SystemExit("kubernetes-live: the kubeconfig has no current context: give CONTEXT=NAME")
    named: dict[str, Any] = next((each for each in config.get("contexts") or () if each.get("name") == current), {})
    parts = [current, *map(str, (named.get("context") or {}).values()), find_connection(file, current).url]
    if any(map(_PRODUCTION.search, parts)):
        raise SystemExit(
            f"kubernetes-live: the current context {current} may be production. "
            f"The tests create and delete objects. If you want that, give CONTEXT={current}"
        )
    return current


def main(arguments: list[str]) -> int:
    file, context = (*arguments, "", "")[:2]
    chosen = choose_context(file, context)
    sys.stdout.write(f"kubernetes-live: context {chosen} of {file}\n")
    variables = {**os.environ, LIVE_FILE: str(Path(file).resolve()), LIVE_CONTEXT: chosen}
    tests = [
        sys.executable,
        "-m",
        "pytest",
        "tests/e2e/kubernetes",
        "-m",
        "not night and not own_clusters",
        "-k",
        _SELECTION,
        "-n",
        "0",
    ]
    return subprocess.run([*tests, *arguments[2:]], cwd=ROOT, env=variables, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
