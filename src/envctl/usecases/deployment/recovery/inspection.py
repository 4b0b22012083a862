"""What a deployment left in the stacks of an environment, and what can be set right there and then."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

from envctl.domain.config.project import Project
from envctl.domain.errors import (
    ConfigurationError,
    EnvctlError,
    OperationFailedError,
    Problem,
    StateLock,
    StateLockedError,
    UpstreamBehindError,
)
from envctl.domain.ledger.state import EnvironmentPresent
from envctl.domain.plan.changes import StackPlan
from envctl.usecases.deployment.leaving.lost_states import find_lost, lost_problem
from envctl.usecases.deployment.planning import plan_each, plan_stacks
from envctl.usecases.deployment.prepare import Made
from envctl.usecases.deployment.recovery.lock_breaking import break_lock
from envctl.usecases.deployment.rollout.abort import WayBack, WentBack
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import PreparedStack

# A lock that is held, and a question that nobody answers, are no reason to go on.
NOT_SEEN = (ConfigurationError, OperationFailedError)


@dataclass(frozen=True)
class Aftermath:
    """`broken` are the locks of Terraform's that it left, `rescued` the stacks whose state it could not save, `back`
    those whose requests it had begun to send to another colour, and that have gone back. `left` is what is still to be
    done to complete it, and `unseen` why that could not be found out.
    """

    broken: tuple[StateLock, ...] = ()
    rescued: tuple[str, ...] = ()
    left: tuple[StackPlan, ...] = ()
    unseen: tuple[Problem, ...] = ()
    back: tuple[WentBack, ...] = ()


def look(ports: Ports, project: Project, here: EnvironmentPresent, ready: Made) -> Aftermath:
    """Only a lock that stays stops it: whatever else is wrong must not block the environment."""
    looking = _Looking(ports, project, here, ready)
    try:
        looking.plan([s for s in ready.prepared.all_stacks if not s.unready and looking.sets_right(s)])
    finally:
        for stack in ready.prepared.all_stacks:
            ports.terraform.discard(ready.prepared.environment, stack)
    return looking.found


@dataclass
class _Looking:
    ports: Ports
    project: Project
    here: EnvironmentPresent
    ready: Made
    found: Aftermath = field(default_factory=Aftermath)

    @property
    def _environment(self) -> str:
        return self.ready.prepared.environment

    @property
    def _destroys(self) -> bool:
        return self.here.last is not None and self.here.last.action == "destroy"

    def sets_right(self, stack: PreparedStack) -> bool:
        """Its state and its requests, before anything is planned; whether that went well."""
        try:
            if self.ports.terraform.rescue(self._environment, stack):
                self.found = replace(self.found, rescued=(*self.found.rescued, stack.name))
            last = self.here.last
            if stack.name in self.here.shifts and stack.name in self.ready.prepared.live and last is not None:
                way = WayBack(self.ports, self.project, self.ready, self.here.traffic[stack.name], last)
                way.begin(stack)
                plans = self._planned_alone(stack, self.here.stacks)
                self.found = replace(self.found, back=(*self.found.back, way.go(plans, stack)))
        except NOT_SEEN as error:
            self._unseen(error)
            return False
        return True

    def plan(self, stacks: Sequence[PreparedStack]) -> None:
        """What is still to be done, of all that can be looked at by now, and then of what reads it: whatever reads a
        stack can be looked at if that one is there at all.
        """
        applied = self.ready.changeover.applied(self.here.stacks)
        waiting, plans = list(stacks), dict[str, StackPlan]()
        while waiting:
            batch = [stack for stack in waiting if stack.leaves or set(stack.needs) <= applied] or waiting
            waiting = [stack for stack in waiting if stack not in batch]
            looked = plan_each(self.ports, self._environment, batch, applied, destroy=self._destroys, wait=False)
            plans |= {plan.stack: plan for plan in looked.plans}
            for stack in batch:
                if stack.name in looked.failed:
                    plans |= self._otherwise(stack, applied, looked.failed[stack.name])
            there = {name for name, plan in plans.items() if not plan.changes and not plan.waits_for}
            applied = applied | there
        self._tell_lost(stacks, plans)
        self.found = replace(self.found, left=tuple(plans[stack.name] for stack in stacks if stack.name in plans))

    def _tell_lost(self, stacks: Sequence[PreparedStack], plans: Mapping[str, StackPlan]) -> None:
        """Of a destruction: a lost state looks like one that holds nothing any more."""
        if not self._destroys:
            return
        if lost := find_lost(self.ports, self._environment, stacks, plans, self.here.stacks):
            self.found = replace(self.found, unseen=(*self.found.unseen, lost_problem(self._environment, lost)))

    def _otherwise(self, stack: PreparedStack, applied: Set[str], error: EnvctlError) -> dict[str, StackPlan]:
        try:
            if isinstance(error, StateLockedError):
                self._break(stack, error)
                return {plan.stack: plan for plan in self._planned(stack, applied, wait=True)}
            if isinstance(error, UpstreamBehindError):
                return {stack.name: _behind(stack, error)}
            raise error
        except NOT_SEEN as unseen:
            self._unseen(unseen)
            return {}

    def _planned_alone(self, stack: PreparedStack, applied: Set[str]) -> tuple[StackPlan, ...]:
        try:
            return self._planned(stack, applied, wait=False)
        except StateLockedError as held:
            self._break(stack, held)
            return self._planned(stack, applied, wait=True)

    def _planned(self, stack: PreparedStack, applied: Set[str], *, wait: bool) -> tuple[StackPlan, ...]:
        """One that reads what another stack did not get to put out waits for it: that is no reason to see nothing."""
        try:
            return plan_stacks(self.ports, self._environment, [stack], applied, destroy=self._destroys, wait=wait)
        except UpstreamBehindError as error:
            return (_behind(stack, error),)

    def _break(self, stack: PreparedStack, held: StateLockedError) -> None:
        lock = break_lock(self.ports, self._environment, stack, held, self.here.last)
        self.found = replace(self.found, broken=(*self.found.broken, lock))

    def _unseen(self, error: EnvctlError) -> None:
        self.found = replace(self.found, unseen=(*self.found.unseen, *error.problems))


def _behind(stack: PreparedStack, error: UpstreamBehindError) -> StackPlan:
    return StackPlan(stack.name, waits_for=error.upstream, behind=True)
