"""The progress of each stack, collected from Terraform events."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Lock

from envctl.domain.plan.changes import Action, EnvironmentPlan, StackPlan
from envctl.usecases.ports.terraform import ProgressEvent

# A replacement has two end events: one of the deletion, one of the creation.
_ENDINGS = {Action.CREATE: 1, Action.UPDATE: 1, Action.DELETE: 1, Action.REPLACE: 2, Action.RENEW: 1, Action.INVOKE: 1}


@dataclass(frozen=True)
class RunningResource:
    address: str
    action: Action | None
    started_at: float  # on the clock of the board, in seconds


@dataclass
class StackProgress:
    name: str
    started_at: float
    phase: str = "plan"
    running: dict[str, RunningResource] = field(default_factory=dict)
    refreshed: set[str] = field(default_factory=set)
    end_counts: Counter[str] = field(default_factory=Counter)
    expected: dict[str, int] = field(default_factory=dict)

    def copy(self) -> "StackProgress":
        return replace(
            self, running=dict(self.running), refreshed=set(self.refreshed), end_counts=Counter(self.end_counts)
        )

    @property
    def expected_count(self) -> int:
        return len(self.expected)

    @property
    def done_count(self) -> int:
        return sum(self.end_counts[address] >= self.expected.get(address, 1) for address in self.end_counts)


class ProgressBoard:
    """Collects events of all stacks; `clock` returns seconds. Thread-safe: another thread draws it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        # With several environments, the names of stacks include their environment.
        self.several = False
        self.planned = 0
        self._stacks: dict[str, StackProgress] = {}
        self._expected: dict[str, dict[str, int]] = {}
        self._lock = Lock()

    def expect_plan(self, plan: EnvironmentPlan) -> None:
        """Forget the planning phase and expect the changes of this plan."""
        with self._lock:
            self._stacks.clear()
            self.planned = 0
            self._expected.update({stack.stack: _count_endings(stack) for stack in plan.stacks})

    def record_event(self, event: ProgressEvent) -> None:
        with self._lock:
            self._update_stack(event)

    def list_unfinished(self) -> list[StackProgress]:
        """Return copies of the stacks, without those with all planned changes ended."""
        with self._lock:
            return [
                s.copy()
                for s in self._stacks.values()
                if s.running or not s.expected_count or s.done_count < s.expected_count
            ]

    def _update_stack(self, event: ProgressEvent) -> None:
        if event.phase == "over":
            self._remove_stack(event)
            return
        stack = self._find_or_add_stack(event)
        if event.action is Action.READ and stack.phase != "apply":
            # Plans read data sources too.
            return
        match event.phase:
            case "init" | "plan":
                stack.started_at, stack.phase = self.clock(), event.phase
                stack.running.clear()
            case "refresh":
                stack.refreshed.add(event.address)
            case "started" | "still":
                stack.running.setdefault(
                    event.address, RunningResource(event.address, event.action, self.clock() - event.elapsed)
                )
            case "done" | "failed":
                stack.running.pop(event.address, None)
                if event.phase == "done" and event.action is not Action.READ:
                    stack.end_counts[event.address] += 1

    def _remove_stack(self, event: ProgressEvent) -> None:
        """Remove a finished stack from the board; planned stacks are still counted."""
        stack = self._stacks.pop(self._format_stack_name(event), None)
        if stack is not None and stack.phase in ("plan", "refresh"):
            self.planned += 1

    def _format_stack_name(self, event: ProgressEvent) -> str:
        return f"{event.environment}/{event.stack}" if self.several else event.stack

    def _find_or_add_stack(self, event: ProgressEvent) -> StackProgress:
        applies = event.phase in ("started", "still", "done", "failed") and event.action is not Action.READ
        name = self._format_stack_name(event)
        stack = self._stacks.get(name)
        if stack is None or (applies and stack.phase != "apply"):
            expected = self._expected.get(event.stack, {}) if applies else {}
            phase = "apply" if applies else "plan"
            stack = StackProgress(name, self.clock() - event.elapsed, phase, expected=dict(expected))
            self._stacks[name] = stack
        return stack


def _count_endings(plan: StackPlan) -> dict[str, int]:
    return {r.address: _ENDINGS[r.action] for r in plan.resources if r.action in _ENDINGS}
