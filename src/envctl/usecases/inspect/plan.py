"""`envctl plan ENV`: what `envctl apply ENV` would do now. Nothing is recorded, and no plan is kept."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from envctl.domain.errors import EnvctlError, together
from envctl.domain.ledger.known_states import remark_unknown_states
from envctl.domain.plan.changes import EnvironmentPlan
from envctl.usecases.concurrency.stack_selection import ALL, Selection, selected
from envctl.usecases.deployment.planning import Planned, demand_state, plan_each
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.project import Prepared

if TYPE_CHECKING:
    from envctl.domain.ledger.state import EnvironmentPresent


def plan(
    ports: Ports, environment: str, selection: Selection = ALL, *, priced: bool = False
) -> tuple[EnvironmentPlan, EnvctlError | None]:
    """With what kept some stacks from being planned; raises it where that was so with all. `priced` has the project's
    own program asked what it costs.

    Where every input is unchanged since the last time, Terraform is started without reading any of them again.
    """
    if not ports.workspace.remembers(environment):
        from envctl.usecases.project import load

        # Before a folder of that name is made.
        load.find_environment(ports, load.project(ports), environment)
    with ports.workspace.lock(environment, f"envctl plan {environment}"):
        ready = _recalled(ports, environment) or _prepare(ports, environment)
        prepared = _chosen(ready.prepared, selection)
        try:
            planned = _plan_all(ports, replace(ready, prepared=prepared))
        finally:
            for stack in prepared.all_stacks:
                ports.terraform.discard(environment, stack)
    error = together(tuple(planned.failed.values())) if planned.failed else None
    if error is not None and not planned.plans:
        raise error
    found = EnvironmentPlan(environment, prepared.release, planned.plans)
    if priced and prepared.costs is not None:
        from envctl.usecases.deployment import cost_estimate

        found = cost_estimate.priced(ports, found, prepared.costs)
    return found, error


def plan_units(ports: Ports, units: Mapping[str, frozenset[str]]) -> tuple[EnvironmentPlan, ...]:
    """Of some stacks of some environments; of all of one that none are named of. Raises what went wrong with any."""
    found, errors = [], []
    for environment, names in units.items():
        planned, error = plan(ports, environment, Selection(tuple(sorted(names))))
        found.append(planned)
        errors += [error] if error is not None else []
    if errors:
        raise together(errors)
    return tuple(found)


def _chosen(prepared: Prepared, selection: Selection) -> Prepared:
    names = selected(selection, {stack.name: stack.needs for stack in prepared.all_stacks})
    stacks, left = ([each for each in some if each.name in names] for some in (prepared.stacks, prepared.left))
    return replace(prepared, stacks=tuple(stacks), left=tuple(left))


@dataclass(frozen=True)
class _Ready:
    """`here` is the environment as the plan sees it; None where the ledger was not read."""

    prepared: Prepared
    here: "EnvironmentPresent | None" = None


def _recalled(ports: Ports, environment: str) -> _Ready | None:
    prepared = ports.workspace.recall(environment)
    if prepared is not None and prepared.live:
        from envctl.usecases.deployment.traffic import rendering

        if not rendering.same(ports, environment, prepared.live):
            # Another colour is live by now.
            return None
    if prepared is not None and not ports.access.known(environment):
        # Other credentials than the last time: they may be of another account.
        from envctl.usecases.account import account_check
        from envctl.usecases.project import load

        account_check.demand(ports, load.project(ports), environment)
    if prepared is None or not any(stack.needs for stack in prepared.stacks):
        # Of a stack that needs no other one, the plan is known without the ledger.
        return _Ready(prepared) if prepared else None
    from envctl.usecases.ledger import journal

    here = journal.present(ports).of(environment)
    # Otherwise somebody has deployed other stacks meanwhile.
    return _Ready(prepared, here) if here.held <= {stack.name for stack in prepared.stacks} else None


def _prepare(ports: Ports, environment: str) -> _Ready:
    # Imported late: reading a project takes longer than starting Terraform in one that lies ready.
    from envctl.domain.ledger.projection.stacks import with_moves
    from envctl.usecases.deployment import prepare, run
    from envctl.usecases.deployment.leaving import leaving_stacks
    from envctl.usecases.ledger import journal
    from envctl.usecases.project import load
    from envctl.usecases.release import deploy_request

    project, target = load.seen_from(ports, environment)
    if target == project.entry:
        made = prepare.from_working_tree(ports, project, target)
        prepared, release, over, present = made.prepared, made.release, made.changeover, made.present
    else:
        present = journal.present(ports)
        candidate = deploy_request.redeployment(ports, project, present, target=target)
        prepared = prepare.from_store(ports, project, candidate)
        release, over = run.there(candidate.release), candidate.request.changeover
    prepared = leaving_stacks.add_leaving(ports, project, present, prepared, release=release, changeover=over)
    return _Ready(prepared, with_moves(present.of(environment), over.moves))


def _plan_all(ports: Ports, ready: _Ready) -> Planned:
    prepared, here, environment = ready.prepared, ready.here, ready.prepared.environment
    planned = plan_each(ports, environment, prepared.all_stacks, here.stacks if here else ())
    held = {plan.stack for plan in planned.plans if plan.in_state}
    stateless = {plan.stack for plan in planned.plans if plan.stateless}
    if here is None and (stateless or not held <= ports.workspace.known_states(environment)):
        # The ledger is read only where it matters.
        here = _look_up(ports, environment)
        for stack in prepared.stacks:
            if stack.name in here.stacks & stateless:
                demand_state(ports, environment, stack)
    if here is not None and not any(stack.needs for stack in prepared.stacks):
        # The next plan of what lies ready need not look them up.
        ports.workspace.note_known_states(environment, [name for name in sorted(held) if here.has_begun(name)])
    return replace(planned, plans=remark_unknown_states(environment, here, planned.plans)) if here else planned


def _look_up(ports: Ports, environment: str) -> "EnvironmentPresent":
    from envctl.usecases.ledger import journal

    return journal.present(ports).of(environment)
