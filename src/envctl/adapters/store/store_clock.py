"""The clock of a store: that of the server which answers, or of the file system which writes."""

import os
import ssl
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

SECONDS = 5
"""So long is an answer waited for. Without one, the clock of this machine counts."""


class StoreClock:
    """Asked once for the time; from then on the seconds are counted that pass, whatever becomes of the machine's clock
    meanwhile.
    """

    def __init__(self, ask: Callable[[], datetime | None]) -> None:
        self._ask = ask
        self._asked: Future[tuple[datetime, float] | None] | None = None

    def foresee(self) -> None:
        """Begins to ask, and does not wait for the answer."""
        if self._asked is None:
            pool = ThreadPoolExecutor(1)
            self._asked = pool.submit(self._hear)
            pool.shutdown(wait=False)

    def now(self) -> datetime | None:
        self.foresee()
        heard = self._asked.result() if self._asked else None
        return heard[0] + timedelta(seconds=_uptime() - heard[1]) if heard else None

    def _hear(self) -> tuple[datetime, float] | None:
        began = _uptime()
        told = self._ask()
        return (told, (began + _uptime()) / 2) if told else None


def _uptime() -> float:
    """Seconds that pass while the machine sleeps, too, where the system counts those."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def time_of_folder(folder: Path) -> datetime | None:
    """When the file system says that a file was written just now; on a share that is the server's time."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"now")
            file.flush()
            return datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
    except OSError:
        return None


def time_of_server(url: str, options: Mapping[str, str]) -> datetime | None:
    """The `Date` of whatever the server answers to who is nobody: also a refusal has one. `options` are those of
    obstore.
    """
    from email.utils import parsedate_to_datetime
    from urllib.error import HTTPError, URLError
    from urllib.request import HTTPRedirectHandler, HTTPSHandler, ProxyHandler, Request, build_opener

    class Stays(HTTPRedirectHandler):
        def redirect_request(self, *_: object, **__: object) -> None:
            return None

    authority = options.get("root_certificate") or options.get("proxy_ca_certificate")
    proxies = {"https": options["proxy_url"]} if "proxy_url" in options and url.startswith("https:") else {}
    if _is_excepted(url, options.get("proxy_excludes", "")):
        proxies = {}
    try:
        context = ssl.create_default_context(cadata=authority)
        context.load_default_certs()
        opener = build_opener(ProxyHandler(proxies), HTTPSHandler(context=context), Stays())
        with opener.open(Request(url, method="HEAD"), timeout=SECONDS) as answer:  # noqa: S310 (http or https alone)
            said = answer.headers.get("Date")
    except HTTPError as error:
        said = error.headers.get("Date")
    except (URLError, OSError, ValueError):
        return None
    try:
        # A header that counts whole seconds is half a second behind, on the average.
        return parsedate_to_datetime(said).astimezone(UTC) + timedelta(seconds=0.5) if said else None
    except ValueError:
        return None


def _is_excepted(url: str, excepted: str) -> bool:
    from urllib.parse import urlsplit

    host = urlsplit(url).hostname or ""
    names = [name.strip().lstrip(".") for name in excepted.split(",") if name.strip()]
    return any(name in ("*", host) or host.endswith(f".{name}") for name in names)
