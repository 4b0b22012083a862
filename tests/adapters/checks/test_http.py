"""HTTP checks against real servers on loopback: what counts as an answer, and when it is enough."""

import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import trustme

from envctl.adapters.checks.check_runner import BODY, LocalCheckRunner
from envctl.domain.config.checks.http import HttpProbe
from tests.adapters.checks.conftest import Time
from tests.faults.site import Site, answer, serving

Expected = tuple[int, str | None]


def probe(url: str, *, status: int = 200, contains: str | None = None, seconds: float = 1.0) -> HttpProbe:
    return HttpProbe("http", seconds, url, status, contains)


@pytest.fixture(autouse=True)
def leaves_no_thread() -> Iterator[None]:
    before = threading.active_count()
    yield
    # Others of earlier tests may have ended meanwhile.
    assert threading.active_count() <= before


def chunked(*pieces: bytes) -> list[bytes]:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return [head, *(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces), b"0\r\n\r\n"]


UNTIL_IT_CLOSES = b"HTTP/1.1 200 OK\r\n\r\n"
REDIRECT = answer(301, b"", "Location: /elsewhere")

ANSWERS: dict[str, tuple[Iterable[bytes], Expected, str]] = {
    "the status that is expected": (answer(), (200, None), ""),
    "a failure that is expected": (answer(503), (503, None), ""),
    "a redirect that is expected": (REDIRECT, (301, None), ""),
    "another status": (answer(503), (200, None), "answered 503, expected 200"),
    "a success where none is expected": (answer(204), (200, None), "answered 204, expected 200"),
    "a redirect": (REDIRECT, (200, None), "answered 301, a redirect; envctl does not follow it, expected 200"),
    "the text that is looked for": (answer(200, b"all is ok now"), (200, "is ok"), ""),
    "a text that is not ASCII": (answer(200, "schön".encode()), (200, "ö"), ""),
    "another text": (answer(200, b"no"), (200, "ok"), 'answered 200 without "ok" in the first 64 KiB'),
    "the text with another status": (answer(500, b"ok"), (200, "ok"), "answered 500, expected 200"),
    "no body": (answer(204), (204, "ok"), 'answered 204 without "ok" in the first 64 KiB'),
    "a text in two pieces": (chunked(b"o", b"k"), (200, "ok"), ""),
    "chunks without the text": (chunked(b"o", b"h"), (200, "ok"), 'answered 200 without "ok" in the first 64 KiB'),
    "a text until the end of the connection": ([UNTIL_IT_CLOSES, b"ok"], (200, "ok"), ""),
    "a text right before the limit": ([UNTIL_IT_CLOSES, b"x" * (BODY - 2), b"ok"], (200, "ok"), ""),
    "a text across the limit": (
        [UNTIL_IT_CLOSES, b"x" * (BODY - 1), b"ok"],
        (200, "ok"),
        'answered 200 without "ok" in the first 64 KiB',
    ),
    "a text that would steer the terminal": (
        answer(),
        (200, "\x1b[31mred\n" + "x" * 300),
        f'answered 200 without "red {"x" * 196}…" in the first 64 KiB',
    ),
    "nothing at all": ([], (200, None), "closed the connection before the answer was complete"),
    "chunks that break off": (chunked(b"o")[:-1], (200, "ok"), "closed the connection before the answer was complete"),
    "something else": ([b"SSH-2.0-OpenSSH_9.9\r\n"], (200, None), "did not answer with HTTP"),
    "headers without end": (
        [b"HTTP/1.1 200 OK\r\n", *[b"X: y\r\n"] * 200, b"\r\n"],
        (200, None),
        "did not answer with HTTP",
    ),
}


@pytest.mark.parametrize(("pieces", "expected", "problem"), ANSWERS.values(), ids=ANSWERS.keys())
def test_response_is_evaluated(
    site: Site, prober: LocalCheckRunner, pieces: Iterable[bytes], expected: Expected, problem: str
) -> None:
    site.answers = [pieces]
    found = prober.run_check(HttpProbe("http", 1.0, site.url, *expected), {})
    assert found == (problem and f"GET {site.url} {problem} (after 0 s)")
    assert len(site.requests) == 1


def test_request_has_only_basic_headers(site: Site, prober: LocalCheckRunner) -> None:
    site.answers = [answer()]
    assert prober.run_check(probe(f"{site.url}/health/ö%20?q=ü&a=b"), {}) == ""
    line, *headers, _, _ = site.requests[0].split("\r\n")
    assert line == "GET /health/%C3%B6%20?q=%C3%BC&a=b HTTP/1.1"
    assert f"Host: 127.0.0.1:{site.port}" in headers
    assert {header.partition(":")[0] for header in headers} == {
        "Host",
        "Accept-Encoding",
        "User-Agent",
        "Accept",
        "Connection",
    }


def test_request_is_repeated_until_expected_response(site: Site, prober: LocalCheckRunner, time: Time) -> None:
    site.answers = [answer(503, b"", "Set-Cookie: a=b"), [], answer()]
    assert prober.run_check(probe(site.url, seconds=60), {}) == ""
    assert len(site.requests) == 3
    assert time.slept == [0.5, 1]
    assert not any("cookie" in request.lower() for request in site.requests)


def test_the_pauses_grow_and_end_with_the_time(site: Site, prober: LocalCheckRunner, time: Time) -> None:
    site.answers = [answer(503)]
    assert (
        prober.run_check(probe(site.url, seconds=60), {}) == f"GET {site.url} answered 503, expected 200 (after 59 s)"
    )
    assert time.slept == [0.5, 1, 2, 4, *[5] * 10, 1.5]
    assert len(site.requests) == len(time.slept) + 1


def test_only_the_last_response_is_reported(site: Site, prober: LocalCheckRunner) -> None:
    site.answers = [answer(503), [], answer(404)]
    assert "answered 404, expected 200" in prober.run_check(probe(site.url, seconds=10), {})


def test_last_attempt_may_succeed(site: Site, prober: LocalCheckRunner, time: Time) -> None:
    site.answers = [*[answer(503)] * 5, answer()]
    assert prober.run_check(probe(site.url, seconds=10), {}) == ""
    assert sum(time.slept) == 9


def test_refused_connection_is_reported(prober: LocalCheckRunner) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    url = f"http://127.0.0.1:{port}/"
    assert prober.run_check(probe(url), {}) == f"GET {url} can't be reached: connection refused (after 0 s)"


@pytest.mark.parametrize("host", [f"{'a' * 70}.example", ".example"])
def test_invalid_host_name_is_reported(prober: LocalCheckRunner, host: str) -> None:
    assert "can't be reached: not a host name" in prober.run_check(probe(f"https://{host}"), {})


def test_long_url_is_shortened(prober: LocalCheckRunner) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    assert len(prober.run_check(probe(f"http://127.0.0.1:{port}/{'x' * 5000}"), {})) < 300


DRIPS: dict[str, Callable[[Site], Iterable[bytes]]] = {
    "never": lambda site: site.silent(),
    "with headers that drip": lambda site: site.dripping(b"HTTP/1.1 200 OK\r\nX: ", b"y", b"\r\n\r\nok"),
    "with a body that drips": lambda site: site.dripping(UNTIL_IT_CLOSES, b".", b"ok"),
    "with chunks that drip": lambda site: site.dripping(chunked()[0], b"1\r\n.\r\n", b"2\r\nok\r\n0\r\n\r\n"),
    "with a chunk of which the length drips": lambda site: site.dripping(chunked()[0] + b"2;", b"x", b"\r\nok\r\n"),
}


@pytest.mark.parametrize("answers", DRIPS.values(), ids=DRIPS.keys())
def test_slow_response_times_out(
    site: Site, prober: LocalCheckRunner, answers: Callable[[Site], Iterable[bytes]]
) -> None:
    site.answers = [answers(site)]
    found = prober.run_check(probe(site.url, contains="ok", seconds=0.3), {})
    assert found == f"GET {site.url} did not answer in time (after 0 s)"


def test_slow_tls_handshake_times_out(site: Site, prober: LocalCheckRunner) -> None:
    # The beginning of a long TLS record: whoever reads it waits for the rest.
    site.hasty, site.answers = True, [site.dripping(b"\x16\x03\x03\x3f\xff", b"\x02", b"")]
    url = site.url.replace("http:", "https:")
    assert prober.run_check(probe(url, seconds=0.3), {}) == f"GET {url} did not answer in time (after 0 s)"


@pytest.mark.parametrize("contains", [None, "ok"], ids=["a status", "a text"])
def test_response_matched_in_time_is_enough(site: Site, prober: LocalCheckRunner, contains: str | None) -> None:
    site.answers = [site.dripping(UNTIL_IT_CLOSES + b"ok", b".", b"")]
    assert prober.run_check(probe(site.url, contains=contains), {}) == ""


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def secret(authority: trustme.CA) -> Iterator[Callable[[str], Site]]:
    """Sites behind TLS, with a certificate of the authority for that name."""
    with ExitStack() as stack:

        def open_site(name: str) -> Site:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            authority.issue_cert(name).configure_cert(context)
            site = Site(context)
            site.answers = [answer(200, b"ok")]
            return stack.enter_context(serving(site))

        yield open_site


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority.cert_pem.write_to_path(os.fspath(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", os.fspath(tmp_path / "ca.pem"))


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_trusted_certificate_is_accepted(secret: Callable[[str], Site], prober: LocalCheckRunner, name: str) -> None:
    site = secret(name)
    assert prober.run_check(probe(f"https://{name}:{site.port}", contains="ok"), {}) == ""
    assert f"Host: {name}:{site.port}\r\n" in site.requests[0]


def test_untrusted_certificate_is_refused(secret: Callable[[str], Site], prober: LocalCheckRunner) -> None:
    site = secret("127.0.0.1")
    assert "can't be reached: its certificate is not trusted" in prober.run_check(probe(site.url), {})
    assert site.requests == []


@pytest.mark.usefixtures("trusted")
def test_certificate_of_another_host_is_refused(secret: Callable[[str], Site], prober: LocalCheckRunner) -> None:
    site = secret("shop.example.com")
    assert "its certificate is not trusted (" in prober.run_check(probe(site.url), {})
    assert site.requests == []


def test_https_to_a_plain_http_server_is_reported(site: Site, prober: LocalCheckRunner) -> None:
    site.hasty, site.answers = True, [answer(400)]
    assert "can't be reached: TLS failed (" in prober.run_check(probe(site.url.replace("http:", "https:")), {})


def test_checks_use_no_proxy(site: Site, prober: LocalCheckRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    site.answers = [answer()]
    assert prober.run_check(probe(site.url), {}) == ""
