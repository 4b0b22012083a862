"""HTTP with one cluster: limits of time, attempts that are safe to repeat, and one new token after a 401."""

import json
import os
import re
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from envctl.adapters.http.client import Failure, HttpClient, HttpFailedError, Timeouts, read_body
from envctl.adapters.http.retry import list_pauses, read_wanted_pause
from envctl.adapters.kubernetes.failures import answer_error, authority_error, busy_error, transport_error
from envctl.adapters.kubernetes.refusals import MISSING_API, NOT_FOUND, UNAUTHORIZED, ApiRefusal, read_refusal
from envctl.domain.errors import OperationFailedError
from envctl.domain.kubernetes.server_words import is_unreadable_object
from envctl.usecases.ports.kubernetes import ClientCertificate, ClusterConnection

CONNECTIONS, ATTEMPTS, CONNECT_SECONDS = 8, 6, 10.0
FIRST_PAUSE, LONGEST_PAUSE = 0.3, 10.0
MAX_BYTES = 256 << 20
"""A whole list of a large cluster; etcd takes no object larger than 1.5 MiB."""
JSON = "application/json"
_THROTTLED = 429
BUSY = frozenset({_THROTTLED, 500, 502, 503, 504})
_REFUSED_FROM, _DONE_UNTIL = 400, 300
# The request did not reach a server.
_NEVER_SENT = frozenset({Failure.UNKNOWN_HOST, Failure.UNREACHABLE})
_TEMPORARY = _NEVER_SENT | {Failure.TIMEOUT, Failure.BAD_PROXY, Failure.BROKEN_OFF}
_WARNING = re.compile(r'299 \S+ "((?:[^"\\]|\\.)*)"')

_DESCRIPTORS = Path("/proc/self/fd")


@dataclass(frozen=True)
class Call:
    """A request. `repeatable` says that a second one does no harm if the first one was done and its answer is lost."""

    method: str
    path: str
    body: object = None
    media: str = JSON
    accept: str = JSON
    repeatable: bool = True


class Transport:
    """Threads share it. `environ` names proxies. `patience` limits attempts, and the start of the last, in seconds."""

    def __init__(
        self,
        connection: ClusterConnection,
        environ: Mapping[str, str],
        *,
        patience: float,
        on_warning: Callable[[str], None],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.connection = connection
        self._environ = environ
        self._patience = patience
        self._on_warning = on_warning
        self._sleep = sleep
        self._lock = threading.Lock()
        self._renewals = 0
        self._client = self._build_client()

    def send_json(self, call: Call) -> dict[str, Any]:
        """Send a request and return the object in its answer. Raises ApiRefusal and OperationFailedError."""
        seen = self._renewals
        try:
            return self._attempt_often(call)
        except ApiRefusal as refusal:
            if refusal.code != UNAUTHORIZED or not self._renew(seen):
                raise
        return self._attempt_often(call)

    def _renew(self, seen: int) -> bool:
        """Get new credentials, once for all threads with the refused ones."""
        with self._lock:
            if self._renewals == seen:
                if not self.connection.renew_credentials():
                    return False
                self._renewals += 1
                # It may come with another client certificate.
                self._client = self._build_client()
            return True

    def _attempt_often(self, call: Call) -> dict[str, Any]:
        ends_at = time.monotonic() + self._patience
        pauses = list_pauses(FIRST_PAUSE, LONGEST_PAUSE)
        for left in reversed(range(ATTEMPTS)):
            found = self._attempt(call)
            if not isinstance(found, _Repeat):
                return found
            pause = min(found.pause or next(pauses), LONGEST_PAUSE)
            if not left or time.monotonic() + pause > ends_at:
                raise found.error from None
            self._sleep(pause)
        raise AssertionError

    def _attempt(self, call: Call) -> "dict[str, Any] | _Repeat":
        timeouts = Timeouts(min(CONNECT_SECONDS, self._patience), self._patience, self._patience)
        url, body = f"{self.connection.url}{call.path}", None
        try:
            headers = {"Accept": call.accept, **self.connection.headers()}
            if call.body is not None:
                headers["Content-Type"] = call.media
                body = json.dumps(call.body, default=dict).encode()
            with self._client.send_request(call.method, url, headers, body, timeouts) as response:
                status, answered, content = response.status, response.headers, read_body(response, MAX_BYTES)
        except HttpFailedError as error:
            failure = transport_error(self.connection.name, self.connection.url, error)
            if error.failure in (_TEMPORARY if call.repeatable else _NEVER_SENT):
                return _Repeat(failure)
            raise failure from None
        if status in BUSY and not is_unreadable_object(_read_message(content)):
            busy = busy_error(self.connection.name, status, _read_message(content))
            # The server has not handled a request that it throttles.
            if call.repeatable or status == _THROTTLED:
                return _Repeat(busy, read_wanted_pause(answered))
            raise busy
        for warning in _WARNING.findall(answered.get("Warning", "")):
            self._on_warning(warning.replace('\\"', '"'))
        if not 200 <= status < _DONE_UNTIL:  # noqa: PLR2004 (OK)
            self._refuse(call, status, answered, content)
        found = _parse(content)
        if isinstance(found, dict):
            return found
        raise answer_error(self.connection.name, url.partition("?")[0], f"status {status}, and no JSON object")

    def _refuse(self, call: Call, status: int, headers: Mapping[str, str], body: bytes) -> NoReturn:
        connection, place = self.connection, call.path.partition("?")[0]
        answer = _parse(body)
        if isinstance(answer, dict) and answer.get("kind") == "Status" and status >= _REFUSED_FROM:
            raise read_refusal(connection.name, status, answer)
        if status == NOT_FOUND and "html" not in headers.get("Content-Type", ""):
            # What the API says of a group or a version that it does not have, without a Status.
            raise ApiRefusal(connection.name, status, "NotFound", f"{MISSING_API} API at {place}")
        if status == UNAUTHORIZED:
            raise ApiRefusal(connection.name, status, "Unauthorized", "")
        why = f"it redirects to {headers['Location']}" if "Location" in headers else f"status {status} without a reason"
        raise answer_error(connection.name, f"{connection.url}{place}", why)

    def _build_client(self) -> HttpClient:
        connection = self.connection
        return HttpClient(
            self._environ,
            lambda: load_trust(connection),
            connections=CONNECTIONS,
            server_name=connection.server_name,
            proxy_url=connection.proxy_url,
        )


@dataclass(frozen=True)
class _Repeat:
    """An attempt failed, and another one may not. `pause` is what the server asks for, in seconds; 0 for nothing."""

    error: OperationFailedError
    pause: float = 0.0


def _parse(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _read_message(body: bytes) -> str:
    found = _parse(body)
    return str(found.get("message") or "") if isinstance(found, dict) else ""


def load_trust(connection: ClusterConnection) -> ssl.SSLContext:
    """Return the context for TLS with a cluster. Raises OperationFailedError for unusable certificates."""
    try:
        context = ssl.create_default_context(cadata=connection.authority or None)
    except (ssl.SSLError, ValueError):
        raise authority_error(connection.name, "certificate authority") from None
    # Clusters sign with certificates of their own. Not all of them follow what Python 3.13 is strict about.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    if connection.skips_verification:
        from urllib3 import disable_warnings
        from urllib3.exceptions import InsecureRequestWarning

        # The kubeconfig wants that, and only a cluster on this machine gets it.
        disable_warnings(InsecureRequestWarning)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    own = connection.client_certificate()
    if own is not None:
        try:
            with _place_certificate(own) as path:
                context.load_cert_chain(path, password="")
        except (ssl.SSLError, OSError, ValueError):
            raise authority_error(connection.name, "client certificate") from None
    return context


@contextmanager
def _place_certificate(own: ClientCertificate) -> Iterator[str]:
    """Yield a path for OpenSSL, which reads keys from files only: memory where the system has it for files."""
    data = f"{own.certificate.strip()}\n{own.key.strip()}\n".encode()
    if hasattr(os, "memfd_create") and _DESCRIPTORS.is_dir():
        descriptor = os.memfd_create("certificate", os.MFD_CLOEXEC)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            yield str(_DESCRIPTORS / str(descriptor))
        return
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        yield file.name
