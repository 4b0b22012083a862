"""The HTTP client against servers on loopback: every wait has an end, and every failure a kind."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator

import pytest

from envctl.adapters.http.client import Failure, HttpClient, HttpFailedError, Timeouts, read_body
from tests.faults.site import Site, answer, serving

MOST = 1000
HEAD = b"HTTP/1.1 200 OK\r\n\r\n"
IN_TIME = Timeouts(2, 2, 2)


@pytest.fixture
def site() -> Iterator[Site]:
    with serving(Site()) as site:
        yield site


@pytest.fixture(autouse=True)
def leaves_no_thread() -> Iterator[None]:
    before = threading.active_count()
    yield
    # Others of earlier tests may have ended meanwhile.
    assert threading.active_count() <= before


def fetch(url: str, timeouts: Timeouts, body: bytes | Iterable[bytes] | None = None) -> bytes | Failure:
    method = "GET" if body is None else "POST"
    try:
        with HttpClient({}).send_request(method, url, {}, body, timeouts) as response:
            return read_body(response, MOST)
    except HttpFailedError as error:
        return error.failure


ANSWERS: dict[str, tuple[Callable[[Site], Iterable[bytes]], bytes | Failure]] = {
    "a body": (lambda _: answer(200, b"ok"), b"ok"),
    "a redirect is an answer like any other": (lambda _: answer(302, b"", "Location: /other"), b""),
    "a body that is too large": (lambda _: answer(200, b"x" * (MOST + 1)), Failure.TOO_LARGE),
    "a body that never ends": (lambda site: site.dripping(HEAD, b"x" * 500, b""), Failure.TOO_LARGE),
    "no answer": (lambda _: [], Failure.BROKEN_OFF),
    "half an answer": (lambda _: [answer(200, b"ok")[0]], Failure.BROKEN_OFF),
    "another protocol": (lambda _: [b"SSH-2.0-OpenSSH_9.9\r\n"], Failure.NOT_HTTP),
}


@pytest.mark.parametrize(("says", "expected"), ANSWERS.values(), ids=ANSWERS)
def test_response_is_complete_or_a_failure(
    site: Site, says: Callable[[Site], Iterable[bytes]], expected: bytes | Failure
) -> None:
    site.answers = [says(site)]
    assert fetch(site.url, IN_TIME) == expected


DRIPS: dict[str, Callable[[Site], Iterable[bytes]]] = {
    "silence": lambda site: site.silent(),
    "headers that drip": lambda site: site.dripping(b"HTTP/1.1 200 OK\r\nX: ", b"y", b"\r\n\r\nok"),
    "a body that drips": lambda site: site.dripping(HEAD, b".", b""),
}


@pytest.mark.parametrize("says", DRIPS.values(), ids=DRIPS)
@pytest.mark.parametrize("body", [None, b"sent"], ids=["read", "written"])
def test_total_timeout_limits_slow_responses(
    site: Site, says: Callable[[Site], Iterable[bytes]], body: bytes | None
) -> None:
    site.answers = [says(site)]
    assert fetch(site.url, Timeouts(2, 2, 0.3), body) == Failure.TIMEOUT


def test_timeout_limits_response_but_not_upload(site: Site) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(4):
            time.sleep(0.1)
            yield b"x"

    site.answers = [answer(200, b"ok"), site.dripping(HEAD, b".", b"")]
    assert fetch(site.url, Timeouts(2, 2, 0.3), pieces()) == b"ok"
    assert fetch(site.url, Timeouts(2, 2, 0.3), pieces()) == Failure.TIMEOUT


def test_connection_failures_are_classified(site: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        closed = unused.getsockname()[1]
    site.hasty, site.answers = True, [answer(400)]
    assert {
        "nobody listens": fetch(f"http://127.0.0.1:{closed}/", IN_TIME),
        "no TLS": fetch(site.url.replace("http:", "https:"), IN_TIME),
        "no host": fetch("http:///", IN_TIME),
    } == {"nobody listens": Failure.UNREACHABLE, "no TLS": Failure.NO_TLS, "no host": Failure.BAD_ADDRESS}


def test_own_proxy_leads_everywhere(site: Site) -> None:
    site.answers = [answer(200, b"from the proxy")]
    client = HttpClient({"NO_PROXY": "*"}, proxy_url=site.url.replace("//", "//ann:secret@"))
    with client.send_request("GET", "http://127.0.0.1:1/path", {}, None, IN_TIME) as response:
        assert read_body(response, MOST) == b"from the proxy"
    assert site.requests[0].startswith("GET http://127.0.0.1:1/path HTTP/1.1\r\n")
    assert "proxy-authorization: Basic " in site.requests[0]


def test_missing_authorities_are_a_failure_of_the_request(site: Site) -> None:
    def load_trust() -> ssl.SSLContext:
        return ssl.create_default_context(cafile="/nonexistent/ca.pem")

    with (
        pytest.raises(HttpFailedError) as raised,
        HttpClient({}, load_trust).send_request("GET", site.url.replace("http:", "https:"), {}, None, IN_TIME),
    ):
        pass
    assert raised.value.failure == Failure.UNREACHABLE


def test_authorities_are_read_for_tls_alone(site: Site) -> None:
    """They take 30 ms."""
    site.answers = [answer(200, b"yes")]

    def load_trust() -> ssl.SSLContext:
        raise AssertionError

    with HttpClient({}, load_trust).send_request("GET", site.url, {}, None, IN_TIME) as response:
        assert read_body(response, MOST) == b"yes"
