"""A server on loopback that accepts connections, and never answers."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager


class SilentServer:
    def __init__(self, listening: socket.socket) -> None:
        self.port = listening.getsockname()[1]
        self.was_reached = threading.Event()
        self._listening = listening
        self._accepted: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                self._accepted.append(self._listening.accept()[0])
            except OSError:
                return
            self.was_reached.set()

    def end(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        for each in self._accepted:
            each.close()


@contextmanager
def run_silent_server() -> Iterator[SilentServer]:
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        server = SilentServer(listening)
        yield server
        server.end()
