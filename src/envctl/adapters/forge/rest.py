"""The common part of the REST APIs of forges: limits, retries, pages, and errors of refusals."""

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
_BUSY = (429, 502, 503, 504)
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
    """The API of one project. Raises OperationFailedError with E036 if the forge refuses, or is unreachable. `environ`
    names proxies, and `authorities` a file of certificates; `patience` and `pause` are in seconds.
    """

    forge: str  # like `project`, for people
    project: str
    url: str
    project_path: str  # below `url`
    headers: Mapping[str, str] = field(repr=False)
    hint_by_status: Mapping[int, str]
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    authorities: str = ""
    patience: float = READ_SECONDS
    pause: float = 0.5

    def list_objects(self, path: str) -> Iterator[dict[str, Any]]:
        """Yield the objects of all pages of a list of the project."""
        url = f"{self.url}/{self.project_path}/{path}{'&' if '?' in path else '?'}per_page={PAGE}"
        for _ in range(PAGES):
            answer = self._send_request("GET", url)
            found = _parse_json(answer.data)
            yield from (each for each in found if isinstance(each, dict)) if isinstance(found, list) else ()
            following = _NEXT.search(answer.headers.get("Link", ""))
            # No other host may get the token.
            if following is None or not following[1].startswith(f"{self.url}/"):
                return
            url = following[1]

    def fetch_object(self, path: str) -> dict[str, Any]:
        """Return the object at a path of the API; empty if the response is no object."""
        found = _parse_json(self._send_request("GET", f"{self.url}/{path}").data)
        return found if isinstance(found, dict) else {}

    def send_json(self, method: str, path: str, body: Mapping[str, object]) -> None:
        """Send a change of the project, once: a second attempt after a lost response would be a second comment."""
        self._send_request(method, f"{self.url}/{self.project_path}/{path}", body)

    def _send_request(self, method: str, url: str, body: Mapping[str, object] | None = None) -> _Answer:
        headers = dict(self.headers) if body is None else {"Content-Type": "application/json", **self.headers}
        data = None if body is None else json.dumps(body).encode()
        timeouts = Timeouts(CONNECT_SECONDS, self.patience, WHOLE_SECONDS)

        def send_once() -> _Answer:
            try:
                with self._client.send_request(method, url, headers, data, timeouts) as response:
                    answer = _Answer(response.status, response.headers, read_body(response, LARGEST))
            except HttpFailedError as error:
                why = _REASONS.get(error.failure, "no connection")
                raise TemporaryError(self._build_error(f"can't be reached ({why})", "try again in a minute")) from error
            if answer.status < 300:  # noqa: PLR2004
                return answer
            otherwise = f"check the message of {self.forge}; the command itself succeeded as reported"
            message = f"answers {answer.status}{_extract_reason(answer.data)}"
            refused = self._build_error(message, self.hint_by_status.get(answer.status, otherwise))
            if answer.status in _BUSY:
                raise TemporaryError(refused, read_wanted_pause(answer.headers))
            raise refused

        return retry(send_once, ATTEMPTS if method == "GET" else 1, pause=self.pause)

    @cached_property
    def _client(self) -> HttpClient:
        return HttpClient(self.environ, lambda: ssl.create_default_context(cafile=self.authorities or None))

    def _build_error(self, why: str, hint: str) -> OperationFailedError:
        return OperationFailedError(Problem("E036", f"{self.forge} ({self.project}) {why}", hint))


def _parse_json(data: bytes) -> object:
    try:
        return json.loads(data)
    except ValueError:
        return None


def _extract_reason(data: bytes) -> str:
    """Return the reason of a refusal: its `message`; for a refused token or field, GitLab has other keys."""
    document = _parse_json(data)
    if not isinstance(document, dict):
        return ""
    reason = document.get("message") or document.get("error_description") or document.get("error")
    return f": {str(reason).splitlines()[0][:200]}" if reason else ""
