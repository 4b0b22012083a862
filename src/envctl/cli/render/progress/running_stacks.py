"""What runs in each stack right now, kept from the events of Terraform."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from threading import Lock

from envctl.domain.plan.changes import Action, EnvironmentPlan, StackPlan
from envctl.usecases.ports.terraform import Progressed

# A replacement is announced in two: one end takes away, the other makes anew.
_ENDS = {Action.CREATE: 1, Action.UPDATE: 1, Action.DELETE: 1, Action.REPLACE: 2, Action.RENEW: 1, Action.INVOKE: 1}


@dataclass(frozen=True)
class Running:
    """`since` is on the board's clock."""

    address: str
    action: Action | None
    since: float


@dataclass
class StackBoard:
    name: str
    since: float
    phase: str = "plan"
    running: dict[str, Running] = field(default_factory=dict)
    refreshed: set[str] = field(default_factory=set)
    ends: Counter[str] = field(default_factory=Counter)
    expected: dict[str, int] = field(default_factory=dict)

    def copy(self) -> "StackBoard":
        return replace(self, running=dict(self.running), refreshed=set(self.refreshed), ends=Counter(self.ends))

    @property
    def total(self) -> int:
        return len(self.expected)

    @property
    def done(self) -> int:
        return sum(self.ends[address] >= self.expected.get(address, 1) for address in self.ends)


class Board:
    """Takes events in; `clock` counts seconds from anywhere. It is drawn in another thread than it is written in."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        # Whether stacks of several environments are on it: then each is told with its own.
        self.several = False
        self.planned = 0
        self._stacks: dict[str, StackBoard] = {}
        self._expected: dict[str, dict[str, int]] = {}
        self._lock = Lock()

    def expect(self, plan: EnvironmentPlan) -> None:
        """From here on the plan is carried out: what came before it is over."""
        with self._lock:
            self._stacks.clear()
            self.planned = 0
            self._expected.update({stack.stack: _ends(stack) for stack in plan.stacks})

    def note(self, event: Progressed) -> None:
        with self._lock:
            self._note(event)

    def shown(self) -> list[StackBoard]:
        """As they are now, without the stacks in which everything that was planned has ended."""
        with self._lock:
            return [s.copy() for s in self._stacks.values() if s.running or not s.total or s.done < s.total]

    def _note(self, event: Progressed) -> None:
        if event.phase == "over":
            self._end(event)
            return
        stack = self._of(event)
        if event.action is Action.READ and stack.phase != "apply":
            # A data source, which a plan reads as well.
            return
        match event.phase:
            case "init" | "plan":
                stack.since, stack.phase = self.clock(), event.phase
                stack.running.clear()
            case "refresh":
                stack.refreshed.add(event.address)
            case "started" | "still":
                stack.running.setdefault(
                    event.address, Running(event.address, event.action, self.clock() - event.elapsed)
                )
            case "done" | "failed":
                stack.running.pop(event.address, None)
                if event.phase == "done" and event.action is not Action.READ:
                    stack.ends[event.address] += 1

    def _end(self, event: Progressed) -> None:
        """What is planned or applied to its end is only counted: the others need the room."""
        stack = self._stacks.pop(self._name(event), None)
        if stack is not None and stack.phase in ("plan", "refresh"):
            self.planned += 1

    def _name(self, event: Progressed) -> str:
        return f"{event.environment}/{event.stack}" if self.several else event.stack

    def _of(self, event: Progressed) -> StackBoard:
        applies = event.phase in ("started", "still", "done", "failed") and event.action is not Action.READ
        name = self._name(event)
        stack = self._stacks.get(name)
        if stack is None or (applies and stack.phase != "apply"):
            expected = self._expected.get(event.stack, {}) if applies else {}
            phase = "apply" if applies else "plan"
            stack = StackBoard(name, self.clock() - event.elapsed, phase, expected=dict(expected))
            self._stacks[name] = stack
        return stack


def _ends(plan: StackPlan) -> dict[str, int]:
    return {r.address: _ENDS[r.action] for r in plan.resources if r.action in _ENDS}
