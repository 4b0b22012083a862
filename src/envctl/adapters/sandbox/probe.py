"""Control calls to the running sandbox on a bare socket: every command makes one, and http.client costs 15 ms."""

# `socket` without its names as enums: 2 ms.
import _socket as socket
import contextlib
from dataclasses import dataclass

from envctl.adapters.sandbox.files import ServerState

# A busy server answers late; after this time it counts as hung.
_HEALTH_SECONDS = 5.0
_BUCKETS_SECONDS = 30.0
_OK = 200
_CHUNK = 1 << 16


@dataclass(frozen=True)
class ControlAnswer:
    """The answer to a control call."""

    status: int | None  # None without an answer
    text: str

    @property
    def is_ok(self) -> bool:
        return self.status == _OK


def check_health(state: ServerState) -> ControlAnswer:
    from aws_api_emulator.control_calls import HEALTH_PATH

    return _call_server(state, "GET", HEALTH_PATH, b"", _HEALTH_SECONDS)


def request_buckets(state: ServerState, body: bytes) -> ControlAnswer:
    from aws_api_emulator.control_calls import BUCKETS_PATH

    return _call_server(state, "POST", BUCKETS_PATH, body, _BUCKETS_SECONDS)


def _call_server(state: ServerState, method: str, path: str, body: bytes, seconds: float) -> ControlAnswer:
    from aws_api_emulator.control_calls import TOKEN_HEADER

    head = (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{state.port}\r\nConnection: close\r\n"
        f"{TOKEN_HEADER}: {state.token}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    try:
        # Without a look-up of the address, which loads tables of international names.
        with contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) as connection:
            connection.settimeout(seconds)
            connection.connect(("127.0.0.1", state.port))
            connection.sendall(head.encode() + body)
            first, _, text = b"".join(iter(lambda: connection.recv(_CHUNK), b"")).partition(b"\r\n\r\n")
        return ControlAnswer(int(first.split(b" ", 2)[1]), text.decode().strip())
    except (OSError, ValueError, IndexError):
        return ControlAnswer(None, "")
