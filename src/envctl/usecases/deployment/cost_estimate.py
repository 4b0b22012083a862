"""What a plan costs, asked of the project's own program. Whatever is wrong with the answer, the plan stands."""

from collections.abc import Mapping
from dataclasses import replace

from envctl.domain.config.project import Project
from envctl.domain.plan.changes import Cost, EnvironmentPlan
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.cost import CostSource


def source(project: Project, environment: str, regions: Mapping[str, str]) -> CostSource | None:
    """None where the project names nobody who knows prices. `regions` are the names of those that stacks have of their
    own.
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


def priced(ports: Ports, plan: EnvironmentPlan, source: CostSource | None) -> EnvironmentPlan:
    """The plan with what it costs. Nobody is asked where no resource would become another."""
    if source is None:
        return plan
    from envctl.domain.plan import costs

    if not costs.worth_asking(plan):
        return plan
    ports.observer.said(f"asking what the changes in {plan.environment} cost")
    question = costs.question(plan, source.account_id, source.region, source.regions)
    answered = ports.costs.ask(source, question)
    if answered.problem:
        return replace(plan, cost=Cost(unknown=answered.problem))
    try:
        return replace(plan, cost=costs.cost(answered.said, plan))
    except costs.MalformedAnswerError as error:
        return replace(plan, cost=Cost(unknown=f"the program of [cost] {error}"))
