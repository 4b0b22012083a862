"""The CheckRunner port. A new kind of check is a function in RUNNER_BY_KIND."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from envctl.adapters.checks.command import run_command
from envctl.adapters.checks.context import RunContext
from envctl.adapters.checks.http import send_until_expected
from envctl.adapters.checks.tcp import open_connection
from envctl.domain.ci.program_variables import find_credentials, remove_variables
from envctl.domain.config.checks.check_table import Probe
from envctl.domain.config.checks.command import CommandProbe
from envctl.domain.config.checks.http import HttpProbe
from envctl.domain.config.checks.tcp import TcpProbe

RUNNER_BY_KIND: Mapping[type[Probe], Callable[[Any, RunContext], str]] = {
    HttpProbe: send_until_expected,
    TcpProbe: open_connection,
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
