"""The common part of the REST APIs of forges: limits, retries, pages, and errors of refusals."""

import json
import re
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from envctl.adapters.forge.posts import UncertainPostError
from envctl.adapters.http.client import Failure, HttpClient, HttpFailedError, Timeouts, read_body
from envctl.adapters.http.retry import TemporaryError, read_wanted_pause, retry
from envctl.domain.errors import OperationFailedError, Problem

CONNECT_SECONDS, READ_SECONDS, WHOLE_SECONDS, ATTEMPTS = 5.0, 20.0, 60.0, 4
LARGEST = 32 << 20
LONGEST_PAUSE = 60.0
"""Between two attempts, in seconds. A forge that asks for more gets no further request."""
_BUSY = (408, 429, 500, 502, 503, 504)
_URL = re.compile(r"https?://[^\s/\[\]]+(?:/[!-~]*)?|https?://\[[0-9a-fA-F:.]+\](?::\d+)?(?:/[!-~]*)?")
_HEADER = re.compile(r"[ -~]*")
NEXT_PAGE = re.compile(r'<([^>]+)>;\s*rel="next"')
PAGE = 100
PAGES = 50
"""At most: five thousand comments."""


INVALID_HINT = "run the job again; behind a proxy, check that it lets the answers of the forge through"
REASONS = {
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
    document: Any = None


@dataclass(frozen=True, kw_only=True)
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
    longest_pause: float = LONGEST_PAUSE

    def list_objects(self, path: str) -> Iterator[dict[str, Any]]:
        """Yield the objects of all pages of a list of the project. A list that is cut is an error: a comment that was
        not found would be written twice, and an author that was not found could approve.
        """
        whole, _, query = f"{self.url}/{self.project_path}/{path}".partition("?")
        query = f"{query}&per_page={PAGE}" if query else f"per_page={PAGE}"
        for _ in range(PAGES):
            answer = self._send_request("GET", f"{whole}?{query}", wanted=list)
            yield from (each for each in answer.document if isinstance(each, dict))
            following = NEXT_PAGE.search(answer.headers.get("Link", ""))
            if following is None:
                return
            # Behind a proxy, the link may name another host. No other host may get the token: only its query is used.
            query = following[1].partition("?")[2]
        raise self._build_error(f"lists more than {PAGES * PAGE} entries", "remove old ones, or start a new request")

    def fetch_object(self, path: str) -> dict[str, Any]:
        found: dict[str, Any] = self._send_request("GET", f"{self.url}/{path}", wanted=dict).document
        return found

    def send_json(self, method: str, path: str, body: Mapping[str, object]) -> None:
        """Send a change of the project. A new entry is sent again only if the forge has not read it: a second attempt
        after a lost response would be a second comment.
        """
        self._send_request(method, f"{self.url}/{self.project_path}/{path}", body)

    @contextmanager
    def check_fields(self) -> Iterator[None]:
        """Turn missing and malformed fields of a response into an error of the forge."""
        try:
            yield
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise self._build_error("sent an invalid response", INVALID_HINT) from error

    def _send_request(
        self, method: str, url: str, body: Mapping[str, object] | None = None, wanted: type | None = None
    ) -> _Answer:
        """Send a request, and again after a temporary failure. `wanted` is the JSON type of the response."""
        # Both come from variables of the job: the HTTP client would show a token that it can't send.
        if not _URL.fullmatch(self.url):
            raise self._build_error(
                f"has an invalid address: {self.url!r}", "unset the variable with the address of its API"
            )
        if not all(_HEADER.fullmatch(value) for value in self.headers.values()):
            raise self._build_error("can't be asked: the token has invalid characters", "set the token again")
        headers = dict(self.headers) if body is None else {"Content-Type": "application/json", **self.headers}
        data = None if body is None else json.dumps(body).encode()
        timeouts = Timeouts(CONNECT_SECONDS, self.patience, WHOLE_SECONDS)
        # Only a new entry must not be sent twice: all other requests have the same effect again.
        is_repeatable = method != "POST"

        def send_once() -> _Answer:
            try:
                with self._client.send_request(method, url, headers, data, timeouts) as response:
                    answer = _Answer(response.status, response.headers, read_body(response, LARGEST))
            except HttpFailedError as error:
                why = REASONS.get(error.failure, "no connection")
                failed = self._build_error(f"can't be reached ({why})", "try again in a minute")
                raise _temporary(failed, is_repeatable) from error
            if answer.status >= 300:  # noqa: PLR2004
                raise self._build_refusal(answer, is_repeatable)
            if wanted is None:
                return answer
            document = _parse_json(answer.data)
            if not isinstance(document, wanted):
                raise _temporary(self._build_error("sent an invalid response", INVALID_HINT), is_repeatable)
            return replace(answer, document=document)

        return retry(send_once, ATTEMPTS, pause=self.pause, longest=self.longest_pause)

    def _build_refusal(self, answer: _Answer, is_repeatable: bool) -> Exception:
        """Return the error of a refused request, as a TemporaryError if another attempt may fare better."""
        reason = extract_reason(answer.data)
        message = f"answers {answer.status}{f': {reason}' if reason else ''}"
        limited, pause = _is_rate_limited(answer), _read_pause(answer.headers)
        if pause > self.longest_pause:
            return self._build_error(message, f"run the job again in {pause:.0f} seconds: {self.forge} asks to wait")
        if limited:
            # Refused before it was read: even a new entry may be sent again.
            failed = self._build_error(message, f"run the job again in some minutes: {self.forge} limits its requests")
            return TemporaryError(failed, pause)
        otherwise = f"check the message of {self.forge}; the command itself succeeded as reported"
        failed = self._build_error(message, self.hint_by_status.get(answer.status, otherwise))
        if answer.status in _BUSY:
            return _temporary(failed, is_repeatable, pause)
        return failed

    @cached_property
    def _client(self) -> HttpClient:
        return HttpClient(self.environ, lambda: ssl.create_default_context(cafile=self.authorities or None))

    def _build_error(self, why: str, hint: str) -> OperationFailedError:
        return OperationFailedError(Problem("E036", f"{self.forge} ({self.project}) {why}", hint))


def _temporary(failed: OperationFailedError, is_repeatable: bool, pause: float = 0.0) -> Exception:
    return TemporaryError(failed, pause) if is_repeatable else UncertainPostError(*failed.problems)


def _is_rate_limited(answer: _Answer) -> bool:
    """Check if the forge refuses for too many requests. GitHub says so with 403, too:
    https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
    """
    if answer.status == 429:  # noqa: PLR2004
        return True
    is_spent = answer.headers.get("X-RateLimit-Remaining") == "0"
    is_told = "Retry-After" in answer.headers or "rate limit" in extract_reason(answer.data).lower()
    return answer.status == 403 and (is_spent or is_told)  # noqa: PLR2004


def _read_pause(headers: Mapping[str, str]) -> float:
    """Return the seconds that the forge asks to wait; 0 if it does not ask. Spent limits of GitHub name their end."""
    end = headers.get("X-RateLimit-Reset", "")
    is_spent = headers.get("X-RateLimit-Remaining") == "0" and end.isascii() and end.isdigit()
    return max(read_wanted_pause(headers), float(end) - time.time() if is_spent else 0.0)


def _parse_json(data: bytes) -> object:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def extract_reason(data: bytes) -> str:
    """Return the reason of a refusal: its `message`; for a refused token or field, GitLab has other keys."""
    document = _parse_json(data)
    if not isinstance(document, dict):
        return ""
    reason = document.get("message") or document.get("error_description") or document.get("error") or ""
    lines = str(reason).strip().splitlines() or [""]
    return "".join(letter for letter in lines[0] if letter.isprintable())[:200]
