"""The external program that estimates costs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from envctl.domain.config.project import Project


@dataclass(frozen=True)
class CostSource:
    """A cost program, and the location of the planned resources.

    Attributes:
        region: the region of the environment.
        regions: region by stack, for stacks in another region.
    """

    command: tuple[str, ...]
    timeout_seconds: float
    account_id: str = ""
    region: str = ""
    regions: Mapping[str, str] = field(default_factory=dict)


def find_cost_source(project: Project, environment: str, regions: Mapping[str, str]) -> CostSource | None:
    """Return the source of cost estimates; None without a [cost] table.

    `regions` has the names of regions, by stack, for stacks with their own.
    """
    if project.cost is None:
        return None
    there = project.environments[environment]
    return CostSource(
        project.cost.command,
        project.cost.timeout.total_seconds(),
        there.account_id or "",
        there.region or "",
        {stack: there.regions[name] for stack, name in regions.items() if name in there.regions},
    )
