"""HTTP for registries: limits of time, size and attempts, and HTTPS everywhere but on this machine."""

import contextlib
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urljoin, urlsplit

from envctl.adapters.http.client import Body, Failure, HttpClient, HttpFailedError, Timeouts, read_body
from envctl.adapters.http.retry import TemporaryError, read_wanted_pause, retry
from envctl.adapters.registry.failures import response_error, unreachable_error
from envctl.domain.images.image_reference import is_loopback, parse_ecr_registry
from envctl.domain.images.manifest import MAX_MANIFEST_BYTES

if TYPE_CHECKING:
    from urllib3.response import BaseHTTPResponse

T = TypeVar("T")

CONNECT_SECONDS, READ_SECONDS, WHOLE_SECONDS, ATTEMPTS = 5.0, 30.0, 60.0, 4
LONGEST_PAUSE, REDIRECTS = 10.0, 4
PIECE = 1 << 20
_READS = frozenset({"GET", "HEAD"})
_BUSY = frozenset({408, 429, 500, 502, 503, 504})
_MOVED = frozenset({301, 302, 303, 307, 308})
_REASONS = {
    Failure.TIMEOUT: "did not answer in time",
    Failure.UNKNOWN_HOST: "has an unknown host name",
    Failure.BAD_PROXY: "can't be reached through the proxy",
    Failure.BROKEN_OFF: "broke off before its answer was complete",
    Failure.NOT_HTTP: "broke off before its answer was complete",
}


@dataclass(frozen=True)
class Answer:
    """A response. `url` is the last one after redirects."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


@dataclass(frozen=True)
class Limits:
    """Limits in seconds, and the number of `attempts`. `whole` limits a request with its body, except for layers."""

    connect: float = CONNECT_SECONDS
    read: float = READ_SECONDS
    whole: float = WHOLE_SECONDS
    attempts: int = ATTEMPTS


class Transport:
    """The connection to one registry. `environ` names proxies and certificates."""

    def __init__(
        self, registry: str, environ: Mapping[str, str], limits: Limits, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.registry = registry
        self._client = HttpClient(environ, lambda: _load_trust(registry, environ))
        self._limits = limits
        self._sleep = sleep

    def send_request(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Send a request, again if the registry is busy or breaks off. Raises OperationFailedError."""
        return self.retry_attempt(lambda: self.send_once(method, url, headers, body))

    def send_once(self, method: str, url: str, headers: Mapping[str, str], body: Body) -> Answer:
        """Send a request. Raises TemporaryError if another attempt may succeed."""
        with self._open_response(method, url, headers, body, self._limits.whole) as (response, where):
            data = b"" if method == "HEAD" else read_body(response, MAX_MANIFEST_BYTES)
            return Answer(response.status, response.headers, data, where)

    @contextlib.contextmanager
    def stream_body(self, url: str, headers: Mapping[str, str]) -> "Iterator[tuple[int, Iterator[bytes]]]":
        """Yield the status, and the body in pieces. Raises TemporaryError."""
        with self._open_response("GET", url, headers, None, 0.0) as (response, _):
            yield response.status, response.stream(PIECE, decode_content=False)

    def retry_attempt(self, attempt: Callable[[], T]) -> T:
        return retry(attempt, self._limits.attempts, longest=LONGEST_PAUSE, sleep=self._sleep)

    def require_https(self, url: str) -> None:
        """Raise OperationFailedError for a URL without HTTPS, except of a registry on this machine."""
        try:
            parts = urlsplit(url)
            is_local = parts.scheme == "http" and is_loopback(self.registry) and is_loopback(parts.netloc)
            is_safe = bool(parts.hostname) and "@" not in parts.netloc and (parts.scheme == "https" or is_local)
        except ValueError:
            is_safe = False
        if not is_safe:
            raise response_error(self.registry, f"it redirects to {url.partition('?')[0]}, not to https")

    @contextlib.contextmanager
    def _open_response(
        self, method: str, url: str, headers: Mapping[str, str], body: Body, whole: float
    ) -> "Iterator[tuple[BaseHTTPResponse, str]]":
        """Yield the response and its URL, after the redirects of a reading request."""
        limits, sent = self._limits, dict(headers)
        timeouts = Timeouts(limits.connect, limits.read, whole)
        try:
            for _ in range(REDIRECTS + 1):
                self.require_https(url)
                with self._client.send_request(method, url, sent, body, timeouts) as response:
                    location = response.headers.get("Location")
                    if response.status in _BUSY:
                        busy = unreachable_error(self.registry, f"answers {response.status}")
                        raise TemporaryError(busy, read_wanted_pause(response.headers))
                    if response.status not in _MOVED or method not in _READS or not location:
                        yield response, url
                        return
                    # A server may close the connection after a redirect.
                    response.close()
                further = urljoin(url, location)
                if parse_origin(further) != parse_origin(url):
                    # The storage behind a registry is another party: the credentials are not for it.
                    sent.pop("Authorization", None)
                url = further
        except HttpFailedError as error:
            raise self._to_error(error) from None
        raise response_error(self.registry, "too many redirects")

    def _to_error(self, error: HttpFailedError) -> Exception:
        match error.failure:
            case Failure.TOO_LARGE:
                return response_error(self.registry, f"it is larger than {MAX_MANIFEST_BYTES >> 20} MiB")
            case Failure.UNTRUSTED:
                return unreachable_error(self.registry, "has a certificate that is not trusted")
            case Failure.BAD_ADDRESS:
                return unreachable_error(self.registry, "or its proxy has an invalid address")
            case other:
                return TemporaryError(unreachable_error(self.registry, _REASONS.get(other, "can't be reached")))


def _load_trust(registry: str, environ: Mapping[str, str]) -> ssl.SSLContext:
    trusted = ssl.create_default_context()
    if parse_ecr_registry(registry) and (bundle := environ.get("AWS_CA_BUNDLE")):
        trusted.load_verify_locations(bundle)
    return trusted


def parse_origin(url: str) -> tuple[str, str]:
    """Return the scheme and the host of a URL: credentials go to one origin only."""
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()
