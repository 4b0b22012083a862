"""A site on loopback that answers as it is told."""

import contextlib
import re
import socketserver
import threading
from collections.abc import Iterable, Iterator
from ssl import SSLContext


class Site(socketserver.ThreadingTCPServer):
    """Sends its answers, in turn, to whoever has sent a request; the last one again and again.

    With `hasty` it does so at the first bytes, whatever they are.
    """

    def __init__(self, tls: SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Visit)
        self.tls = tls
        self.hasty = False
        self.answers: list[Iterable[bytes]] = []
        self.requests: list[str] = []
        self.closing = threading.Event()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}"

    def dripping(self, before: bytes, drop: bytes, after: bytes) -> Iterator[bytes]:
        """Takes longer than any test waits, and comes to an end all the same."""
        yield before
        for _ in range(200):
            yield drop
            self.closing.wait(0.02)
        yield after

    def silent(self) -> Iterator[bytes]:
        self.closing.wait(4)
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Visit(socketserver.BaseRequestHandler):
    server: Site

    def handle(self) -> None:
        # Who asks may go away at any time.
        with contextlib.suppress(OSError):
            if self.server.tls:
                self.request = self.server.tls.wrap_socket(self.request, server_side=True)
            self._answer()

    def finish(self) -> None:
        self.request.close()

    def _answer(self) -> None:
        received = b""
        while b"\r\n\r\n" not in received and not (received and self.server.hasty):
            if not (more := self.request.recv(4096)):
                return
            received += more
        head, _, body = received.partition(b"\r\n\r\n")
        announced = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        while announced and len(body) < int(announced[1]) and (more := self.request.recv(4096)):
            body += more
            received += more
        self.server.requests.append(received.decode(errors="replace"))
        answers = self.server.answers
        for piece in answers.pop(0) if len(answers) > 1 else answers[0]:
            self.request.sendall(piece)


@contextlib.contextmanager
def serving(site: Site) -> Iterator[Site]:
    with site:
        thread = threading.Thread(target=site.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield site
        finally:
            site.closing.set()
            site.shutdown()
            thread.join()


def answer(status: int = 200, body: bytes = b"", *headers: str) -> list[bytes]:
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", *headers]
    return ["\r\n".join(lines).encode() + b"\r\n\r\n", body]
