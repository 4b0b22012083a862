"""Asks a URL again and again, until it answers as expected or the time is over."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, IncompleteRead
from urllib.parse import SplitResult, quote, urlsplit

from envctl import __version__
from envctl.adapters.checks.context import Asking
from envctl.domain.checks.probes import HttpProbe, excerpt

BODY = 1 << 16
# A fresh deployment may leave one request hanging and answer the next.
_ATTEMPT_SECONDS = 30.0
_LAST_ATTEMPT_SECONDS = 1.0
_SHORTEST = 0.1
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 5.0
_HEADERS = {"User-Agent": f"envctl/{__version__}", "Accept": "*/*", "Connection": "close"}
_REDIRECTS = range(300, 400)


def get(probe: HttpProbe, asking: Asking) -> str:
    began = asking.clock()
    end = began + probe.timeout_seconds
    trusted = ssl.create_default_context()
    pause = _FIRST_PAUSE
    while True:
        problem = _attempt(probe, end, asking, trusted)
        now = asking.clock()
        if not problem or end - now <= _LAST_ATTEMPT_SECONDS:
            return problem and f"GET {excerpt(asking.redact(probe.url))} {problem} (after {now - began:.0f} s)"
        asking.sleep(min(pause, end - now - _LAST_ATTEMPT_SECONDS))
        pause = min(2 * pause, _LONGEST_PAUSE)


def _attempt(probe: HttpProbe, end: float, asking: Asking, trusted: ssl.SSLContext) -> str:
    """Follows no redirect, keeps no cookie and knows no proxy: what answers is what was deployed, or nothing does."""
    until = min(end, asking.clock() + _ATTEMPT_SECONDS)
    url = urlsplit(probe.url)
    connection = _connection(url, trusted)
    host = (connection.host, connection.port)
    try:
        with (
            socket.create_connection(host, _left(asking, until)) as plain,
            _cut_off(plain, _left(asking, until)),
            contextlib.closing(connection),
        ):
            encrypted = url.scheme == "https"
            connection.sock = trusted.wrap_socket(plain, server_hostname=connection.host) if encrypted else plain
            connection.request("GET", _target(url), headers=_HEADERS)
            with connection.getresponse() as response:
                return _unexpected(probe, response, asking)
    except (OSError, HTTPException, ValueError) as error:
        return _reason(error)


def _left(asking: Asking, until: float) -> float:
    return max(until - asking.clock(), _SHORTEST)


def _connection(url: SplitResult, trusted: ssl.SSLContext) -> HTTPConnection:
    if url.scheme == "https":
        return HTTPSConnection(url.hostname or "", url.port or 443, context=trusted)
    return HTTPConnection(url.hostname or "", url.port or 80)


def _target(url: SplitResult) -> str:
    path = quote(url.path or "/", safe="/%:@!$&'()*+,;=~")
    return f"{path}?{quote(url.query, safe='/%:@!$&()*+,;=~?[]')}" if url.query else path


@contextlib.contextmanager
def _cut_off(connection: socket.socket, seconds: float) -> Iterator[None]:
    """Ends the connection when the time is over. A socket's own time-out begins anew with every byte that drips.

    What holds it is a copy: TLS takes the connection itself over.
    """
    over = threading.Event()
    with connection.dup() as held:
        timer = threading.Timer(seconds, _end, (held, over))
        timer.start()
        try:
            yield
        except (OSError, HTTPException):
            if over.is_set():
                raise TimeoutError from None
            raise
        else:
            if over.is_set():
                raise TimeoutError
        finally:
            timer.cancel()
            timer.join()


def _end(connection: socket.socket, over: threading.Event) -> None:
    over.set()
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _unexpected(probe: HttpProbe, response: HTTPResponse, asking: Asking) -> str:
    if response.status != probe.expect_status:
        note = ", a redirect, which is not followed" if response.status in _REDIRECTS else ""
        return f"answered {response.status}{note}, expected {probe.expect_status}"
    if probe.contains and not _holds(response, probe.contains.encode()):
        wanted = excerpt(asking.redact(probe.contains))
        return f'answered {response.status} without "{wanted}" in the first {BODY >> 10} KiB'
    return ""


def _holds(response: HTTPResponse, wanted: bytes) -> bool:
    body = bytearray()
    while wanted not in body:
        # One piece as it comes: to wait until it is all there could take for ever.
        more = response.read1(BODY - len(body)) if len(body) < BODY else b""
        if not more:
            return False
        body += more
    return True


def _reason(error: OSError | HTTPException | ValueError) -> str:
    match error:
        case TimeoutError():
            return "did not answer in time"
        case ssl.SSLCertVerificationError():
            return f"can't be reached: its certificate is not trusted ({error.verify_message})"
        case ssl.SSLError():
            return f"can't be reached: TLS failed ({(error.reason or 'no reason given').lower().replace('_', ' ')})"
        case ConnectionResetError() | BrokenPipeError() | IncompleteRead():
            return "broke off before its answer was complete"
        case OSError():
            return f"can't be reached: {(error.strerror or str(error)).lower()}"
        case ValueError():
            return "can't be reached: that is not the name of a host"
        case HTTPException():
            return "answered something that is not HTTP"
