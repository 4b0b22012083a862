"""`envctl plan ENV`: the effect of `envctl apply ENV`, without a ledger entry or a stored plan.

What plans is imported late: until then, the providers of a single prepared stack start already.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from envctl.domain.command_lines import format_command
from envctl.domain.errors import EnvctlError, combine_errors
from envctl.usecases.concurrency.dag_runner import ALL_STACKS, StackSelection, select_stacks
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.terraform import ignore_changes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from envctl.domain.ledger.state import EnvironmentState
    from envctl.domain.plan.changes import EnvironmentPlan
    from envctl.domain.release_label import ReleaseLabel
    from envctl.usecases.deployment.planning import PlanningResult
    from envctl.usecases.inspect.early_command import EarlyPlanCommand
    from envctl.usecases.ports.core import Ports
    from envctl.usecases.ports.terraform import PreparedEnvironment


def plan_environment(
    ports: Ports,
    environment: str,
    selection: StackSelection = ALL_STACKS,
    *,
    priced: bool = False,
    following: EarlyPlanCommand | None = None,
) -> tuple[EnvironmentPlan, EnvctlError | None]:
    """Return the plan and the error of unplanned stacks. Raises the error if no stack was planned.

    With `priced`, estimate costs by the project's own program. Unchanged inputs are not read again. `following` is
    prepared with the first change, while Terraform still plans.
    """
    if not ports.workspace.has_prepared(environment):
        from envctl.usecases.project import project_file
        from envctl.usecases.project.environment_selection import find_environment

        # Refuse an unknown name before its folder is created.
        find_environment(Context(ports, project_file.load_project(ports)), environment)
    if ports.job_requests.is_for_request():
        from envctl.usecases.project import look_scope, project_file

        look_scope.require_visible(Context(ports, project_file.load_project(ports)), environment)
    with ports.workspace.lock_environment(environment, format_command("plan", environment)):
        try:
            ready = _load_prepared(ports, environment) or _prepare_environment(ports, environment)
            names = select_stacks(selection, {stack.name: stack.needs for stack in ready.prepared.all_stacks})
            stacks = tuple(each for each in ready.prepared.stacks if each.name in names)
            leaving = tuple(each for each in ready.prepared.leaving if each.name in names)
            prepared = replace(ready.prepared, stacks=stacks, leaving=leaving)
            planned = _plan_all(ports, replace(ready, prepared=prepared), following)
        finally:
            ports.terraform.delete_plans(environment)
    from envctl.domain.plan.changes import EnvironmentPlan
    from envctl.usecases.deployment.planning import add_cost

    error = combine_errors(tuple(planned.failed.values())) if planned.failed else None
    if error is not None and not planned.plans:
        raise error
    planned_names = {plan.stack for plan in planned.plans}
    unplanned = tuple(stack.name for stack in prepared.all_stacks if stack.name not in planned_names)
    found = EnvironmentPlan(
        environment=environment, release=prepared.release, stacks=planned.plans, label=ready.label, unplanned=unplanned
    )
    if priced and prepared.costs is not None:
        if following:
            following.wait()
        found = add_cost(ports, found, prepared.costs)
    return found, error


def plan_units(ports: Ports, units: Mapping[str, frozenset[str]]) -> tuple[EnvironmentPlan, ...]:
    """Plan the named stacks by environment, or all if the set is empty. Raises the errors of all."""
    found, errors = [], []
    for environment, names in units.items():
        planned, error = plan_environment(ports, environment, StackSelection(tuple(sorted(names))))
        found.append(planned)
        errors += [error] if error is not None else []
    if errors:
        raise combine_errors(errors)
    return tuple(found)


@dataclass(frozen=True)
class _PlanInput:
    """Prepared stacks, with the environment's state and the release's label; None if the ledger was not read."""

    prepared: PreparedEnvironment
    here: EnvironmentState | None = None
    label: ReleaseLabel | None = None


def _load_prepared(ports: Ports, environment: str) -> _PlanInput | None:
    prepared = ports.workspace.load_prepared(environment)
    if prepared is not None and prepared.withheld:
        # First of all: no program may inherit the variables with secret values.
        ports.secret_variables.withdraw_variables(prepared.withheld)
    if prepared is not None and prepared.value_sources and ports.job_requests.is_for_request():
        # Code that is not reviewed gets stand-ins.
        return None
    if prepared is not None and len(prepared.all_stacks) == 1:
        # Of several stacks, those that wait would only take the cores.
        ports.terraform.expect_plan(environment, *prepared.all_stacks)
    if prepared is not None and prepared.traffic:
        from envctl.usecases.deployment.prepare import format_traffic
        from envctl.usecases.ledger import journal

        traffic = journal.load(ports).find_environment(environment).traffic
        if format_traffic({name: traffic.get(name) for name in prepared.traffic}) != dict(prepared.traffic):
            # Another color is live by now.
            return None
    if prepared is not None and prepared.has_account and not ports.access.is_confirmed(environment):
        # Different credentials may belong to another account.
        from envctl.usecases.account import account_check
        from envctl.usecases.project import project_file

        account_check.require_account(Context(ports, project_file.load_project(ports)), environment)
    if prepared is not None and prepared.value_sources:
        from envctl.usecases.account.secret_readings import add_kept_values

        prepared = add_kept_values(ports, prepared)
    if prepared is None or not any(stack.needs or stack.workload for stack in prepared.stacks):
        # Independent stacks are planned without the ledger.
        return _PlanInput(prepared) if prepared else None
    from envctl.usecases.deployment.known_clusters import add_known_clusters
    from envctl.usecases.ledger import journal

    here = journal.load(ports).find_environment(environment)
    prepared = add_known_clusters(ports, prepared)
    # Otherwise other stacks were deployed meanwhile.
    return _PlanInput(prepared, here) if here.held_stacks <= {stack.name for stack in prepared.stacks} else None


def _prepare_environment(ports: Ports, environment: str) -> _PlanInput:
    # Imported late: reading a project takes longer than starting Terraform in one that lies ready.
    from envctl.usecases.deployment import prepare
    from envctl.usecases.deployment.leaving import leaving_stacks
    from envctl.usecases.ledger import journal
    from envctl.usecases.project.environment_selection import load_context
    from envctl.usecases.release import deploy_request, moved_places

    context, target = load_context(ports, environment)
    moved_places.require_place(context, journal.load(ports), target)
    if target == context.project.entry:
        made = prepare.prepare_working_tree(context, target)
        prepared, release, over, present = made.prepared, made.release, made.changeover, made.present
    else:
        present = journal.load(ports)
        candidate = deploy_request.build_redeployment(context, present, target=target)
        found = candidate.require_fitting()
        prepared = prepare.prepare_stored_release(context, found)
        release, over = found.release, found.request.changeover
    prepared = leaving_stacks.add_leaving(context, present, prepared, release=release, changeover=over)
    here = present.find_environment(environment).apply_moves(over.moves)
    return _PlanInput(prepared, here, present.find_label(prepared.release))


def _plan_all(ports: Ports, ready: _PlanInput, following: EarlyPlanCommand | None) -> PlanningResult:
    from envctl.usecases.deployment.planning import add_forecasts, check_state, plan_each

    prepared, here, environment = ready.prepared, ready.here, ready.prepared.environment
    applied, on_changes = here.stacks if here else (), following.prepare if following else ignore_changes
    planned = plan_each(ports, environment, prepared.all_stacks, applied, locking="none", on_changes=on_changes)
    held = {plan.stack for plan in planned.plans if plan.in_state}
    stateless = {plan.stack for plan in planned.plans if plan.stateless}
    imports = any(each.imported for plan in planned.plans for each in plan.resources)
    if here is None and not (imports or stateless or not held <= ports.workspace.load_known_states(environment)):
        return planned
    if following:
        following.wait()
    if here is None:
        # Read the ledger only if it decides on a remark or an error.
        from envctl.usecases.ledger import journal

        here = journal.load(ports).find_environment(environment)
        empty = here.stacks & stateless
        checked = (
            check_state(ports, environment, prepared.find_stack(plan.stack), plan) if plan.stack in empty else plan
            for plan in planned.plans
        )
        planned = replace(planned, plans=tuple(checked))
    if not any(stack.needs for stack in prepared.stacks):
        # The next plan of these prepared stacks need not read the ledger.
        ports.workspace.save_known_states(environment, [name for name in sorted(held) if here.has_begun(name)])
    from envctl.domain.ledger.projection.stacks import warn_of_unknown_states
    from envctl.usecases.deployment.shared_resources import warn_of_shared_resources

    plans = warn_of_unknown_states(environment, here, planned.plans)
    plans = warn_of_shared_resources(ports, environment, ready.prepared.all_stacks, plans, here)
    if any(plan.waits_for for plan in plans):
        from envctl.usecases.project.environment_selection import load_context

        context, _ = load_context(ports, environment)

        plans = add_forecasts(context, environment, prepared.all_stacks, plans)
    return replace(planned, plans=plans)
