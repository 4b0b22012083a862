"""HTTP as registries need it: bounded in time, size and tries, and never in the clear but on this machine."""

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
    Failure.UNKNOWN_HOST: "has a name that nobody knows",
    Failure.BAD_PROXY: "can't be reached through the proxy",
    Failure.BROKEN_OFF: "broke off before its answer was complete",
    Failure.NOT_HTTP: "broke off before its answer was complete",
}


@dataclass(frozen=True)
class Answer:
    """`url` is what answered in the end."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str


@dataclass(frozen=True)
class Limits:
    """In seconds, but for the number of `attempts`. `whole` is for what is read at once: anything but layers."""

    connect: float = CONNECT_SECONDS
    read: float = READ_SECONDS
    whole: float = WHOLE_SECONDS
    attempts: int = ATTEMPTS


class Transport:
    """To one registry. `environ` names proxies and certificates."""

    def __init__(
        self, registry: str, environ: Mapping[str, str], limits: Limits, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.registry = registry
        self._client = HttpClient(environ, lambda: _trust(registry, environ))
        self._limits = limits
        self._sleep = sleep

    def ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Some times, where it is busy or breaks off. Raises OperationFailedError."""
        return self.persist(lambda: self.once(method, url, headers, body))

    def once(self, method: str, url: str, headers: Mapping[str, str], body: Body) -> Answer:
        """Raises TemporaryError where the next try may fare better."""
        with self._open(method, url, headers, body, self._limits.whole) as (response, where):
            data = b"" if method == "HEAD" else read_body(response, MAX_MANIFEST_BYTES)
            return Answer(response.status, response.headers, data, where)

    @contextlib.contextmanager
    def stream(self, url: str, headers: Mapping[str, str]) -> "Iterator[tuple[int, Iterator[bytes]]]":
        """A status, and the body piece by piece. Raises TemporaryError."""
        with self._open("GET", url, headers, None, 0.0) as (response, _):
            yield response.status, response.stream(PIECE, decode_content=False)

    def persist(self, attempt: Callable[[], T]) -> T:
        return retry(attempt, self._limits.attempts, longest=LONGEST_PAUSE, sleep=self._sleep)

    def allowed(self, url: str) -> str:
        """The URL. Raises OperationFailedError where something would be sent in the clear over a network."""
        try:
            parts = urlsplit(url)
            here = parts.scheme == "http" and is_loopback(self.registry) and is_loopback(parts.netloc)
            fine = bool(parts.hostname) and "@" not in parts.netloc and (parts.scheme == "https" or here)
        except ValueError:
            fine = False
        if not fine:
            raise response_error(self.registry, f"it leads to {url.partition('?')[0]}, which is not https")
        return url

    @contextlib.contextmanager
    def _open(
        self, method: str, url: str, headers: Mapping[str, str], body: Body, whole: float
    ) -> "Iterator[tuple[BaseHTTPResponse, str]]":
        """Follow redirects of what only reads. The yielded URL is the last one."""
        limits, sent = self._limits, dict(headers)
        timeouts = Timeouts(limits.connect, limits.read, whole)
        try:
            for _ in range(REDIRECTS + 1):
                with self._client.send_request(method, self.allowed(url), sent, body, timeouts) as response:
                    location = response.headers.get("Location")
                    if response.status in _BUSY:
                        raise self._broken(f"answers {response.status}", read_wanted_pause(response.headers))
                    if response.status not in _MOVED or method not in _READS or not location:
                        yield response, url
                        return
                    # A server may close the connection after a redirect.
                    response.close()
                further = urljoin(url, location)
                if origin(further) != origin(url):
                    # The storage behind a registry is another party: the credentials are not for it.
                    sent.pop("Authorization", None)
                url = further
        except HttpFailedError as error:
            raise self._explain(error) from None
        raise response_error(self.registry, "it leads from one place to the next, and never to an end")

    def _broken(self, why: str, pause: float = 0.0) -> TemporaryError:
        return TemporaryError(unreachable_error(self.registry, why), pause)

    def _explain(self, error: HttpFailedError) -> Exception:
        match error.failure:
            case Failure.TOO_LARGE:
                return response_error(self.registry, f"it is larger than {MAX_MANIFEST_BYTES >> 20} MiB")
            case Failure.UNTRUSTED:
                return unreachable_error(self.registry, "has a certificate that is not trusted")
            case Failure.BAD_ADDRESS:
                return unreachable_error(self.registry, "or its proxy has an address that is none")
            case other:
                return self._broken(_REASONS.get(other, "can't be reached"))


def _trust(registry: str, environ: Mapping[str, str]) -> ssl.SSLContext:
    trusted = ssl.create_default_context()
    if parse_ecr_registry(registry) and (bundle := environ.get("AWS_CA_BUNDLE")):
        trusted.load_verify_locations(bundle)
    return trusted


def origin(url: str) -> tuple[str, str]:
    """Whom one speaks to."""
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()
