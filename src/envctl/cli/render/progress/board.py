"""The progress of each stack, collected from Terraform events."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Lock

from envctl.domain.plan.changes import Action, EnvironmentPlan
from envctl.usecases.ports.terraform import ProgressEvent

# A replacement has two end events: one of the deletion, one of the creation.
_ENDINGS = {Action.CREATE: 1, Action.UPDATE: 1, Action.DELETE: 1, Action.REPLACE: 2, Action.RENEW: 1, Action.INVOKE: 1}


@dataclass(frozen=True)
class RunningResource:
    address: str
    action: Action | None
    started_at: float  # on the clock of the board, in seconds


@dataclass(kw_only=True)
class StackProgress:
    name: str
    started_at: float
    phase: str = "plan"
    running: dict[str, RunningResource] = field(default_factory=dict)
    refreshed: set[str] = field(default_factory=set)
    end_counts: Counter[str] = field(default_factory=Counter)
    expected: dict[str, int] = field(default_factory=dict)

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
            for stack in plan.stacks:
                self._expected[stack.stack] = {
                    r.address: _ENDINGS[r.action] for r in stack.resources if r.action in _ENDINGS
                }

    def list_unfinished(self) -> list[StackProgress]:
        """Return copies of the stacks, without those with all planned changes ended."""
        with self._lock:
            stacks = list(self._stacks.values())
            unfinished = [s for s in stacks if s.running or not s.expected or s.done_count < len(s.expected)]
            # Copied, since the events go on while the board is drawn.
            return [
                replace(s, running=dict(s.running), refreshed=set(s.refreshed), end_counts=Counter(s.end_counts))
                for s in unfinished
            ]

    def record_event(self, event: ProgressEvent) -> None:
        with self._lock:
            name = f"{event.environment}/{event.stack}" if self.several else event.stack
            if event.phase == "over":
                stack = self._stacks.pop(name, None)
                self.planned += stack is not None and stack.phase in ("plan", "refresh")
            else:
                self._update_stack(name, event)

    def _update_stack(self, name: str, event: ProgressEvent) -> None:
        stack = self._find_or_add_stack(name, event)
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

    def _find_or_add_stack(self, name: str, event: ProgressEvent) -> StackProgress:
        applies = event.phase in ("started", "still", "done", "failed") and event.action is not Action.READ
        stack = self._stacks.get(name)
        if stack is None or (applies and stack.phase != "apply"):
            expected = self._expected.get(event.stack, {}) if applies else {}
            phase = "apply" if applies else "plan"
            stack = StackProgress(
                name=name, started_at=self.clock() - event.elapsed, phase=phase, expected=dict(expected)
            )
            self._stacks[name] = stack
        return stack
