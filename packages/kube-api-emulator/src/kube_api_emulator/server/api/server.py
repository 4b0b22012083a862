"""HTTP for clusters: a server on loopback, and answers on the connections of another server."""

import contextlib
import json
import select
import socket
import socketserver
import ssl
import sys
import threading
import time
import traceback
from http.server import BaseHTTPRequestHandler
from types import TracebackType
from typing import Self

from kube_api_emulator.server.api.exchange import ApiAnswer, ApiRequest, ApiStream
from kube_api_emulator.server.api.requests import KubernetesApi, allow_all
from kube_api_emulator.server.closing_socket import ClosingSocket
from kube_api_emulator.server.cluster import Cluster
from kube_api_emulator.server.controllers.loop import Controllers
from kube_api_emulator.server.identity.users import Authenticate, Authorize
from kube_api_emulator.server.status_errors import StatusError


def serve_request(handler: BaseHTTPRequestHandler, api: KubernetesApi, body: bytes, stopping: threading.Event) -> None:
    """Answer the current request of a handler."""
    headers: dict[str, str] = {}
    for name, value in handler.headers.items():
        # A repeated header, as `kubectl --as-group` sends it, keeps all of its values.
        key = name.lower()
        headers[key] = f"{headers[key]}\n{value}" if key.startswith("impersonate-") and key in headers else value
    request = ApiRequest(handler.command, handler.path, headers, body)
    fault = api.faults.take(request.method, request.target)
    if fault and fault.delay:
        time.sleep(fault.delay)
    try:
        answer = api.answer(request, fault)
    except Exception as error:  # noqa: BLE001 (a gap of the emulator must not end the connection)
        sys.stderr.write(f"{request.method} {request.target.partition('?')[0]}\n{traceback.format_exc()}")
        message = f"Internal error occurred: kube-api-emulator cannot do this: {error!r}"
        status = StatusError(500, "InternalError", message, {}).to_status()
        answer = ApiAnswer(500, json.dumps(status).encode())
    if isinstance(answer, ApiStream):
        _send_stream(handler, answer, stopping)
    elif answer.is_lost:
        handler.close_connection = True
    else:
        _send_answer(handler, answer)


def _send_answer(handler: BaseHTTPRequestHandler, answer: ApiAnswer) -> None:
    handler.send_response_only(answer.code)
    handler.send_header("Content-Type", answer.media)
    handler.send_header("Content-Length", str(len(answer.body)))
    for name, value in answer.headers:
        handler.send_header(name, value)
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(answer.body)
    handler.wfile.flush()


def _send_stream(handler: BaseHTTPRequestHandler, stream: ApiStream, stopping: threading.Event) -> None:
    handler.send_response_only(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.flush()

    def is_ended() -> bool:
        return stopping.is_set() or _is_client_gone(handler)

    # A connection that breaks ends without the last chunk.
    handler.close_connection = True
    if stream.cut_after == 0:
        return
    for number, (kind, item) in enumerate(stream.open(is_ended), 1):
        frame = json.dumps({"type": kind, "object": item}, separators=(",", ":")).encode() + b"\n"
        handler.wfile.write(b"%x\r\n%b\r\n" % (len(frame), frame))
        handler.wfile.flush()
        if number == stream.cut_after:
            return
    if not stopping.is_set():
        handler.wfile.write(b"0\r\n\r\n")
        handler.wfile.flush()
        handler.close_connection = False


def _is_client_gone(handler: BaseHTTPRequestHandler) -> bool:
    """Check for anything to read: a client that watches sends nothing but its end."""
    try:
        poll = select.poll()
        poll.register(handler.connection, select.POLLIN)
        return bool(poll.poll(0))
    except (OSError, ValueError):
        return True


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Buffered: head and body leave in one segment, and Nagle's algorithm holds neither back.
    wbufsize = -1
    disable_nagle_algorithm = True
    server: "_HttpServer"

    def serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        serve_request(self, self.server.api, body, self.server.stopping)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = serve  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:
        """Log no line per request."""


class _HttpServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, port: int, api: KubernetesApi, context: ssl.SSLContext | None) -> None:
        self.api = api
        self.stopping = threading.Event()
        if context:
            context.sslsocket_class = ClosingSocket
        self._context = context
        self._connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def finish_request(self, request: object, client_address: object) -> None:
        # The handshake runs in the thread of the connection.
        connection: socket.socket = request  # type: ignore[assignment]
        if self._context:
            connection = self._context.wrap_socket(connection, server_side=True)
        self._connections.add(connection)
        try:
            super().finish_request(connection, client_address)
        finally:
            self._connections.discard(connection)
            connection.close()

    def close_connections(self) -> None:
        """Close the connections, so that clients notice the stop."""
        for connection in tuple(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002 (the base class's)
        # A client that disconnects early, or does not trust the certificate, is no error.
        if not isinstance(sys.exc_info()[1], OSError):
            traceback.print_exc()


class KubernetesServer:
    """One cluster on a port of loopback, with its controllers.

    Attributes:
        api: its faults and its authentication can be changed while it runs.
        controllers: None without them.
    """

    def __init__(
        self,
        cluster: Cluster | None = None,
        *,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        authenticate: Authenticate | None = None,
        authorize: Authorize = allow_all,
        has_controllers: bool = True,
        controllers: Controllers | None = None,
        api: KubernetesApi | None = None,
    ) -> None:
        self.cluster = cluster or Cluster()
        self.api = api or KubernetesApi(self.cluster, authenticate, authorize)
        self._server = _HttpServer(port, self.api, tls)
        self.controllers = (controllers or Controllers(self.cluster)) if has_controllers else None
        self._scheme = "https" if tls else "http"

    @property
    def url(self) -> str:
        return f"{self._scheme}://127.0.0.1:{self._server.server_address[1]}"

    def start(self) -> Self:
        if self.controllers:
            self.controllers.start()
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Stop, unless it has stopped already."""
        if self._server.stopping.is_set():
            return
        self._server.stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._server.close_connections()
        if self.controllers:
            self.controllers.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        self.stop()
