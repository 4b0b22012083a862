"""The clock of a store: that of its server, or of its file system."""

import os
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import SplitResult

from envctl.adapters.http.proxies import to_proxy
from envctl.domain.text.urls import split_url

if TYPE_CHECKING:
    from http.client import HTTPConnection

TIMEOUT_SECONDS = 5
"""Timeout of the response. Without one, the local clock counts."""


class StoreClock:
    """Fetches the time once and then counts elapsed seconds, unaffected by changes of the local clock."""

    def __init__(self, ask: Callable[[], datetime | None]) -> None:
        self._ask = ask
        self._asked: Future[tuple[datetime, float] | None] | None = None
        self._is_needed = threading.Event()

    def prefetch(self, delay: float = 0.0) -> None:
        """Start to fetch the time after `delay` seconds, without waiting."""
        if self._asked is None:
            pool = ThreadPoolExecutor(1)
            self._asked = pool.submit(self._measure_time, delay)
            pool.shutdown(wait=False)

    def now(self) -> datetime | None:
        self._is_needed.set()
        self.prefetch()
        measured = self._asked.result() if self._asked else None
        return measured[0] + timedelta(seconds=_uptime_seconds() - measured[1]) if measured else None

    def _measure_time(self, delay: float) -> tuple[datetime, float] | None:
        if delay:
            self._is_needed.wait(delay)
        began = _uptime_seconds()
        answer = self._ask()
        return (answer, (began + _uptime_seconds()) / 2) if answer else None


def _uptime_seconds() -> float:
    """Return seconds including sleep, if the system counts those."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def read_folder_time(folder: Path) -> datetime | None:
    """Return the modification time of a new file; on a network share, the server's time."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"now")
            file.flush()
            return datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
    except OSError:
        return None


def read_server_time(url: str, options: Mapping[str, str]) -> datetime | None:
    """Return the `Date` header of an unauthenticated request: refusals have one too. `options` are those of obstore."""
    from email.utils import parsedate_to_datetime
    from http.client import HTTPException

    server, connection = split_url(url), None
    try:
        connection = _open_connection(server, options)
        connection.request("HEAD", server.path or "/")
        header = connection.getresponse().headers.get("Date")
    except (HTTPException, OSError, ValueError):
        return None
    finally:
        if connection:
            connection.close()
    try:
        # The header is cut to whole seconds: half a second behind on average.
        return parsedate_to_datetime(header).astimezone(UTC) + timedelta(seconds=0.5) if header else None
    except ValueError:
        return None


def _open_connection(server: SplitResult, options: Mapping[str, str]) -> "HTTPConnection":
    from http.client import HTTPConnection, HTTPSConnection

    if server.scheme != "https":
        return HTTPConnection(server.netloc, timeout=TIMEOUT_SECONDS)
    import ssl

    # Reading the authorities of the system may take 3 MiB and 25 ms, each time. A proxy with an authority of its own
    # signs all that it passes on.
    context = ssl.create_default_context(cadata=options.get("root_certificate", options.get("proxy_ca_certificate")))
    if "root_certificate" in options:
        context.load_default_certs()
    host = server.hostname or ""
    names = [name.strip().lstrip(".") for name in options.get("proxy_excludes", "").split(",") if name.strip()]
    is_direct = any(name in ("*", host) or host.endswith(f".{name}") for name in names)
    proxy = None if is_direct or "proxy_url" not in options else to_proxy(options["proxy_url"])
    first = split_url(proxy.url).netloc.rpartition("@")[2] if proxy else server.netloc
    connection = HTTPSConnection(first, context=context, timeout=TIMEOUT_SECONDS)
    if proxy:
        connection.set_tunnel(server.netloc, headers=proxy.headers)
    return connection
