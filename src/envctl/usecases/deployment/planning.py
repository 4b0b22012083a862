"""Plan the stacks of an environment concurrently, as far as their upstream stacks allow, forecast the others, and
estimate the cost.

A forecast says what a stack will probably do, for people who have to decide now. It is shown, and binds nothing: it is
in no fingerprint, in no stored plan and in no state. The estimate comes from the project's own program, whose errors do
not fail the plan.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from envctl.domain.command_lines import format_command
from envctl.domain.errors import (
    EnvctlError,
    InterruptedByUserError,
    OperationFailedError,
    Problem,
    UpstreamBehindError,
    combine_errors,
)
from envctl.domain.plan.changes import Action, Cost, EnvironmentPlan, Forecast, Marker, StackPlan
from envctl.domain.plan.forecasts import PRIMITIVE_TYPES, fill_unknown, find_value
from envctl.usecases.concurrency.dag_runner import Task, run_stack_jobs, run_tasks
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.cost import CostSource
from envctl.usecases.ports.terraform import PlanLocking, PreparedStack, ignore_changes

if TYPE_CHECKING:
    from envctl.usecases.deployment.forecast_source import ForecastSource


@dataclass(frozen=True)
class PlanningResult:
    """The plans in stack order, and the errors of all other stacks."""

    plans: tuple[StackPlan, ...]
    failed: Mapping[str, EnvctlError] = field(default_factory=dict)


def plan_stacks(
    ports: Ports,
    environment: str,
    stacks: Sequence[PreparedStack],
    applied: Collection[str],
    *,
    destroy: bool = False,
    locking: PlanLocking = "wait",
) -> tuple[StackPlan, ...]:
    """Plan all stacks like `plan_each`, but raise all errors together."""
    planned = plan_each(ports, environment, stacks, applied, destroy=destroy, locking=locking)
    if planned.failed:
        raise combine_errors(tuple(planned.failed.values()))
    return planned.plans


def plan_each(
    ports: Ports,
    environment: str,
    stacks: Sequence[PreparedStack],
    applied: Collection[str],
    *,
    destroy: bool = False,
    locking: PlanLocking = "wait",
    on_changes: Callable[[], None] = ignore_changes,
) -> PlanningResult:
    """Plan each stack, independent of errors of other stacks.

    A stack needing an upstream stack never applied, or outputs not yet applied, waits with an empty plan. At a
    destruction, such a stack has no resources to destroy. An upstream stack whose state is complete, made by another
    tool, counts as applied.
    """
    found: dict[str, StackPlan] = {}
    failed: dict[str, EnvctlError] = {}
    known = frozenset(applied)
    waiting = list(stacks)
    while waiting:
        found |= {
            s.name: plan for s in waiting if (plan := _plan_without_terraform(s, known, applied, destroy=destroy))
        }
        unknown = [stack for stack in waiting if stack.name not in found]
        if unknown:
            planned, report = run_stack_jobs(
                ports,
                environment,
                unknown,
                lambda stack: plan_stack(
                    ports, environment, stack, applied, destroy=destroy, locking=locking, on_changes=on_changes
                ),
            )
            report.raise_stop()
            found |= planned
            failed |= report.failed
        known |= {name for name, plan in found.items() if plan.in_state and not (plan.changes or destroy)}
        waiting = [s for s in stacks if s.name in found and found[s.name].waits_for and known.issuperset(s.needs)]
        found = {name: plan for name, plan in found.items() if name not in {stack.name for stack in waiting}}
    for stack in stacks:
        if stack.name in failed and stack.leaves:
            _add_leaving_hint(failed[stack.name], environment, stack.name)
        if stack.name in failed and (plan := _substitute_plan(stack, failed[stack.name], found, destroy=destroy)):
            found[stack.name] = replace(plan, behind=bool(plan.waits_for) and stack.name in applied)
    failed = {name: error for name, error in failed.items() if name not in found}
    return PlanningResult(tuple(found[stack.name] for stack in stacks if stack.name in found), failed)


def _plan_without_terraform(
    stack: PreparedStack, known: Collection[str], applied: Collection[str], *, destroy: bool
) -> StackPlan | None:
    """Return the plan of a stack if it is known without Terraform. `known` stacks have outputs."""
    if stack.unready:
        return StackPlan(stack.name, warnings=(stack.unready,), leaves="forget")
    waits_for = tuple(needed for needed in stack.needs if needed not in known)
    if stack.leaves or not waits_for:
        return None
    return (
        StackPlan(stack.name) if destroy else StackPlan(stack.name, waits_for=waits_for, behind=stack.name in applied)
    )


def _substitute_plan(
    stack: PreparedStack, error: EnvctlError, found: Mapping[str, StackPlan], *, destroy: bool
) -> StackPlan | None:
    if stack.leaves:
        if stack.leaves != "forget" or not isinstance(error, OperationFailedError):
            return None
        # Forgetting a stack does not require its state.
        why = error.problems[0].message.partition("\n")[0]
        return StackPlan(stack.name, warnings=(f"its resources could not be listed: {why}",), leaves="forget")
    waits_for = () if destroy else _find_pending_upstreams(error, found)
    return StackPlan(stack.name, waits_for=waits_for) if waits_for else None


def _add_leaving_hint(error: EnvctlError, environment: str, stack: str) -> None:
    """Replace the hint of errors in a leaving stack: its code belongs to an earlier release and cannot be fixed."""
    hint = (
        f"if a setting is missing, add it to environments/{environment}/removed.tfvars;"
        f' to keep its resources, add [removed.{stack}] with then = "forget" to envctl.toml'
    )
    error.problems = tuple(replace(each, hint=hint) if each.code == "E305" else each for each in error.problems)


def _find_pending_upstreams(error: EnvctlError, found: Mapping[str, StackPlan]) -> tuple[str, ...]:
    """Return the upstream stacks with outdated outputs, if all of them have planned changes."""
    if not isinstance(error, UpstreamBehindError):
        return ()
    plans = [found.get(name) for name in error.upstream]
    return error.upstream if all(plan and (plan.changes or plan.waits_for) for plan in plans) else ()


def plan_stack(
    ports: Ports,
    environment: str,
    stack: PreparedStack,
    applied: Collection[str],
    *,
    destroy: bool = False,
    locking: PlanLocking = "wait",
    on_changes: Callable[[], None] = ignore_changes,
) -> StackPlan:
    """Plan one stack. Raise OperationFailedError if it was applied, and has lost its state."""
    is_destroyed = destroy or bool(stack.leaves)
    plan = ports.terraform.plan(environment, stack, destroy=is_destroyed, locking=locking, on_changes=on_changes)
    if stack.leaves:
        # At a destruction, `lost_states` checks this.
        if stack.name in applied and stack.leaves == "destroy" and plan.stateless and not destroy:
            _check_leaving_state(ports, environment, stack, locking)
        return _plan_leaving(plan, stack)
    if stack.name in applied and plan.cluster and plan.changes and not stack.known_cluster:
        note = f"no deployment has recorded the cluster of {stack.name}: the next one records {plan.cluster.recorded}"
        plan = replace(plan, warnings=(*plan.warnings, note))
    if stack.name in applied and plan.stateless and not destroy:
        return check_state(ports, environment, stack, plan)
    return plan


def check_state(ports: Ports, environment: str, stack: PreparedStack, plan: StackPlan) -> StackPlan:
    """Check the plan of an applied stack that found nothing. A cluster without objects may be a new one: the plan says
    so. Raises OperationFailedError if the stack has lost its state (E321), or moves to another cluster (E671).
    """
    if stack.workload is None:
        require_state(ports, environment, stack)
        return plan
    if stack.former_cluster and not stack.known_cluster:
        name = stack.name
        message = (
            f"{name} was deployed to {stack.former_cluster}, and envctl.toml names another cluster now: its objects"
            f" would stay in the old one, and envctl would forget them"
        )
        hint = (
            f"give the stack in the new cluster another name, and say what becomes of the old one:"
            f' [removed.{name}] with then = "destroy" deletes its objects there'
        )
        raise OperationFailedError(Problem("E671", message, hint, stack=name))
    warning = f"{stack.name} was deployed to {environment}, and its cluster has no object of it"
    if not stack.known_cluster:
        warning += ": a new cluster, or another one under the same name; objects in an earlier cluster stay there"
    return replace(plan, warnings=(warning, *plan.warnings))


def _plan_leaving(plan: StackPlan, stack: PreparedStack) -> StackPlan:
    """Return the plan of a leaving stack. Deletes of a forgotten stack become forgets: its resources stay."""
    if stack.leaves == "destroy":
        return replace(plan, leaves="destroy")
    resources = tuple(replace(each, action=Action.FORGET) for each in plan.resources if each.action is Action.DELETE)
    return StackPlan(plan.stack, resources=resources, warnings=plan.warnings, stateless=plan.stateless, leaves="forget")


def _check_leaving_state(ports: Ports, environment: str, stack: PreparedStack, locking: PlanLocking) -> None:
    """Raise OperationFailedError for a leaving stack with a lost state: its resources would remain unnoticed."""
    from envctl.usecases.deployment.leaving import lost_states

    if lost_states.is_lost(ports, environment, stack, locking):
        message = f"Terraform state of {stack.name} in {environment} not found, and {stack.name} is to be destroyed"
        hint = (
            "restore it from a version in its bucket or from a backup; or delete the resources by hand, and add"
            f' [removed.{stack.name}] with then = "forget" to envctl.toml'
        )
        raise OperationFailedError(Problem("E321", message, hint))


def require_state(ports: Ports, environment: str, stack: PreparedStack) -> None:
    """Raise OperationFailedError if an applied stack has no state.

    Terraform treats a lost state as an empty one, and would create all resources a second time.
    """
    if ports.terraform.has_state(environment, stack):
        return
    message = f"Terraform state of {stack.name} in {environment} not found, although the stack was applied there"
    # The hint must not suggest `destroy`: it would also destroy the other stacks.
    hint = (
        "restore it from a version in its bucket or from a backup; if [state] in envctl.toml has changed, copy it to"
        f" its new place ({format_command('explain', 'E321')}); then check: {format_command('plan', environment)}"
    )
    raise OperationFailedError(Problem("E321", message, hint))


def add_cost(ports: Ports, plan: EnvironmentPlan, source: CostSource | None) -> EnvironmentPlan:
    """Return the plan with its cost. Without resource changes, the program is not run."""
    if source is None:
        return plan
    from envctl.domain.plan import costs

    if not costs.has_priced_changes(plan):
        return plan
    ports.observer.on_message(f"estimating the cost of the changes in {plan.environment}")
    question = costs.encode_question(plan, source.account_id, source.region, source.regions)
    answered = ports.cost_estimator.estimate_costs(source, question)
    if answered.problem:
        return replace(plan, cost=Cost(unknown=answered.problem))
    try:
        return replace(plan, cost=costs.parse_cost(answered.output, plan))
    except costs.MalformedAnswerError as error:
        return replace(plan, cost=Cost(unknown=f"the program of [cost] {error}"))


_HELD = "it may hold resources already: its plan is shown before they change"


def add_forecasts(
    context: Context, environment: str, stacks: Sequence[PreparedStack], plans: tuple[StackPlan, ...]
) -> tuple[StackPlan, ...]:
    """Return the plans with a forecast of each stack that waits, or with the reason why it has none."""
    ports, found = context.ports, {plan.stack: plan for plan in plans}
    waiting = {each.name: each for each in stacks if each.name in found and found[each.name].waits_for}
    if not waiting:
        return plans
    forecasts = _Forecasts(context, environment, waiting, found)
    # One that only comes after another reads nothing of its forecast: these run side by side.
    needs = {name: [each for each in stack.upstream if each in waiting] for name, stack in waiting.items()}
    with ports.terraform.open_worker_pool() as pool:
        report = run_tasks(pool, needs, forecasts.start_task, lambda name: f"{environment}/{name}")
    report.note_stop(pool).raise_failure()
    return tuple(forecasts.plans[plan.stack] for plan in plans)


@dataclass
class _Forecasts:
    """The forecasts of one environment. `plans` get them one by one."""

    context: Context
    environment: str
    waiting: Mapping[str, PreparedStack]
    plans: dict[str, StackPlan]

    def start_task(self, name: str) -> Task:
        if self.plans[name].behind:
            self.plans[name] = replace(self.plans[name], forecast=Forecast(problem=_HELD))
            return
        outputs = self._list_outputs(self.waiting[name])
        made = list[Forecast]()
        yield lambda: made.append(self._forecast(name, outputs))
        forecast = made[0]
        if forecast.problem:
            forecast = replace(forecast, elsewhere=self._source.describe_stack(name))
        self.plans[name] = replace(self.plans[name], forecast=forecast)

    def _forecast(self, name: str, outputs: Mapping[str, Mapping[str, object]]) -> Forecast:
        try:
            plan = self.context.ports.terraform.forecast(self.environment, self.waiting[name], outputs)
        except InterruptedByUserError:
            raise
        except EnvctlError as error:
            # Its summary and first sentence: what follows are steps for an apply.
            summary, _, details = error.problems[0].message.removeprefix(f"{name}: ").partition("\n")
            first = details.strip().partition("\n")[0].partition(". ")[0].removesuffix(".")
            return Forecast(problem=f"{summary}: {first}" if first else summary)
        return Forecast(resources=plan.resources, outputs=plan.outputs, warnings=plan.warnings)

    def _list_outputs(self, stack: PreparedStack) -> dict[str, dict[str, object]]:
        """Return the outputs of the stacks that this one waits for, as far as they are known."""
        outputs = {
            name: self.plans[name].known_outputs if name in self.plans else {}
            for name in stack.upstream
            if name in self.plans[stack.name].waits_for
        }
        for name, examples in self.context.project.outputs_forecast.items():
            if name in outputs:
                outputs[name] = fill_unknown(outputs[name], examples)
        for each in stack.inputs or stack.reads:
            if each.stack not in outputs or each.type_text.strip() in PRIMITIVE_TYPES:
                continue
            if find_value(each, outputs) is Marker.UNKNOWN:
                # It may be a list or a map, and not even its length is known.
                shape = self._source.shapes.get(each.stack, {}).get(each.output, Marker.UNKNOWN)
                outputs[each.stack] = fill_unknown(outputs[each.stack], {each.output: shape})
        return outputs

    @cached_property
    def _source(self) -> ForecastSource:
        # Imported late: what the other plans know is mostly enough.
        from envctl.usecases.deployment.forecast_source import ForecastSource

        source = self.context.project.pipeline.find_previous(self.environment) or ""
        upstream = {name for stack in self.waiting.values() for name in stack.upstream}
        return ForecastSource(self.context, source, upstream)
