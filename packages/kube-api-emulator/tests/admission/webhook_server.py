"""A webhook on loopback, with a certificate of its own authority. No tests."""

import base64
import json
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import trustme

from kube_api_emulator.server.closing_socket import ClosingSocket
from tests.cluster import LocalCluster

GROUP = "admissionregistration.k8s.io"
# The controllers write it into each namespace at any time.
_OF_CONTROLLERS = "kube-root-ca.crt"
Response = dict[str, Any]
Answer = Callable[[Response], Response]
RULE: dict[str, Any] = {
    "apiGroups": [""],
    "apiVersions": ["v1"],
    "operations": ["CREATE", "UPDATE"],
    "resources": ["configmaps"],
}
MAP: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"size": "3"}}


def allow(_: Response) -> Response:
    return {"allowed": True}


def patch(*operations: Mapping[str, Any], **response: Any) -> Response:
    encoded = base64.b64encode(json.dumps(operations).encode()).decode()
    return {"allowed": True, "patchType": "JSONPatch", "patch": encoded, **response}


def add(name: str, value: str) -> Response:
    """Return the patch that adds a value to a ConfigMap."""
    return patch({"op": "add", "path": f"/data/{name}", "value": value})


@dataclass
class Webhook:
    """A webhook that answers each review.

    Attributes:
        answer: returns the response to a request; by path if it is in `answers`.
        respond: code and body of the next answers, in place of these.
        reviews: the requests so far.
        paths: of the requests so far.
    """

    url: str
    bundle: str
    answer: Answer = allow
    answers: dict[str, Answer] = field(default_factory=dict)
    respond: Callable[[Response], tuple[int, bytes]] | None = None
    reviews: list[Response] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)

    def build_hook(self, name: str = "check.shop.dev", path: str = "/check", **fields: Any) -> dict[str, Any]:
        client = {"url": f"{self.url}{path}", "caBundle": self.bundle}
        hook = {"name": name, "clientConfig": client, "rules": [RULE], "sideEffects": "None"}
        return hook | {"admissionReviewVersions": ["v1"], "timeoutSeconds": 5} | fields

    def handle(self, target: str, review: Response) -> tuple[int, bytes]:
        path, request = target.partition("?")[0], review["request"]
        answer = self.answers.get(path, self.answer)
        if request.get("name") == _OF_CONTROLLERS:
            answer = allow
        else:
            self.reviews.append(request)
            self.paths.append(target)
            if self.respond:
                return self.respond(review)
        response = {"uid": request["uid"]} | answer(request)
        shown = {"apiVersion": review["apiVersion"], "kind": "AdmissionReview", "response": response}
        return 200, json.dumps(shown).encode()


@contextmanager
def run_webhook(*names: str) -> Iterator[Webhook]:
    """Run a webhook; `names` are those of its certificate."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.sslsocket_class = ClosingSocket
    authority.issue_cert(*(names or ("127.0.0.1", "localhost"))).configure_cert(context)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            code, body = webhook.handle(self.path, review)
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Log nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """Say nothing of clients that do not trust the certificate."""

    server = Server(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    bundle = base64.b64encode(authority.cert_pem.bytes()).decode()
    webhook = Webhook(f"https://127.0.0.1:{server.server_address[1]}", bundle)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield webhook
    finally:
        server.shutdown()
        server.server_close()


def configure(cluster: LocalCluster, kind: str, *hooks: Mapping[str, Any], name: str = "hooks") -> None:
    """Write a configuration of webhooks; `kind` is Mutating or Validating."""
    named = {"apiVersion": f"{GROUP}/v1", "kind": f"{kind}WebhookConfiguration", "metadata": {"name": name}}
    cluster.apply({**named, "webhooks": list(hooks)})
