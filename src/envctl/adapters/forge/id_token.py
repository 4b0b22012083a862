"""ID tokens of the job, from the runner of GitHub Actions: a new one at each request.

https://docs.github.com/actions/reference/security/oidc#methods-for-requesting-the-oidc-token
"""

import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import quote, urlsplit

from envctl.adapters.http.client import Failure, HttpClient, HttpFailedError, Timeouts, read_body
from envctl.adapters.http.retry import TemporaryError, read_wanted_pause, retry
from envctl.domain.ci.id_token import MAX_TOKEN_BYTES, UnverifiedTokenError, decode_token
from envctl.domain.errors import MisconfiguredMachineError, OperationFailedError, Problem
from envctl.domain.text.excerpt import excerpt

URL_VARIABLE, BEARER_VARIABLE = "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"
CONNECT_SECONDS, READ_SECONDS, WHOLE_SECONDS, ATTEMPTS = 5.0, 20.0, 30.0, 4
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_OK, _TOO_MANY, _BROKEN = 200, 429, 500
_PERMISSION_HINT = "give the job the permission: permissions: id-token: write"


def can_request_tokens(environ: Mapping[str, str]) -> bool:
    return bool(environ.get(URL_VARIABLE) and environ.get(BEARER_VARIABLE))


@dataclass(frozen=True)
class GithubIdTokens:
    """Requests tokens. `environ` is the environment of the job; `pause` and `patience` are in seconds."""

    environ: Mapping[str, str] = field(repr=False)
    redact: Callable[[str], object] = lambda _: None  # called with each token, before anything can print it
    patience: float = READ_SECONDS
    pause: float = 0.5

    def request_token(self, audience: str) -> str:
        """Return a new token. Raises OperationFailedError with E496 if GitHub gives none."""
        url = f"{self._read_url()}&audience={quote(audience, safe='')}"
        headers = {"Authorization": f"Bearer {self.environ[BEARER_VARIABLE].strip()}", "Accept": "application/json"}
        timeouts = Timeouts(CONNECT_SECONDS, self.patience, WHOLE_SECONDS)

        def send_once() -> str:
            try:
                with self._client.send_request("GET", url, headers, None, timeouts) as response:
                    status, wanted = response.status, read_wanted_pause(response.headers)
                    data = read_body(response, 2 * MAX_TOKEN_BYTES)
            except HttpFailedError as error:
                slow = error.failure is Failure.TIMEOUT
                raise TemporaryError(_build_error("it does not answer in time" if slow else "no connection")) from error
            if status == _OK:
                return self._read_token(data)
            if status == _TOO_MANY or status >= _BROKEN:
                raise TemporaryError(_build_error(f"it answers {status}"), wanted)
            raise _build_error(f"it answers {status}", _PERMISSION_HINT)

        return retry(send_once, ATTEMPTS, pause=self.pause)

    def _read_url(self) -> str:
        """Return the address to ask, with a query."""
        url = self.environ.get(URL_VARIABLE, "").strip()
        try:
            parts = urlsplit(url)
            is_local = parts.scheme == "http" and parts.hostname in _LOOPBACK
            usable = bool(parts.hostname) and (parts.port or 1) > 0 and (parts.scheme == "https" or is_local)
        except ValueError:
            usable = False
        if not usable or not url.isascii() or not url.isprintable():
            # The address may hold a token: it is not quoted.
            message = f"{URL_VARIABLE} is not an address with https"
            raise MisconfiguredMachineError(Problem("E497", message, "leave it as GitHub's runner sets it"))
        bearer = self.environ.get(BEARER_VARIABLE, "").strip()
        if not bearer.isascii() or not bearer.isprintable():
            message = f"{BEARER_VARIABLE} is not a token"
            raise MisconfiguredMachineError(Problem("E497", message, "leave it as GitHub's runner sets it"))
        return url if "?" in url else f"{url}?"

    def _read_token(self, data: bytes) -> str:
        try:
            found = json.loads(data)
        except (ValueError, RecursionError):
            found = None
        token = found.get("value") if isinstance(found, dict) else None
        if not isinstance(token, str):
            raise _build_error("its answer holds no token")
        self.redact(token)
        try:
            decode_token(token)
        except UnverifiedTokenError as error:
            raise _build_error(f"its token {error}") from None
        return token.strip()

    @cached_property
    def _client(self) -> HttpClient:
        return HttpClient(self.environ, ssl.create_default_context)


def _build_error(why: str, hint: str = "run the job again") -> OperationFailedError:
    return OperationFailedError(Problem("E496", f"GitHub gives the job no ID token for AWS: {excerpt(why)}", hint))
