"""What the REST APIs of forges have in common: bounded waiting, second attempts, pages, and how a refusal is told."""

import json
import re
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from envctl.adapters.http.client import Failure, HttpClient, HttpFailedError, Timeouts, read_body
from envctl.adapters.http.retry import TemporaryError, read_wanted_pause, retry
from envctl.domain.errors import OperationFailedError, Problem

CONNECT_SECONDS, READ_SECONDS, WHOLE_SECONDS, ATTEMPTS = 5.0, 20.0, 60.0, 4
LARGEST = 32 << 20
# Busy, or throttled for a moment. What is sent twice because its answer got lost would be a second comment: not tried.
_AGAIN = (429, 502, 503, 504)
_NEXT = re.compile(r'<([^>]+)>;\s*rel="next"')
PAGE = 100
PAGES = 50
"""At most: five thousand comments."""


_REASONS = {
    Failure.TIMEOUT: "no answer in time",
    Failure.UNKNOWN_HOST: "unknown host",
    Failure.BAD_PROXY: "no connection to the proxy",
    Failure.BAD_ADDRESS: "invalid address",
    Failure.UNTRUSTED: "its certificate is not trusted",
    Failure.NO_TLS: "no TLS",
    Failure.NOT_HTTP: "no HTTP",
    Failure.BROKEN_OFF: "the connection broke off",
    Failure.TOO_LARGE: "the answer is too large",
}


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    data: bytes


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
        url = f"{self.url}/{path}{'&' if '?' in path else '?'}per_page={PAGE}"
        for _ in range(PAGES):
            answer = self._send("GET", url)
            found = _read(answer.data)
            yield from (each for each in found if isinstance(each, dict)) if isinstance(found, list) else ()
            following = _NEXT.search(answer.headers.get("Link", ""))
            # Nowhere else is shown the token.
            if following is None or not following[1].startswith(f"{self.url}/"):
                return
            url = following[1]

    def got(self, path: str) -> dict[str, Any]:
        """Empty where the answer is no object."""
        found = _read(self._send("GET", f"{self.url}/{path}").data)
        return found if isinstance(found, dict) else {}

    def ask(self, method: str, path: str, body: Mapping[str, object]) -> None:
        self._send(method, f"{self.url}/{path}", body)

    def _send(self, method: str, url: str, body: Mapping[str, object] | None = None) -> _Answer:
        attempts = ATTEMPTS if method == "GET" else 1
        return retry(lambda: self._send_once(method, url, body), attempts, pause=self.pause)

    def _send_once(self, method: str, url: str, body: Mapping[str, object] | None) -> _Answer:
        headers = dict(self.headers) if body is None else {"Content-Type": "application/json", **self.headers}
        data = None if body is None else json.dumps(body).encode()
        timeouts = Timeouts(CONNECT_SECONDS, self.patience, WHOLE_SECONDS)
        try:
            with self._client.send_request(method, url, headers, data, timeouts) as response:
                answer = _Answer(response.status, response.headers, read_body(response, LARGEST))
        except HttpFailedError as error:
            why = _REASONS.get(error.failure, "no connection")
            raise TemporaryError(self._failed(f"can't be reached ({why})", "try again in a minute")) from error
        if answer.status < 300:  # noqa: PLR2004
            return answer
        otherwise = f"see what {self.forge} says of it; the command itself has done what it says"
        said = f"answers {answer.status}{_reason(_read(answer.data))}"
        refused = self._failed(said, self.hints.get(answer.status, otherwise))
        if answer.status in _AGAIN:
            raise TemporaryError(refused, read_wanted_pause(answer.headers))
        raise refused

    @cached_property
    def _client(self) -> HttpClient:
        return HttpClient(self.environ, lambda: ssl.create_default_context(cafile=self.authorities or None))

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
