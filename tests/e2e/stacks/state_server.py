"""A server for the backend `http` on loopback, with locks and basic authentication, as GitLab has one."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

USER, PASSWORD = "deployer", "planted-http-password"


class StateServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.states: dict[str, bytes] = {}
        self.locks: dict[str, bytes] = {}
        self.calls: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Handler(BaseHTTPRequestHandler):
    server: StateServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, code: int, body: bytes = b"") -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle_call(self) -> None:
        path, _, _ = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.calls.append(f"{self.command} {path}")
        wanted = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {wanted}":
            self._answer(401)
            return
        self._answer(*self._change_state(path, body))

    def _change_state(self, path: str, body: bytes) -> tuple[int, bytes]:
        states, locks = self.server.states, self.server.locks
        match self.command:
            case "GET":
                return (200, states[path]) if path in states else (404, b"")
            case "POST":
                states[path] = body
            case "LOCK":
                held = locks.setdefault(path, body)
                return (200, b"") if held == body else (423, held)
            case "UNLOCK":
                held = locks.get(path, b"{}")
                # `force-unlock` sends no id: http knows none.
                if body and json.loads(body).get("ID") not in (None, "", json.loads(held).get("ID")):
                    return 409, held
                locks.pop(path, None)
        return 200, b""

    do_GET = do_POST = do_LOCK = do_UNLOCK = handle_call  # noqa: N815 (as http.server calls them)


@contextmanager
def serve_states() -> Iterator[StateServer]:
    with StateServer() as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
