"""Inspect the stacks of an environment after an interrupted deployment, and repair locks, states and traffic."""

from collections.abc import Sequence, Set
from dataclasses import dataclass, field, replace

from envctl.domain import errors
from envctl.domain.config.project import Project
from envctl.domain.ledger.state import EnvironmentState
from envctl.domain.plan.changes import StackPlan
from envctl.domain.rollout.traffic import to_resting_weight
from envctl.usecases.deployment.leaving.lost_states import describe_lost, find_lost_states
from envctl.usecases.deployment.planning import plan_each, plan_stacks
from envctl.usecases.deployment.prepare import PreparedRelease
from envctl.usecases.deployment.recovery.lock_breaking import break_lock
from envctl.usecases.deployment.rollout.abort import RestoredTraffic, TrafficRestore
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import PlanLocking, PreparedStack

# A held lock and an unanswered prompt stop the recovery instead.
INSPECTION_ERRORS = (errors.ConfigurationError, errors.OperationFailedError)


@dataclass(frozen=True)
class RecoveryFindings:
    """The repairs and the remaining work of an interrupted deployment."""

    broken: tuple[errors.StateLock, ...] = ()
    rescued: tuple[str, ...] = ()  # Stacks with an unsaved state, now saved.
    left: tuple[StackPlan, ...] = ()  # Plans to complete the deployment.
    unseen: tuple[errors.Problem, ...] = ()  # Errors of the inspection.
    back: tuple[RestoredTraffic, ...] = ()  # Stacks with restored traffic.


def inspect_stacks(context: Context, here: EnvironmentState, ready: PreparedRelease) -> RecoveryFindings:
    """Inspect and repair all stacks. Only a lock still held raises an error: others must not block the environment."""
    looking = _Inspection(context.ports, context.project, here, ready)
    try:
        looking.plan_remaining([s for s in ready.prepared.all_stacks if not s.unready and looking.repair_stack(s)])
    finally:
        context.ports.terraform.delete_plans(ready.prepared.environment)
    return looking.found


@dataclass
class _Inspection:
    ports: Ports
    project: Project
    here: EnvironmentState
    ready: PreparedRelease
    found: RecoveryFindings = field(default_factory=RecoveryFindings)

    @property
    def _environment(self) -> str:
        return self.ready.prepared.environment

    @property
    def _is_destruction(self) -> bool:
        return self.here.last is not None and self.here.last.action == "destroy"

    def repair_stack(self, stack: PreparedStack) -> bool:
        """Save the unsaved state and restore the traffic of a stack. Return false on an error."""
        try:
            if self.ports.terraform.push_unsaved_state(self._environment, stack):
                self.found = replace(self.found, rescued=(*self.found.rescued, stack.name))
            last = self.here.last
            if stack.name in self.here.open_shifts and stack.name in self.ready.prepared.traffic and last is not None:
                traffic = self.here.traffic[stack.name]
                restore = TrafficRestore(self.ports, self.project, self.ready, traffic, last)
                restore.write_root_module(stack, to_resting_weight(traffic.live))
                plans = self._plan_breaking_lock(stack, self.here.stacks)
                self.found = replace(self.found, back=(*self.found.back, restore.apply_plan(plans, stack)))
        except INSPECTION_ERRORS as error:
            self.found = replace(self.found, unseen=(*self.found.unseen, *error.problems))
            return False
        return True

    def plan_remaining(self, stacks: Sequence[PreparedStack]) -> None:
        """Plan the remaining work, in batches: first the stacks with complete upstream stacks."""
        applied = self.ready.changeover.expand_applied(self.here.stacks)
        waiting, plans = list(stacks), dict[str, StackPlan]()
        while waiting:
            batch = [stack for stack in waiting if stack.leaves or set(stack.needs) <= applied] or waiting
            waiting = [stack for stack in waiting if stack not in batch]
            looked = plan_each(
                self.ports, self._environment, batch, applied, destroy=self._is_destruction, locking="at once"
            )
            plans |= {plan.stack: plan for plan in looked.plans}
            for stack in batch:
                if stack.name in looked.failed:
                    plans |= self._plan_after_failure(stack, applied, looked.failed[stack.name])
            applied |= {name for name, plan in plans.items() if not plan.changes and not plan.waits_for}
        # At a destruction, the plans of lost states look like those of emptied states.
        if self._is_destruction and (
            lost := find_lost_states(self.ports, self._environment, stacks, plans, self.here.stacks)
        ):
            self.found = replace(
                self.found, unseen=(*self.found.unseen, describe_lost(self._environment, lost, stacks))
            )
        self.found = replace(self.found, left=tuple(plans[stack.name] for stack in stacks if stack.name in plans))

    def _plan_after_failure(
        self, stack: PreparedStack, applied: Set[str], error: errors.EnvctlError
    ) -> dict[str, StackPlan]:
        try:
            if isinstance(error, errors.StateLockedError):
                self._break_lock(stack, error)
                return {plan.stack: plan for plan in self._plan_stack(stack, applied, locking="wait")}
            if isinstance(error, errors.UpstreamBehindError):
                return {stack.name: StackPlan(stack.name, waits_for=error.upstream, behind=stack.name in applied)}
            raise error
        except INSPECTION_ERRORS as unseen:
            self.found = replace(self.found, unseen=(*self.found.unseen, *unseen.problems))
            return {}

    def _plan_breaking_lock(self, stack: PreparedStack, applied: Set[str]) -> tuple[StackPlan, ...]:
        try:
            return self._plan_stack(stack, applied, locking="at once")
        except errors.StateLockedError as held:
            self._break_lock(stack, held)
            return self._plan_stack(stack, applied, locking="wait")

    def _plan_stack(self, stack: PreparedStack, applied: Set[str], *, locking: PlanLocking) -> tuple[StackPlan, ...]:
        """Plan a stack. With missing upstream outputs, return a waiting plan instead of an error."""
        try:
            return plan_stacks(
                self.ports, self._environment, [stack], applied, destroy=self._is_destruction, locking=locking
            )
        except errors.UpstreamBehindError as error:
            return (StackPlan(stack.name, waits_for=error.upstream, behind=stack.name in applied),)

    def _break_lock(self, stack: PreparedStack, held: errors.StateLockedError) -> None:
        lock = break_lock(self.ports, self._environment, stack, held, self.here.last)
        self.found = replace(self.found, broken=(*self.found.broken, lock))
