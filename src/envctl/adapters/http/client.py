"""One HTTP client: bounded in time and size, through the proxies of the environment. It follows no redirect."""

import contextlib
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from typing import TYPE_CHECKING, Any

from envctl import __version__
from envctl.adapters.http.proxies import Proxy, find_proxy, to_proxy

if TYPE_CHECKING:
    from urllib3 import PoolManager
    from urllib3.response import BaseHTTPResponse

Body = bytes | Iterable[bytes] | None
PIECE = 1 << 16


class Failure(Enum):
    """Why a request got no complete response."""

    TIMEOUT = auto()
    UNKNOWN_HOST = auto()
    UNREACHABLE = auto()
    BAD_PROXY = auto()
    BAD_ADDRESS = auto()
    UNTRUSTED = auto()
    NO_TLS = auto()
    NOT_HTTP = auto()
    BROKEN_OFF = auto()
    TOO_LARGE = auto()


class HttpFailedError(Exception):
    """A request got no complete response. `cause` is the exception of the operating system, of TLS or of HTTP."""

    def __init__(self, failure: Failure, cause: BaseException) -> None:
        super().__init__(f"{failure.name}: {cause}")
        self.failure = failure
        self.cause = cause


@dataclass(frozen=True)
class Timeouts:
    """In seconds. `whole` limits a request with its response, but not the sending of a streamed body; 0 is no limit."""

    connect: float
    read: float
    whole: float = 0.0


class HttpClient:
    """Keeps connections, a pool for each proxy; threads may share it. `environ` names proxies; None ignores them.
    `load_trust` reads the certificate authorities, once TLS needs them. `connections` is how many to one host are
    kept. `server_name` is the name in the certificate of the server, where it is not the host. `proxy_url` is used in
    place of the proxies of `environ`.
    """

    def __init__(
        self,
        environ: Mapping[str, str] | None,
        load_trust: Callable[[], ssl.SSLContext] = ssl.create_default_context,
        *,
        connections: int = 1,
        server_name: str = "",
        proxy_url: str = "",
    ) -> None:
        self._environ = environ
        self._load_trust = load_trust
        self._own_proxy = to_proxy(proxy_url) if proxy_url else None
        self._pool_options: dict[str, Any] = {"maxsize": connections, "server_hostname": server_name or None}
        self._lock = threading.Lock()
        self._pools: dict[tuple[Proxy | None, bool], PoolManager] = {}

    @contextlib.contextmanager
    def send_request(
        self, method: str, url: str, headers: Mapping[str, str], body: Body, timeouts: Timeouts
    ) -> "Iterator[BaseHTTPResponse]":
        """Send a request and yield the response before its body was read. Raises HttpFailedError."""
        from http.client import HTTPException

        from urllib3 import Timeout
        from urllib3.exceptions import HTTPError

        response = None
        with _Deadline(timeouts.whole) as deadline:
            if body is None or isinstance(body, bytes):
                deadline.start_timer()
            try:
                response = self._find_pool(url).urlopen(
                    method,
                    url,
                    redirect=False,
                    headers={"User-Agent": f"envctl/{__version__}", **headers},
                    body=body,
                    retries=False,
                    timeout=Timeout(connect=timeouts.connect, read=timeouts.read),
                    preload_content=False,
                    decode_content=False,
                )
                deadline.start_timer()
                yield response
            except (HTTPError, HTTPException, OSError) as error:
                if deadline.over.is_set():
                    raise HttpFailedError(Failure.TIMEOUT, error) from None
                raise _describe_failure(error) from None
            else:
                if deadline.over.is_set():
                    raise HttpFailedError(Failure.TIMEOUT, TimeoutError())
            finally:
                if response is not None:
                    # A connection with an unread rest can't be used again.
                    complete = response.closed or response.length_remaining == 0
                    reusable = complete and headers.get("Connection") != "close"
                    response.release_conn() if reusable else response.close()

    def _find_pool(self, url: str) -> "PoolManager":
        environ = self._environ
        proxy = self._own_proxy or (None if environ is None else find_proxy(url, environ))
        has_tls = proxy is not None or not url.startswith("http:")
        with self._lock:
            if (proxy, has_tls) not in self._pools:
                self._pools[proxy, has_tls] = self._build_pool(proxy, self._load_trust() if has_tls else None)
            return self._pools[proxy, has_tls]

    def _build_pool(self, proxy: Proxy | None, trusted: ssl.SSLContext | None) -> "PoolManager":
        from urllib3 import PoolManager, ProxyManager

        manager = (
            ProxyManager(proxy.url, proxy_headers=proxy.headers, ssl_context=trusted, **self._pool_options)
            if proxy
            else PoolManager(ssl_context=trusted, **self._pool_options)
        )
        manager.pool_classes_by_scheme = _load_pool_classes()
        return manager


def read_body(response: "BaseHTTPResponse", most: int) -> bytes:
    """Return the whole body. Raises HttpFailedError if it is larger than `most` bytes."""
    body = bytearray()
    # Piece by piece: a body that drips must not hide how large it is.
    while piece := response.read1(PIECE, decode_content=False):
        body += piece
        if len(body) > most:
            raise HttpFailedError(Failure.TOO_LARGE, ValueError(f"more than {most} bytes"))
    return bytes(body)


class _Deadline:
    """Shuts the connection down when the time is over: the time-out of a socket begins anew with every byte."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.over = threading.Event()
        self._sockets: list[socket.socket] = []
        self._timer: threading.Timer | None = None

    def start_timer(self) -> None:
        if self._seconds and self._timer is None:
            self._timer = threading.Timer(self._seconds, self._close_sockets)
            self._timer.start()

    def add_socket(self, connection: socket.socket) -> None:
        # A copy: TLS takes the connection itself over.
        self._sockets.append(socket.socket(fileno=os.dup(connection.fileno())))
        if self.over.is_set():
            self._close_sockets()

    def __enter__(self) -> "_Deadline":
        self._outer = _DEADLINE.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        _DEADLINE.reset(self._outer)
        if self._timer:
            self._timer.cancel()
            self._timer.join()
        for each in self._sockets:
            each.close()

    def _close_sockets(self) -> None:
        self.over.set()
        for each in self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


_DEADLINE: ContextVar[_Deadline | None] = ContextVar("_DEADLINE", default=None)


@cache
def _load_pool_classes() -> dict[str, Any]:
    """Return urllib3's pools, with connections that tell the deadline of their sockets."""
    from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
    from urllib3.connection import HTTPConnection, HTTPSConnection

    def watch_socket(connection: socket.socket | None) -> None:
        if (deadline := _DEADLINE.get()) is not None and connection is not None:
            deadline.add_socket(connection)

    class WatchedConnection(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            watch_socket(made := super()._new_conn())
            return made

        def request(self, *words: Any, **named: Any) -> None:  # noqa: ANN401 (as urllib3 has it)
            watch_socket(self.sock)
            super().request(*words, **named)

    class WatchedTlsConnection(WatchedConnection, HTTPSConnection):
        pass

    class Pool(HTTPConnectionPool):
        ConnectionCls = WatchedConnection

    class TlsPool(HTTPSConnectionPool):
        ConnectionCls = WatchedTlsConnection

    return {"http": Pool, "https": TlsPool}


def _describe_failure(error: Exception) -> HttpFailedError:
    from http.client import HTTPException, IncompleteRead

    from urllib3 import exceptions as known

    cause = _find_cause(error)
    # The first that fits: some of these are kinds of later ones.
    by_error = (
        (known.ProxyError, Failure.BAD_PROXY),
        ((known.LocationValueError, known.URLSchemeUnknown), Failure.BAD_ADDRESS),
        (known.NameResolutionError, Failure.UNKNOWN_HOST),
        (known.NewConnectionError, Failure.UNREACHABLE),
        (known.TimeoutError, Failure.TIMEOUT),
    )
    by_cause = (
        (TimeoutError, Failure.TIMEOUT),
        (ssl.SSLCertVerificationError, Failure.UNTRUSTED),
        (ssl.SSLError, Failure.NO_TLS),
        ((ConnectionError, IncompleteRead), Failure.BROKEN_OFF),
        (HTTPException, Failure.NOT_HTTP),
        (known.ProtocolError, Failure.BROKEN_OFF),
    )
    kinds = [kind for types, kind in by_error if isinstance(error, types)]
    kinds += [kind for types, kind in by_cause if isinstance(cause, types)]
    return HttpFailedError(kinds[0] if kinds else Failure.UNREACHABLE, cause)


def _find_cause(error: BaseException) -> BaseException:
    """Return the exception that urllib3 wrapped, be it as an argument or as a cause."""
    for inner in (*error.args, error.__cause__):
        if isinstance(inner, BaseException) and inner is not error:
            return _find_cause(inner)
    return error
