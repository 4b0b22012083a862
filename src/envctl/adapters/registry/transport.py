"""HTTP as registries need it: bounded in time, size and tries, and never in the clear but on this machine."""

import contextlib
import random
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urljoin, urlsplit

from envctl import __version__
from envctl.adapters.http.proxies import Proxy, proxy
from envctl.adapters.registry.failures import BrokenError, unreachable, wrong
from envctl.domain.images.image_reference import ecr, on_loopback
from envctl.domain.images.manifest import LARGEST

if TYPE_CHECKING:
    from urllib3 import PoolManager
    from urllib3.response import BaseHTTPResponse

T = TypeVar("T")

CONNECT_SECONDS, READ_SECONDS, WHOLE_SECONDS, ATTEMPTS = 5.0, 30.0, 60.0, 4
LONGEST_PAUSE, REDIRECTS = 10.0, 4
PIECE = 1 << 20
_AGAIN = frozenset({408, 429, 500, 502, 503, 504})
_READS = frozenset({"GET", "HEAD"})
_MOVED = frozenset({301, 302, 303, 307, 308})


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
        self,
        registry: str,
        environ: Mapping[str, str],
        limits: Limits,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.registry = registry
        self._environ = environ
        self._limits = limits
        self._sleep = sleep
        self._clock = clock
        self._pools: dict[Proxy | None, PoolManager] = {}

    def ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Some times, where it is busy or breaks off. Raises OperationFailedError."""
        return self.persist(lambda: self.once(method, url, headers, body))

    def once(self, method: str, url: str, headers: Mapping[str, str], body: bytes | Iterable[bytes] | None) -> Answer:
        """Raises BrokenError where the next try may fare better."""
        with self._opened(method, url, headers, body) as (response, where):
            self._demand_time(response)
            data = b"" if method == "HEAD" else self._whole(response)
            return Answer(response.status, response.headers, data, where)

    @contextlib.contextmanager
    def stream(self, url: str, headers: Mapping[str, str]) -> "Iterator[tuple[int, Iterator[bytes]]]":
        """A status, and the body piece by piece. Raises BrokenError."""
        with self._opened("GET", url, headers, None) as (response, _):
            self._demand_time(response)
            yield response.status, response.stream(PIECE, decode_content=False)

    def persist(self, attempt: Callable[[], T]) -> T:
        pause = 0.5
        for left in range(self._limits.attempts - 1, -1, -1):
            try:
                return attempt()
            except BrokenError as error:
                if not left:
                    raise error.last from None
                # With jitter: who was refused together shall not come back together.
                self._sleep(min(error.pause or pause * random.uniform(0.75, 1.25), LONGEST_PAUSE))  # noqa: S311
                pause *= 2
        raise AssertionError("there is one attempt at least")

    def allowed(self, url: str) -> str:
        """The URL. Raises OperationFailedError where something would be sent in the clear over a network."""
        try:
            parts = urlsplit(url)
            here = parts.scheme == "http" and on_loopback(self.registry) and on_loopback(parts.netloc)
            fine = bool(parts.hostname) and "@" not in parts.netloc and (parts.scheme == "https" or here)
        except ValueError:
            fine = False
        if not fine:
            raise wrong(self.registry, f"it leads to {url.partition('?')[0]}, which is not https")
        return url

    @contextlib.contextmanager
    def _opened(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | Iterable[bytes] | None
    ) -> "Iterator[tuple[BaseHTTPResponse, str]]":
        from urllib3.exceptions import HTTPError

        response = None
        try:
            response, where = self._follow(method, url, headers, body)
            yield response, where
        except (HTTPError, OSError) as error:
            raise self._told(error) from None
        finally:
            if response is not None:
                # What was not read to its end can't be used again.
                response.close() if response.length_remaining else response.release_conn()

    def _follow(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | Iterable[bytes] | None
    ) -> "tuple[BaseHTTPResponse, str]":
        sent = dict(headers)
        for _ in range(REDIRECTS + 1):
            response = self._send(method, self.allowed(url), sent, body)
            location = response.headers.get("Location")
            if response.status not in _MOVED or method not in _READS or not location:
                return response, url
            response.close()
            further = urljoin(url, location)
            if origin(further) != origin(url):
                # The storage behind a registry is somebody else, whom the credentials are not for.
                sent.pop("Authorization", None)
            url = further
        raise wrong(self.registry, "it leads from one place to the next, and never to an end")

    def _send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | Iterable[bytes] | None
    ) -> "BaseHTTPResponse":
        agent = {"User-Agent": f"envctl/{__version__}"}
        return self._pool(url).urlopen(
            method,
            url,
            redirect=False,
            headers=agent | dict(headers),
            body=body,
            retries=False,
            preload_content=False,
            decode_content=False,
        )

    def _pool(self, url: str) -> "PoolManager":
        way = proxy(url, self._environ)
        if way not in self._pools:
            self._pools[way] = self._made(way)
        return self._pools[way]

    def _made(self, way: Proxy | None) -> "PoolManager":
        from urllib3 import PoolManager, ProxyManager, Timeout

        trusted = ssl.create_default_context()
        if ecr(self.registry) and (bundle := self._environ.get("AWS_CA_BUNDLE")):
            trusted.load_verify_locations(bundle)
        timeout = Timeout(connect=self._limits.connect, read=self._limits.read)
        if way is None:
            return PoolManager(ssl_context=trusted, timeout=timeout)
        return ProxyManager(way.url, proxy_headers=way.headers, ssl_context=trusted, timeout=timeout)

    def _whole(self, response: "BaseHTTPResponse") -> bytes:
        until, body = self._clock() + self._limits.whole, bytearray()
        # Piece by piece as it comes: what drips would outlast the time-out of a socket, which begins anew each time.
        while piece := response.read1(1 << 16, decode_content=False):
            body += piece
            if len(body) > LARGEST:
                raise wrong(self.registry, f"it is larger than {LARGEST >> 20} MiB")
            if self._clock() > until:
                raise self._broken("did not answer in time")
        return bytes(body)

    def _broken(self, why: str, pause: float = 0.0) -> BrokenError:
        return BrokenError(unreachable(self.registry, why), pause)

    def _demand_time(self, response: "BaseHTTPResponse") -> None:
        if response.status in _AGAIN:
            wanted = response.headers.get("Retry-After", "")
            pause = float(wanted) if wanted.isascii() and wanted.isdigit() else 0.0
            raise self._broken(f"answers {response.status}", pause)

    def _told(self, error: Exception) -> Exception:
        from urllib3 import exceptions as known

        match error:
            case known.SSLError() if "CERTIFICATE_VERIFY_FAILED" in str(error):
                return unreachable(self.registry, "has a certificate that is not trusted")
            case known.NameResolutionError():
                return self._broken("has a name that nobody knows")
            case known.NewConnectionError():
                return self._broken("can't be reached")
            case known.ConnectTimeoutError() | known.ReadTimeoutError() | TimeoutError():
                return self._broken("did not answer in time")
            case known.ProxyError():
                return self._broken("can't be reached through the proxy")
            case known.ProtocolError() | ConnectionError():
                return self._broken("broke off before its answer was complete")
            case known.LocationValueError() | known.URLSchemeUnknown():
                return unreachable(self.registry, "or its proxy has an address that is none")
            case _:
                return self._broken("can't be reached")


def origin(url: str) -> tuple[str, str]:
    """Whom one speaks to."""
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()
