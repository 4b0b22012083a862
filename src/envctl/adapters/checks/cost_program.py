"""The CostEstimator port: a program of the team that prices a plan."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from envctl.adapters.checks.context import RunContext
from envctl.adapters.checks.process import GRACE_SECONDS, run_process
from envctl.domain.ci.program_variables import find_credentials, remove_variables
from envctl.usecases.ports.core import CostAnswer
from envctl.usecases.ports.cost import CostSource

MAX_BYTES = 1 << 20


class CostProgram:
    """`withhold` returns the names of the variables that the program does not get."""

    def __init__(
        self,
        root: Path,
        inherited: Callable[[], Mapping[str, str]],
        *,
        clock: Callable[[], float] = time.monotonic,
        grace: float = GRACE_SECONDS,
        redact: Callable[[str], str] = str,
        withhold: Callable[[Mapping[str, str]], tuple[str, ...]] = find_credentials,
    ) -> None:
        self._withhold = withhold
        self._redact = redact
        self._root = root
        self._inherited = inherited
        self._clock = clock
        self._grace = grace

    def estimate_costs(self, source: CostSource, question: bytes) -> CostAnswer:
        inherited = self._inherited()
        withheld = self._withhold(inherited)
        environment = remove_variables(inherited, withheld)
        context = RunContext(self._root, environment, self._clock, time.sleep, self._redact, withheld)
        seconds, limit = source.timeout_seconds, MAX_BYTES + 1
        result = run_process(source.command, seconds, context, self._grace, data=question, limit=limit)
        if len(result.output) > MAX_BYTES:
            return CostAnswer(problem=f"its answer is over {MAX_BYTES >> 20} MiB")
        return CostAnswer(result.output, self._redact(result.problem))
