"""The Probes port. A new kind of probe is a function in PROBERS."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from envctl.adapters.checks.command import run_command
from envctl.adapters.checks.context import Asking
from envctl.adapters.checks.http import get
from envctl.domain.checks.probes import CommandProbe, HttpProbe, Probe

PROBERS: Mapping[type[Probe], Callable[[Any, Asking], str]] = {HttpProbe: get, CommandProbe: run_command}


class Prober:
    def __init__(
        self,
        root: Path,
        inherited: Callable[[], Mapping[str, str]],
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        redact: Callable[[str], str] = str,
    ) -> None:
        self._redact = redact
        self._root = root
        self._inherited = inherited
        self._clock = clock
        self._sleep = sleep

    def ask(self, probe: Probe, surroundings: Mapping[str, str]) -> str:
        environment = {**self._inherited(), **surroundings}
        asking = Asking(self._root, environment, self._clock, self._sleep, self._redact)
        return self._redact(PROBERS[type(probe)](probe, asking))
