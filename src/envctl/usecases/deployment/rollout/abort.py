"""Bringing the requests of a stack back that a rollout has left half-way: it was killed, or could not go back."""

from collections.abc import Mapping
from dataclasses import dataclass

from envctl.domain.config.project import Project
from envctl.domain.errors import InterruptedByUserError, OperationFailedError, Problem
from envctl.domain.ledger.events import Event, TrafficShifted
from envctl.domain.ledger.state import Deployment, Present
from envctl.domain.plan.changes import EnvironmentPlan, StackPlan
from envctl.domain.rollout.traffic import Position, Traffic, at_rest, destination
from envctl.domain.text.lists import listed
from envctl.usecases.deployment.prepare import Made
from envctl.usecases.deployment.traffic import rendering
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import PreparedStack


@dataclass(frozen=True)
class WentBack:
    """All requests of a stack go to this colour again."""

    stack: str
    color: str


@dataclass(frozen=True)
class WayBack:
    """Of one stack, with the code and the settings of the deployment that came last, and the artifact of before."""

    ports: Ports
    project: Project
    ready: Made
    traffic: Traffic
    last: Deployment

    def begin(self, stack: PreparedStack) -> None:
        """Lays the root module out that leads back, to be planned."""
        self._lay(stack, at_rest(self.traffic.live))

    def go(self, plans: tuple[StackPlan, ...], stack: PreparedStack) -> WentBack:
        """Asks, applies what was planned, and leaves the root module as it was."""
        target, live = self.ready.prepared.environment, self.traffic.live
        if waits_for := [name for plan in plans for name in plan.waits_for]:
            message = f"the way back of {stack.name} can't be planned: it needs {listed(waits_for)}"
            raise OperationFailedError(Problem("E336", message, f"envctl recover {target}"))
        if any(plan.changes for plan in plans):
            whole = EnvironmentPlan(target, self.last.release, plans)
            self.ports.observer.said(f"{stack.name}: all requests are to go back to {live.color}")
            self.ports.observer.planned(whole)
            if not self.ports.consent.given(whole, again=False):
                message = f"stopped on your answer: the requests of {stack.name} stay shared"
                raise InterruptedByUserError(Problem("E310", message, f"envctl recover {target}"))
            self.ports.terraform.apply(target, stack)
        self._record(stack)
        end = rendering.artifact(self.project, self.ready.release, self.ready.settings, stack.name)
        self._lay(stack, destination(live, end))
        return WentBack(stack.name, live.color)

    def _lay(self, stack: PreparedStack, position: Position) -> None:
        ready = self.ready
        root = rendering.root_module(
            self.project, ready.release, ready.settings, stack.name, position, changeover=ready.changeover
        )
        self.ports.workspace.lay_stack(ready.prepared.environment, stack.name, root.encode())

    def _record(self, stack: PreparedStack) -> None:
        target, live = self.ready.prepared.environment, self.traffic.live

        def decide(present: Present) -> Event | None:
            here = present.of(target)
            if here.traffic.get(stack.name) != self.traffic or here.last != self.last:
                # Somebody else has seen to it.
                return None
            at = at_rest(live)
            release, started = self.last.release, self.last.seq
            return TrafficShifted(target, release, started, stack.name, at.color, at.value, at.percent)

        journal.append(self.ports, decide)


def demand_back(present: Present, target: str, why: tuple[Problem, ...], leaving: Mapping[str, str]) -> None:
    """Whatever else is over: requests that are still shared must not go unnoticed. `leaving` are the stacks that leave
    with the last deployment, each with the command that goes on with it.
    """
    again = f"mend what kept them from going back, and once more: envctl recover {target}"
    hints = {
        stack: f"{stack} leaves {target}, and its requests with it: {command}" for stack, command in leaving.items()
    }
    left = [
        Problem(
            "E336",
            f"THE REQUESTS OF {stack} in {target} ARE STILL SHARED: about {shift.percent} % may go to {shift.color}",
            hints.get(stack, again),
        )
        for stack, shift in present.of(target).shifts.items()
    ]
    if left:
        raise OperationFailedError(*left, *why)
