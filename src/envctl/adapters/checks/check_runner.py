"""The CheckRunner port. A new kind of check is a function in RUNNER_BY_KIND."""

import socket
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from envctl.adapters.checks.attempts import repeat_attempts
from envctl.adapters.checks.context import RunContext
from envctl.adapters.checks.http import send_until_expected
from envctl.adapters.checks.process import GRACE_SECONDS, run_process
from envctl.domain.ci.program_variables import find_credentials, remove_variables
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


class LocalCheckRunner:
    """`withhold` returns the names of the variables that no command gets."""

    def __init__(
        self,
        root: Path,
        inherited: Callable[[], Mapping[str, str]],
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        redact: Callable[[str], str] = str,
        withhold: Callable[[Mapping[str, str]], tuple[str, ...]] = find_credentials,
    ) -> None:
        self._withhold = withhold
        self._redact = redact
        self._root = root
        self._inherited = inherited
        self._clock = clock
        self._sleep = sleep

    def run_check(self, probe: Probe, surroundings: Mapping[str, str]) -> str:
        inherited = self._inherited()
        withheld = self._withhold(inherited)
        environment = {**remove_variables(inherited, withheld), **surroundings}
        context = RunContext(self._root, environment, self._clock, self._sleep, self._redact, withheld)
        return self._redact(RUNNER_BY_KIND[type(probe)](probe, context))
