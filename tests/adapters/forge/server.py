"""What a GitHub and a GitLab of the tests have in common: comments and issues of one project, on loopback."""

import json
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from typing import Any
from urllib.parse import parse_qs, urlsplit

from envctl.cli.ci.forge import Forge

NUMBER = 7
"""Of the one pull request that there is."""
Answer = tuple[int, object, str]
"""Status, document, and where there is more of it."""


@dataclass
class Fault:
    """An answer that comes first. Of `data` only a part is sent if it is `cut`; it begins after `delay` seconds."""

    method: str
    status: int = 200
    data: bytes = b'{"message": "no"}'
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    cut: bool = False
    after: bool = False  # once the request was carried out
    path: str = ""  # in it


@dataclass
class Server(ABC):
    """`comments` and `issues` are as the forge gives them. `fails` are answers that come first, by method."""

    url: str = ""
    comments: list[dict[str, Any]] = field(default_factory=list)
    issues: list[dict[str, Any]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)
    fails: list[tuple[str, int, dict[str, Any]]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    page: int = 100

    @abstractmethod
    def add_comment(self, body: str, *, machine: bool = True) -> None: ...

    @abstractmethod
    def add_issue(self, title: str, body: str, label: str, *, machine: bool = True) -> None: ...

    @abstractmethod
    def api(self, **more: Any) -> Forge:
        """The adapter, for this server."""

    @property
    @abstractmethod
    def environment(self) -> dict[str, str]:
        """What a job of it sees."""

    @property
    @abstractmethod
    def bodies(self) -> list[str]:
        """Of the issues."""

    @property
    @abstractmethod
    def open_issues(self) -> list[str]:
        """Their titles."""

    @abstractmethod
    def token(self, headers: Mapping[str, str]) -> str: ...

    @abstractmethod
    def answer(self, method: str, path: str, query: Mapping[str, str], body: dict[str, Any], target: str) -> Answer: ...

    @property
    def written(self) -> list[str]:
        return [method for method, _ in self.asked if method != "GET"]

    def asks(self, method: str, target: str, body: dict[str, Any]) -> Answer:
        for number, (failing, status, document) in enumerate(self.fails):
            if failing == method:
                del self.fails[number]
                return status, document, ""
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        return self.answer(method, parts.path, query, body, target)

    def paged(self, found: list[dict[str, Any]], query: Mapping[str, str], target: str) -> Answer:
        page, size = int(query.get("page", "1")), min(self.page, int(query["per_page"]))
        top = f"{urlsplit(self.url).scheme}://{urlsplit(self.url).netloc}"
        more = f"{top}{target.partition('&page=')[0]}&page={page + 1}" if len(found) > page * size else ""
        return 200, found[(page - 1) * size : page * size], more


@contextmanager
def serving(told: Server, below: str = "", context: SSLContext | None = None) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            size = int(self.headers.get("Content-Length", "0"))
            body = json.loads(self.rfile.read(size) or b"{}")
            told.asked.append((self.command, self.path))
            told.tokens.add(told.token(dict(self.headers.items())))
            fault = next((f for f in told.faults if f.method == self.command and f.path in self.path), None)
            if fault is not None:
                told.faults.remove(fault)
                self._fail(fault, body)
                return
            status, document, more = told.asks(self.command, self.path, body)
            data = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", f"{len(data)}")
            if more:
                self.send_header("Link", f'<{more}>; rel="next", <{told.url}/last>; rel="last"')
            self.end_headers()
            self.wfile.write(data)

        def _fail(self, fault: Fault, body: dict[str, Any]) -> None:
            if fault.after:
                told.asks(self.command, self.path, body)
            time.sleep(fault.delay)
            with suppress(OSError):
                self.send_response(fault.status)
                self.send_header("Content-Length", f"{len(fault.data)}")
                for name, value in fault.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(fault.data[: len(fault.data) // 2] if fault.cut else fault.data)
                self.close_connection = fault.cut

        do_GET = do_POST = do_PATCH = do_PUT = _serve  # noqa: N815 (its parent's)

        def log_message(self, format: str, *args: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        told.url = f"{'https' if context else 'http'}://127.0.0.1:{server.server_port}{below}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield
        server.shutdown()
