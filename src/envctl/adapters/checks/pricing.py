"""The Costs port: a program of the team's, which knows prices."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from envctl.adapters.checks.context import Asking
from envctl.adapters.checks.process import GRACE_SECONDS, run
from envctl.usecases.ports.core import Answered
from envctl.usecases.ports.cost import CostSource

LARGEST = 1 << 20


class PriceProgram:
    def __init__(
        self,
        root: Path,
        inherited: Callable[[], Mapping[str, str]],
        *,
        clock: Callable[[], float] = time.monotonic,
        grace: float = GRACE_SECONDS,
        redact: Callable[[str], str] = str,
    ) -> None:
        self._redact = redact
        self._root = root
        self._inherited = inherited
        self._clock = clock
        self._grace = grace

    def ask(self, source: CostSource, question: bytes) -> Answered:
        asking = Asking(self._root, self._inherited(), self._clock, time.sleep, self._redact)
        ended = run(source.command, source.timeout_seconds, asking, self._grace, told=question, room=LARGEST + 1)
        if len(ended.said) > LARGEST:
            return Answered(problem=f"it answered with more than {LARGEST >> 20} MiB")
        return Answered(ended.said, self._redact(ended.problem))
