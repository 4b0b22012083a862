"""`envctl plan ENV`: what `envctl apply ENV` would do now. Nothing is recorded, and no plan is kept."""

from envctl.domain.changes import EnvironmentPlan, StackPlan
from envctl.usecases.planning import demand_state, plan_stacks
from envctl.usecases.ports import Ports, Prepared


def plan(ports: Ports, environment: str) -> EnvironmentPlan:
    """Where every input is unchanged since the last time, Terraform is started without reading any of them again."""
    if not ports.workspace.remembers(environment):
        from envctl.usecases import load

        # Before a folder of that name is made.
        load.known_environment(load.project(ports), environment)
    with ports.workspace.lock(environment, f"envctl plan {environment}"):
        prepared = _recalled(ports, environment) or _prepare(ports, environment)
        try:
            return EnvironmentPlan(environment, prepared.release, _plan_all(ports, prepared))
        finally:
            for stack in prepared.stacks:
                ports.terraform.discard(environment, stack)


def _recalled(ports: Ports, environment: str) -> Prepared | None:
    prepared = ports.workspace.recall(environment)
    if prepared is not None and not ports.access.known(environment):
        # Other credentials than the last time: they may be of another account.
        from envctl.usecases import access, load

        access.demand(ports, load.project(ports), environment)
    return prepared


def _prepare(ports: Ports, environment: str) -> Prepared:
    # Imported late: reading a project takes longer than starting Terraform in one that lies ready.
    from envctl.usecases import candidates, load, prepare, record

    project, target = load.seen_from(ports, environment)
    if target == project.entry:
        prepared, _ = prepare.from_working_tree(ports, project, target)
        return prepared
    present = record.present(ports)
    return prepare.from_store(ports, project, candidates.redeployment(ports, project, present, target=target))


def _plan_all(ports: Ports, prepared: Prepared) -> tuple[StackPlan, ...]:
    reads_another = any(stack.upstream for stack in prepared.stacks)
    applied = _applied(ports, prepared.environment) if reads_another else frozenset()
    plans = plan_stacks(ports, prepared.environment, prepared.stacks, applied)
    if any(plan.stateless for plan in plans) and not reads_another:
        # The ledger is read only where it matters.
        applied = _applied(ports, prepared.environment)
        for stack, plan in zip(prepared.stacks, plans, strict=True):
            if stack.name in applied and plan.stateless:
                demand_state(ports, prepared.environment, stack)
    return plans


def _applied(ports: Ports, environment: str) -> frozenset[str]:
    from envctl.usecases import record

    return record.present(ports).of(environment).stacks
