"""Checks that a connection opens, with repeated attempts until the timeout."""

import socket

from envctl.adapters.checks.attempts import repeat_attempts
from envctl.adapters.checks.context import RunContext
from envctl.domain.config.checks.tcp import TcpProbe
from envctl.domain.text.excerpt import excerpt


def open_connection(probe: TcpProbe, context: RunContext) -> str:
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
