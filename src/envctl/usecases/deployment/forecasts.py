"""Forecasts of stacks that can't be planned yet: what they will probably do, for people who have to decide now.

Each is planned after the stacks that it waits for, with what their plans and forecasts know of their outputs. It is
shown, and binds nothing: it is in no fingerprint, in no stored plan and in no state.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from envctl.domain.errors import EnvctlError, InterruptedByUserError
from envctl.domain.ledger.events import DeploymentStarted
from envctl.domain.plan.changes import Forecast, Marker, StackPlan
from envctl.domain.plan.fingerprint import list_performed_actions, to_plan_outline
from envctl.domain.plan.forecasts import (
    describe_shape,
    fill_unknown,
    list_planned_outputs,
    list_unknown_collections,
)
from envctl.domain.text.lists import join_names
from envctl.usecases.concurrency.dag_runner import Task, run_stack_jobs, run_tasks
from envctl.usecases.deployment import prepare
from envctl.usecases.ledger import journal
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import PreparedStack
from envctl.usecases.project import look_scope
from envctl.usecases.project.environment_selection import load_context, lock_target
from envctl.usecases.release import deploy_request, release_store

_HELD = "it may hold resources already: its plan is shown before they change"


def add_forecasts(
    ports: Ports, environment: str, stacks: Sequence[PreparedStack], plans: tuple[StackPlan, ...]
) -> tuple[StackPlan, ...]:
    """Return the plans with a forecast of each stack that waits, or with the reason why it has none."""
    found = {plan.stack: plan for plan in plans}
    waiting = {each.name: each for each in stacks if each.name in found and found[each.name].waits_for}
    if not waiting:
        return plans
    context, _ = load_context(ports, environment)
    forecasts = _Forecasts(context, environment, waiting, found)
    needs = {name: [each for each in stack.needs if each in waiting] for name, stack in waiting.items()}
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
            forecast = replace(forecast, elsewhere=self._describe_elsewhere(name))
        self.plans[name] = replace(self.plans[name], forecast=forecast)

    def _forecast(self, name: str, outputs: Mapping[str, Mapping[str, object]]) -> Forecast:
        try:
            plan = self.context.ports.terraform.forecast(self.environment, self.waiting[name], outputs)
        except InterruptedByUserError:
            raise
        except EnvctlError as error:
            # Of the message, the first sentence: what follows names files that are not the user's.
            first = " ".join(error.problems[0].message.splitlines()[:2]).partition(". ")[0]
            return Forecast(problem=first.removeprefix(f"{name}: "))
        return Forecast(resources=plan.resources, outputs=plan.outputs, warnings=plan.warnings)

    def _list_outputs(self, stack: PreparedStack) -> dict[str, dict[str, object]]:
        """Return the outputs of the stacks that this one waits for, as far as they are known."""
        declared = self.context.project.outputs_forecast
        outputs = {
            name: fill_unknown(list_planned_outputs(self.plans.get(name)), declared.get(name, {}))
            for name in stack.upstream
            if name in self.plans[stack.name].waits_for
        }
        for each in list_unknown_collections(stack.inputs or stack.reads, outputs):
            shape = self._shapes.get(each.stack, {}).get(each.output, Marker.UNKNOWN)
            outputs[each.stack] = fill_unknown(outputs[each.stack], {each.output: shape})
        return outputs

    @cached_property
    def _source(self) -> str:
        return self.context.project.pipeline.find_previous(self.environment) or ""

    @cached_property
    def _shapes(self) -> Mapping[str, Mapping[str, object]]:
        """The shapes of outputs in the environment before; empty if its states can't be read now."""
        try:
            return self._read_shapes() if self._source else {}
        except InterruptedByUserError:
            raise
        except EnvctlError:
            return {}

    def _read_shapes(self) -> Mapping[str, Mapping[str, object]]:
        ports, source = self.context.ports, self._source
        looking = Context(ports, self.context.project.for_looking())
        look_scope.require_visible(looking, source)
        present = journal.load(ports)
        here = present.find_environment(source)
        if here.current is None:
            return {}
        candidate = deploy_request.build_redeployment(looking, present, target=source, release=here.current.release)
        with lock_target(ports, source, "plan"):
            prepared = prepare.prepare_stored_release(looking, candidate.require_fitting(), with_values=False)
            names = {name for stack in self.waiting.values() for name in stack.upstream}
            stacks = [each for each in prepared.stacks if each.name in names and each.workload is None]
            found, report = run_stack_jobs(
                ports, source, stacks, lambda stack: ports.terraform.read_outputs(source, stack)
            )
        report.raise_stop()
        return {name: {key: describe_shape(each) for key, each in outputs.items()} for name, outputs in found.items()}

    def _describe_elsewhere(self, name: str) -> str:
        present = journal.load(self.context.ports)
        there = present.find_environment(self._source) if self._source else None
        if there is None or there.current is None:
            return ""
        if done := list_performed_actions(self._list_stored_plans(name, there.current.seq)):
            return f"in {self._source} its last deployment did this: {join_names(done)}"
        # It waited there, too.
        done = tuple(sorted(there.performed.get(there.current.release, ())))
        return f"in {self._source} all stacks of the release did this together: {join_names(done)}" if done else ""

    def _list_stored_plans(self, name: str, started: int) -> Iterator[StackPlan]:
        ports = self.context.ports
        for entry in journal.read_entries(ports, [started]):
            if isinstance(entry.event, DeploymentStarted):
                for meaning in release_store.load_plans(ports, [entry.event.plan]).values():
                    outline = to_plan_outline(meaning, self._source, entry.event.release)
                    yield from (plan for plan in outline.stacks if plan.stack == name)
