"""The cost estimate of a plan, from the project's own program. Errors of the program do not fail the plan."""

from collections.abc import Mapping
from dataclasses import replace

from envctl.domain.config.project import Project
from envctl.domain.plan.changes import Cost, EnvironmentPlan
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.cost import CostSource


def find_source(project: Project, environment: str, regions: Mapping[str, str]) -> CostSource | None:
    """Return None without a [cost] table. `regions` has the names of regions, by stack, for stacks with their own."""
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


def add_cost(ports: Ports, plan: EnvironmentPlan, source: CostSource | None) -> EnvironmentPlan:
    """Return the plan with its cost. Without resource changes, the program is not run."""
    if source is None:
        return plan
    from envctl.domain.plan import costs

    if not costs.has_priced_changes(plan):
        return plan
    ports.observer.on_message(f"asking what the changes in {plan.environment} cost")
    question = costs.encode_question(plan, source.account_id, source.region, source.regions)
    answered = ports.cost_estimator.estimate_costs(source, question)
    if answered.problem:
        return replace(plan, cost=Cost(unknown=answered.problem))
    try:
        return replace(plan, cost=costs.parse_cost(answered.output, plan))
    except costs.MalformedAnswerError as error:
        return replace(plan, cost=Cost(unknown=f"the program of [cost] {error}"))
