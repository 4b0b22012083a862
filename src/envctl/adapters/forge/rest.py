"""What the REST APIs of forges have in common: bounded waiting, second attempts, pages, and how a refusal is told."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from envctl import __version__
from envctl.adapters.http.proxies import proxy
from envctl.domain.errors import OperationFailedError, Problem

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

CONNECT_SECONDS, READ_SECONDS, ATTEMPTS = 5.0, 20.0, 3
# Busy, or throttled for a moment. What is sent twice because its answer got lost would be a second comment: not tried.
_AGAIN = (429, 502, 503, 504)
_NEXT = re.compile(r'<([^>]+)>;\s*rel="next"')
PAGE = 100
PAGES = 50
"""At most: five thousand comments."""


@dataclass(frozen=True)
class Rest:
    """Raises OperationFailedError with E036 where the forge does not do what it is asked for. `forge` and `of` say who
    that is and whose part of it, `hints` what helps, by status. `environ` names proxies, and `authorities` a file of
    certificates; `patience` and `pause` are in seconds.
    """

    forge: str
    of: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    hints: Mapping[int, str]
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    authorities: str = ""
    patience: float = READ_SECONDS
    pause: float = 0.5

    def listed(self, path: str) -> Iterator[dict[str, Any]]:
        """Of all pages."""
        url = f"{self._top}/{path}{'&' if '?' in path else '?'}per_page={PAGE}"
        for _ in range(PAGES):
            answer = self._send("GET", url)
            found = _read(answer.data)
            yield from (each for each in found if isinstance(each, dict)) if isinstance(found, list) else ()
            following = _NEXT.search(answer.headers.get("Link", ""))
            # Nowhere else is shown the token.
            if following is None or not following[1].startswith(f"{self._top}/"):
                return
            url = following[1]

    def got(self, path: str) -> dict[str, Any]:
        """Empty where the answer is no object."""
        found = _read(self._send("GET", f"{self._top}/{path}").data)
        return found if isinstance(found, dict) else {}

    def ask(self, method: str, path: str, body: Mapping[str, object]) -> None:
        self._send(method, f"{self._top}/{path}", body)

    @property
    def _top(self) -> str:
        return self.url.rstrip("/")

    def _send(self, method: str, url: str, body: Mapping[str, object] | None = None) -> "BaseHTTPResponse":
        from urllib3.exceptions import HTTPError

        headers = {"User-Agent": f"envctl/{__version__}", **self.headers}
        try:
            answer = self._pool.request(method, url, headers=headers, json=body, redirect=False)
        except HTTPError as error:
            raise self._failed(f"can't be reached ({type(error).__name__})", "try again in a minute") from error
        if answer.status >= 300:  # noqa: PLR2004
            otherwise = f"see what {self.forge} says of it; the command itself has done what it says"
            said = f"answers {answer.status}{_reason(_read(answer.data))}"
            raise self._failed(said, self.hints.get(answer.status, otherwise))
        return answer

    @cached_property
    def _pool(self) -> "PoolManager":
        from urllib3 import PoolManager, ProxyManager, Retry, Timeout

        retries = Retry(
            ATTEMPTS, status_forcelist=_AGAIN, allowed_methods={"GET"}, backoff_factor=self.pause, raise_on_status=False
        )
        limits: dict[str, Any] = {"retries": retries, "timeout": Timeout(connect=CONNECT_SECONDS, read=self.patience)}
        if self.authorities:
            limits["ca_certs"] = self.authorities
        way = proxy(self.url, self.environ)
        return ProxyManager(way.url, proxy_headers=way.headers, **limits) if way else PoolManager(**limits)

    def _failed(self, why: str, hint: str) -> OperationFailedError:
        return OperationFailedError(Problem("E036", f"{self.forge} ({self.of}) {why}", hint))


def _read(data: bytes) -> object:
    try:
        return json.loads(data)
    except ValueError:
        return None


def _reason(said: object) -> str:
    """GitHub and GitLab say it in a `message`; where GitLab turns a token away, or a field down, otherwise."""
    if not isinstance(said, dict):
        return ""
    told = said.get("message") or said.get("error_description") or said.get("error")
    return f": {str(told).splitlines()[0][:200]}" if told else ""
