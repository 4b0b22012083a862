"""The time of a store's server: asked once, over the connection that the surroundings name."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest

from envctl.adapters.store.store_clock import read_server_time

DATED = b"HTTP/1.1 403 Forbidden\r\nDate: Tue, 01 Dec 2026 10:00:00 GMT\r\nContent-Length: 0\r\n\r\n"


@contextmanager
def answer_once(answer: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """Yield the address of a server, and what it is asked."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                asked.append(connection.recv(1 << 16))
                connection.sendall(answer)

        server = threading.Thread(target=serve, daemon=True)
        server.start()
        yield f"127.0.0.1:{listener.getsockname()[1]}", asked
        server.join(5)


def test_refusal_has_the_time() -> None:
    with answer_once(DATED) as (address, asked):
        found = read_server_time(f"http://{address}/", {})
    assert found == datetime(2026, 12, 1, 10, 0, 0, 500_000, tzinfo=UTC)
    assert asked[0].startswith(b"HEAD / ")


@pytest.mark.parametrize("answer", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nDate: yesterday\r\n\r\n"])
def test_unusable_answer_is_no_time(answer: bytes) -> None:
    with answer_once(answer) as (address, _):
        assert read_server_time(f"http://{address}", {}) is None


def test_proxy_gets_its_login() -> None:
    with answer_once(b"HTTP/1.1 407 Login required\r\n\r\n") as (address, asked):
        options = {"proxy_url": f"http://me:pass%40word@{address}", "proxy_excludes": "other.example"}
        assert read_server_time("https://s3.example/", options) is None
    (request,) = asked
    assert request.startswith(b"CONNECT s3.example:443 ")
    assert b"Basic bWU6cGFzc0B3b3Jk" in request  # me:pass@word


def test_excluded_host_is_asked_without_proxy() -> None:
    with answer_once(b"") as (address, asked):
        options = {"proxy_url": "http://127.0.0.1:9", "proxy_excludes": " .0.0.1, x"}
        assert read_server_time(f"https://{address}/", options) is None
    assert asked[0][:1] == b"\x16"  # the begin of TLS


@pytest.mark.parametrize(
    ("options", "times"),
    [
        pytest.param({}, 1, id="no authority of its own"),
        pytest.param({"root_certificate": "own"}, 1, id="one more authority"),
        pytest.param({"proxy_ca_certificate": "own"}, 0, id="a proxy that signs all"),
    ],
)
def test_authorities_of_the_system_are_read_once_at_most(
    options: dict[str, str], times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = list[str]()
    monkeypatch.setattr(ssl.SSLContext, "load_default_certs", lambda *_: read.append("system"))
    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", lambda *_: None)
    assert read_server_time("https://127.0.0.1:9/", options) is None
    assert len(read) == times
