"""Checks and cost estimates with fixed results."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from envctl.domain.config.checks.check_table import Probe
from envctl.usecases.ports.core import CostAnswer
from envctl.usecases.ports.cost import CostSource


@dataclass
class MemoryCheckRunner:
    """Finds the given problems, by the name of a check; all other checks pass."""

    problems: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[Probe, Mapping[str, str]]] = field(default_factory=list)

    def run_check(self, probe: Probe, surroundings: Mapping[str, str]) -> str:
        self.asked.append((probe, surroundings))
        return self.problems.get(probe.name, "")


@dataclass
class MemoryCostEstimator:
    """Gives one fixed answer, and records the questions."""

    answer: CostAnswer = field(
        default_factory=lambda: CostAnswer(b'{"currency": "USD", "monthly": {"before": 1, "after": 2}}')
    )
    asked: list[tuple[CostSource, bytes]] = field(default_factory=list)

    def estimate_costs(self, source: CostSource, question: bytes) -> CostAnswer:
        self.asked.append((source, question))
        return self.answer
