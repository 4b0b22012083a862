"""The clock of a store: that of its server, or of its file system."""

import os
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

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
    import ssl
    from email.utils import parsedate_to_datetime
    from urllib.error import HTTPError, URLError
    from urllib.parse import urlsplit
    from urllib.request import HTTPRedirectHandler, HTTPSHandler, ProxyHandler, Request, build_opener

    class NoRedirects(HTTPRedirectHandler):
        def redirect_request(self, *_: object, **__: object) -> None:
            return None

    authority = options.get("root_certificate") or options.get("proxy_ca_certificate")
    proxies = {"https": options["proxy_url"]} if "proxy_url" in options and url.startswith("https:") else {}
    host = urlsplit(url).hostname or ""
    names = [name.strip().lstrip(".") for name in options.get("proxy_excludes", "").split(",") if name.strip()]
    if any(name in ("*", host) or host.endswith(f".{name}") for name in names):
        proxies = {}
    try:
        context = ssl.create_default_context(cadata=authority)
        context.load_default_certs()
        opener = build_opener(ProxyHandler(proxies), HTTPSHandler(context=context), NoRedirects())
        with opener.open(Request(url, method="HEAD"), timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 (http or https alone)
            header = answer.headers.get("Date")
    except HTTPError as error:
        header = error.headers.get("Date")
    except (URLError, OSError, ValueError):
        return None
    try:
        # The header is cut to whole seconds: half a second behind on average.
        return parsedate_to_datetime(header).astimezone(UTC) + timedelta(seconds=0.5) if header else None
    except ValueError:
        return None
