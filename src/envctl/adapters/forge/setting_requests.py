"""Requests for settings of a forge. A refused one is an `Unread` with the reason, and never a setting that is off."""

import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from envctl.adapters.forge.rest import NEXT_PAGE, REASONS, extract_reason
from envctl.adapters.http.client import HttpClient, HttpFailedError, Timeouts, read_body
from envctl.adapters.http.retry import TemporaryError, read_wanted_pause, retry
from envctl.domain.ci.inspection.settings import Unread

T = TypeVar("T")
CONNECT_SECONDS, READ_SECONDS, WHOLE_SECONDS, ATTEMPTS, LONGEST_PAUSE = 5.0, 10.0, 20.0, 3, 5.0
LARGEST = 4 << 20
PAGE, PAGES = 100, 10
MOST_BUSY = 3
"""So many requests in a row that a busy forge refuses to the end; then it is left alone."""
_BUSY = frozenset({429, 500, 502, 503, 504})


class RefusedError(Exception):
    """The forge gave no usable answer. The text is the reason."""


class MissingError(RefusedError):
    """The forge answers 404. `reason` is its own message."""

    def __init__(self, forge: str, reason: str) -> None:
        super().__init__(f"{forge} answers 404{f': {reason}' if reason else ''} (missing, or not for this token)")
        self.reason = reason


@dataclass(kw_only=True)
class SettingRequests:
    """Reads settings below `url`, the address of one repository in the API. `environ` names proxies, `authorities` a
    file of certificates; `patience` and `pause` are in seconds, `largest` in bytes. Once the forge was unreachable, or
    busy for several requests in a row, it is not asked again.
    """

    forge: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    authorities: str = ""
    patience: float = READ_SECONDS
    pause: float = 0.5
    largest: int = LARGEST
    _silence: str = field(default="", init=False)
    _busy: int = field(default=0, init=False)

    def read(self, call: Callable[[], T]) -> T | Unread:
        """Return what the call returns, or why it could not."""
        try:
            return call()
        except RefusedError as error:
            return Unread(str(error))
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
            return Unread(f"{self.forge} gave an answer that envctl does not understand")

    def read_optional(self, call: Callable[[], T]) -> T | Unread | None:
        """Do as `read`, but return None if the forge answers 404."""

        def call_or_none() -> T | None:
            try:
                return call()
            except MissingError:
                return None

        return self.read(call_or_none)

    def fetch(self, path: str = "") -> dict[str, Any]:
        """Return the object at a path below the repository. Raises RefusedError, and ValueError for another answer."""
        found = json.loads(self._send(self._join(path))[0])
        if not isinstance(found, dict):
            raise TypeError(path)
        return found

    def fetch_list(self, path: str) -> "list[dict[str, Any]]":
        """Return the objects of a list without pages. Raises as `fetch`."""
        found = json.loads(self._send(self._join(path))[0])
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise TypeError(path)
        return found

    def list(self, path: str, key: str = "") -> list[dict[str, Any]]:
        """Return the objects of all pages; `key` holds them if the answer is an object. Raises as `fetch`."""
        url, listed = f"{self._join(path)}{'&' if '?' in path else '?'}per_page={PAGE}", list[dict[str, Any]]()
        for _ in range(PAGES):
            data, following = self._send(url)
            found = json.loads(data)
            page = found[key] if key else found
            if not isinstance(page, list) or not all(isinstance(each, dict) for each in page):
                raise TypeError(path)
            listed += page
            if not following:
                return listed
            # No other host may get the token.
            if not following.startswith(f"{self.url}/"):
                raise RefusedError(f"{self.forge} continues the list on another address")
            url = following
        raise RefusedError(f"{self.forge} has more than {PAGE * PAGES} of them")

    def _join(self, path: str) -> str:
        return f"{self.url}/{path}" if path else self.url

    def _send(self, url: str) -> tuple[bytes, str]:
        """Return the body, and the address of the next page."""
        if self._silence:
            raise RefusedError(self._silence)

        def send_once() -> tuple[bytes, str]:
            timeouts = Timeouts(CONNECT_SECONDS, self.patience, WHOLE_SECONDS)
            try:
                with self._client.send_request("GET", url, self.headers, None, timeouts) as response:
                    status, headers, data = response.status, response.headers, read_body(response, self.largest)
            except HttpFailedError as error:
                why = f"{self.forge} can't be reached ({REASONS.get(error.failure, 'no connection')})"
                raise TemporaryError(_UnavailableError(why, is_final=True)) from error
            if status == 200:  # noqa: PLR2004
                found = NEXT_PAGE.search(headers.get("Link", ""))
                return data, found[1] if found else ""
            raise self._build_error(status, headers, extract_reason(data))

        try:
            answer = retry(send_once, ATTEMPTS, pause=self.pause, longest=LONGEST_PAUSE)
        except _UnavailableError as error:
            self._busy += 1
            if error.is_final or self._busy >= MOST_BUSY:
                self._silence = str(error)
            raise
        except RefusedError:
            self._busy = 0
            raise
        self._busy = 0
        return answer

    def _build_error(self, status: int, headers: Mapping[str, str], reason: str) -> Exception:
        if status == 404:  # noqa: PLR2004
            return MissingError(self.forge, reason)
        said = f": {reason}" if reason else ""
        if status in (301, 302, 307, 308):
            return RefusedError(f"{self.forge} answers {status}: the repository has moved; set git's remote to it")
        text, pause = f"{self.forge} answers {status}{said}", read_wanted_pause(headers)
        # GitHub refuses too many requests with 403 as well.
        if status in _BUSY or (status == 403 and pause):  # noqa: PLR2004
            return TemporaryError(_UnavailableError(text), pause)
        return RefusedError(text)

    @cached_property
    def _client(self) -> HttpClient:
        return HttpClient(self.environ, lambda: ssl.create_default_context(cafile=self.authorities or None))


class _UnavailableError(RefusedError):
    """The forge did not answer in all attempts, or was busy. A final one is the same for each further request."""

    def __init__(self, reason: str, *, is_final: bool = False) -> None:
        super().__init__(reason)
        self.is_final = is_final
