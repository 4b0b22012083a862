"""A call to the running sandbox on a bare socket: the check runs before every command, and http.client costs 15 ms."""

import socket
from dataclasses import dataclass

from envctl.adapters.sandbox.control import BUCKETS_PATH, HEALTH_PATH, TOKEN_HEADER
from envctl.adapters.sandbox.files import ServerState

# A busy server answers late; one that does not answer for this long hangs.
_HEALTH_SECONDS = 5.0
_BUCKETS_SECONDS = 30.0
_OK = 200


@dataclass(frozen=True)
class Answer:
    """`status` is None where nobody answered."""

    status: int | None
    text: str

    @property
    def ok(self) -> bool:
        return self.status == _OK


def health(state: ServerState) -> Answer:
    return _call(state, "GET", HEALTH_PATH, b"", _HEALTH_SECONDS)


def send_buckets(state: ServerState, body: bytes) -> Answer:
    return _call(state, "POST", BUCKETS_PATH, body, _BUCKETS_SECONDS)


def _call(state: ServerState, method: str, path: str, body: bytes, seconds: float) -> Answer:
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{state.port}\r\nConnection: close\r\n"
        f"{TOKEN_HEADER}: {state.token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    try:
        with socket.create_connection(("127.0.0.1", state.port), timeout=seconds) as connection:
            connection.sendall(head.encode() + body)
            with connection.makefile("rb") as stream:
                return _parse(stream.read())
    except (OSError, ValueError):
        return Answer(None, "")


def _parse(answer: bytes) -> Answer:
    head, _, body = answer.partition(b"\r\n\r\n")
    return Answer(int(head.split(b" ", 2)[1]), body.decode().strip()) if b" " in head else Answer(None, "")
