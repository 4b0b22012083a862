"""Restore the traffic of a stack after a rollout was killed, or failed to restore it."""

from collections.abc import Mapping
from dataclasses import dataclass

from envctl.domain.command_lines import format_command
from envctl.domain.config.project import Project
from envctl.domain.errors import InterruptedByUserError, OperationFailedError, Problem
from envctl.domain.ledger.events import Event
from envctl.domain.ledger.state import Deployment, LedgerState
from envctl.domain.ledger.traffic_events import TrafficShifted
from envctl.domain.plan.changes import EnvironmentPlan, StackPlan
from envctl.domain.rollout.traffic import Traffic, TrafficWeight, find_final_weight, to_resting_weight
from envctl.domain.text.lists import join_names
from envctl.usecases.deployment import prepare
from envctl.usecases.deployment.prepare import PreparedRelease
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import PreparedStack


@dataclass(frozen=True)
class RestoredTraffic:
    """A stack with all traffic restored to `color`."""

    stack: str
    color: str


@dataclass(frozen=True)
class TrafficRestore:
    """Restore the traffic of one stack: the code and settings of the last deployment, and the artifact before it."""

    ports: Ports
    project: Project
    ready: PreparedRelease
    traffic: Traffic
    last: Deployment

    def apply_plan(self, plans: tuple[StackPlan, ...], stack: PreparedStack) -> RestoredTraffic:
        """Confirm and apply the plan, record it, and write the original root module again."""
        target, live = self.ready.prepared.environment, self.traffic.live
        if waits_for := [name for plan in plans for name in plan.waits_for]:
            message = f"restoring the traffic of {stack.name} can't be planned: it needs {join_names(waits_for)}"
            raise OperationFailedError(Problem("E336", message, format_command("recover", target)))
        if any(plan.changes for plan in plans):
            whole = EnvironmentPlan(environment=target, release=self.last.release, stacks=plans)
            self.ports.observer.on_message(f"{stack.name}: planning to send all requests back to {live.color}")
            self.ports.observer.on_plan(whole)
            if not self.ports.prompter.confirm_plan(whole, None, again=False):
                message = f"cancelled: the requests of {stack.name} stay split"
                raise InterruptedByUserError(Problem("E310", message, format_command("recover", target)))
            self.ports.terraform.apply(target, stack)
        self._record_restored(stack)
        end = prepare.resolve_artifact(self.project, self.ready.release, self.ready.settings, stack.name)
        self.write_root_module(stack, find_final_weight(live, end))
        return RestoredTraffic(stack.name, live.color)

    def write_root_module(self, stack: PreparedStack, position: TrafficWeight) -> None:
        ready = self.ready
        root = prepare.render_stack(
            self.project, ready.release, ready.settings, stack.name, position, changeover=ready.changeover
        )
        prepare.rewrite_root_module(self.ports, ready.prepared.environment, root)

    def _record_restored(self, stack: PreparedStack) -> None:
        target, live = self.ready.prepared.environment, self.traffic.live

        def decide_event(present: LedgerState) -> Event | None:
            here = present.find_environment(target)
            if here.traffic.get(stack.name) != self.traffic or here.last != self.last:
                # Already restored by another run.
                return None
            at = to_resting_weight(live)
            release, started = self.last.release, self.last.seq
            return TrafficShifted(
                environment=target,
                release=release,
                started=started,
                stack=stack.name,
                color=at.color,
                value=at.value,
                percent=at.percent,
            )

        journal.append(self.ports, decide_event)


def require_restored(present: LedgerState, target: str, why: tuple[Problem, ...], leaving: Mapping[str, str]) -> None:
    """Raise OperationFailedError if traffic is still split between two colors, followed by the problems `why`.

    `leaving` maps the leaving stacks of the last deployment to the command for resuming it.
    """
    again = f"fix the cause, then: {format_command('recover', target)}"
    left = []
    for stack, shift in present.find_environment(target).open_shifts.items():
        message = (
            f"THE REQUESTS OF {stack} in {target} ARE STILL SPLIT:"
            f" up to {shift.highest_percent} % may go to {shift.color}"
        )
        hint = f"{stack} leaves {target}; its requests end with it: {leaving[stack]}" if stack in leaving else again
        left.append(Problem("E336", message, hint))
    if left:
        raise OperationFailedError(*left, *why)
