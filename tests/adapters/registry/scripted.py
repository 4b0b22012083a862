"""A server on loopback that answers as it is told, and keeps what it was asked."""

import contextlib
import http.server
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Says:
    """`hangs` says nothing, `drips` a byte at a time, and `breaks` ends before its end."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    hangs: bool = False
    drips: bool = False
    breaks: bool = False


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Server:
    """Each path gives its answers one after the other, and the last of them from then on."""

    host: str = ""
    answers: dict[str, list[Says]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def says(self, path: str, *answers: Says) -> None:
        self.answers[path] = list(answers)

    def next(self, path: str) -> Says:
        left = self.answers.get(path, [Says(404)])
        return left.pop(0) if len(left) > 1 else left[0]

    def paths(self) -> list[str]:
        return [f"{each.method} {each.path.partition('?')[0]}" for each in self.asked]


class _Visit(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    told: Server

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        self.told.asked.append(Asked(self.command, self.path, dict(self.headers), body))
        says = self.told.next(urlsplit(self.path).path)
        self.close_connection = self.close_connection or says.breaks or says.hangs
        if says.hangs:
            self.told.closing.wait(10)
            return
        self.send_response(says.status)
        for name, value in says.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(says.body) + says.breaks))
        self.end_headers()
        if self.command != "HEAD":
            self._send(says)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815

    def _send(self, says: Says) -> None:
        for piece in [bytes([byte]) for byte in says.body] if says.drips else [says.body]:
            self.wfile.write(piece)
            self.wfile.flush()
            if says.drips and self.told.closing.wait(0.05):
                return

    def log_message(self, *_: object) -> None:
        pass

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            super().handle()


@contextlib.contextmanager
def serving() -> Iterator[Server]:
    told = Server()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Visit", (_Visit,), {"told": told}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    told.host = f"127.0.0.1:{server.server_address[1]}"
    try:
        yield told
    finally:
        told.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()
