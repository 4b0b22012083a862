"""The CheckRunner port. A new kind of check is a function in RUNNER_BY_KIND."""

import socket
from collections.abc import Callable, Mapping
from typing import Any

from envctl.adapters.checks.attempts import repeat_attempts
from envctl.adapters.checks.context import ProgramRunner, RunContext
from envctl.adapters.checks.http import send_until_expected
from envctl.adapters.checks.process import GRACE_SECONDS, run_process
from envctl.domain.config.checks.check_table import Probe
from envctl.domain.config.checks.command import CommandProbe
from envctl.domain.config.checks.http import HttpProbe
from envctl.domain.config.checks.tcp import TcpProbe
from envctl.domain.text.excerpt import excerpt


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
