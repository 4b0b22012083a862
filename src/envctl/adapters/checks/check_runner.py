"""The CheckRunner port, and the check of a URL. A new kind of check is a function in RUNNER_BY_KIND."""

import socket
import ssl
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from envctl.adapters.checks.attempts import repeat_attempts
from envctl.adapters.checks.context import ProgramRunner, RunContext
from envctl.adapters.checks.process import GRACE_SECONDS, run_process
from envctl.adapters.http.client import Failure, HttpClient, HttpFailedError, Timeouts
from envctl.domain.config.checks.check_table import Probe
from envctl.domain.config.checks.command import CommandProbe
from envctl.domain.config.checks.http import HttpProbe
from envctl.domain.config.checks.tcp import TcpProbe
from envctl.domain.text.excerpt import excerpt

if TYPE_CHECKING:
    from urllib3.response import BaseHTTPResponse


BODY = 1 << 16
_HEADERS = {"Accept": "*/*", "Connection": "close"}
_REDIRECTS = range(300, 400)


def send_until_expected(probe: HttpProbe, context: RunContext) -> str:
    """Request the URL until it responds as expected. Return the reason of a failure, else an empty text."""
    # No proxy: what was deployed answers, or nothing does.
    client = HttpClient(None)

    def attempt(seconds: float) -> str:
        timeouts = Timeouts(seconds, seconds, seconds)
        try:
            with client.send_request("GET", probe.url, _HEADERS, None, timeouts) as response:
                return _explain_mismatch(probe, response, context)
        except HttpFailedError as error:
            return _explain_failure(error)

    problem = repeat_attempts(attempt, probe.timeout_seconds, context)
    return problem and f"GET {excerpt(context.redact(probe.url))} {problem}"


def _explain_mismatch(probe: HttpProbe, response: "BaseHTTPResponse", context: RunContext) -> str:
    if response.status != probe.expect_status:
        note = ", a redirect; envctl does not follow it" if response.status in _REDIRECTS else ""
        return f"answered {response.status}{note}, expected {probe.expect_status}"
    if probe.contains and not _has_text(response, probe.contains.encode()):
        wanted = excerpt(context.redact(probe.contains))
        return f'answered {response.status} without "{wanted}" in the first {BODY >> 10} KiB'
    return ""


def _has_text(response: "BaseHTTPResponse", wanted: bytes) -> bool:
    body = bytearray()
    while wanted not in body:
        # One piece as it comes: to wait until it is all there could take for ever.
        more = response.read1(BODY - len(body), decode_content=False) if len(body) < BODY else b""
        if not more:
            return False
        body += more
    return True


def _explain_failure(error: HttpFailedError) -> str:
    cause = error.cause
    match error.failure:
        case Failure.TIMEOUT:
            return "did not answer in time"
        case Failure.UNTRUSTED if isinstance(cause, ssl.SSLCertVerificationError):
            return f"can't be reached: its certificate is not trusted ({cause.verify_message})"
        case Failure.NO_TLS if isinstance(cause, ssl.SSLError):
            return f"can't be reached: TLS failed ({(cause.reason or 'no reason given').lower().replace('_', ' ')})"
        case Failure.BROKEN_OFF:
            return "closed the connection before the answer was complete"
        case Failure.BAD_ADDRESS:
            return "can't be reached: not a host name"
        case Failure.NOT_HTTP:
            return "did not answer with HTTP"
        case _:
            said = cause.strerror if isinstance(cause, OSError) else ""
            return f"can't be reached: {(said or str(cause)).lower()}"


def run_command(probe: CommandProbe, context: RunContext, grace: float = GRACE_SECONDS) -> str:
    return run_process(probe.command, probe.timeout_seconds, context, grace).problem


def _open_connection(probe: TcpProbe, context: RunContext) -> str:
    """Connect to the host and port, and close at once. Return the reason of a failure, else an empty text."""

    def attempt(seconds: float) -> str:
        try:
            socket.create_connection((probe.host, probe.port), timeout=seconds).close()
        except TimeoutError:
            return "did not answer in time"
        except (socket.gaierror, UnicodeError):
            return "can't be reached: not a host name"
        except OSError as error:
            return f"can't be reached: {(error.strerror or str(error)).lower()}"
        return ""

    problem = repeat_attempts(attempt, probe.timeout_seconds, context)
    return problem and f"{excerpt(context.redact(probe.host))} port {probe.port} {problem}"


RUNNER_BY_KIND: Mapping[type[Probe], Callable[[Any, RunContext], str]] = {
    HttpProbe: send_until_expected,
    TcpProbe: _open_connection,
    CommandProbe: run_command,
}


class LocalCheckRunner(ProgramRunner):
    def run_check(self, probe: Probe, surroundings: Mapping[str, str]) -> str:
        return self.redact(RUNNER_BY_KIND[type(probe)](probe, self.build_context(surroundings)))
