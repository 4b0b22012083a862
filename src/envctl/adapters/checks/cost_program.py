"""The CostEstimator port: a program of the team that prices a plan."""

from dataclasses import dataclass

from envctl.adapters.checks.context import ProgramRunner
from envctl.adapters.checks.process import GRACE_SECONDS, run_process
from envctl.usecases.ports.core import CostAnswer
from envctl.usecases.ports.cost import CostSource

MAX_BYTES = 1 << 20


@dataclass(frozen=True)
class CostProgram(ProgramRunner):
    grace: float = GRACE_SECONDS  # seconds between SIGTERM and SIGKILL

    def estimate_costs(self, source: CostSource, question: bytes) -> CostAnswer:
        context, limit = self.build_context({}), MAX_BYTES + 1
        result = run_process(source.command, source.timeout_seconds, context, self.grace, data=question, limit=limit)
        if len(result.output) > MAX_BYTES:
            return CostAnswer(problem=f"its answer is over {MAX_BYTES >> 20} MiB")
        return CostAnswer(result.output, self.redact(result.problem))
