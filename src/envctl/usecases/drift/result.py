"""What a look at drift has found, as values."""

from collections.abc import Iterable
from dataclasses import dataclass

from envctl.domain.errors import ExitCode, Problem, worst
from envctl.domain.plan.changes import OutputChange, ResourceChange, StackPlan
from envctl.domain.plan.drift import Condition


@dataclass(frozen=True)
class StackDrift:
    """`before` of each change is what the state says. `after` is what is there; in `pending`, what the configuration
    says. `ignored` names what the project's rules let drift, and `problems` says why nobody could look. `seconds` is
    how long that took.
    """

    stack: str
    condition: Condition
    resources: tuple[ResourceChange, ...] = ()
    outputs: tuple[OutputChange, ...] = ()
    pending: StackPlan | None = None
    ignored: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    seconds: float = 0.0

    @property
    def drift(self) -> StackPlan:
        return StackPlan(self.stack, self.resources, self.outputs)


@dataclass(frozen=True)
class EnvironmentDrift:
    """`empty` where nothing is deployed. `problems` are those that kept its stacks from being looked at, or what was
    found from being recorded. `deployment` is the number of the one that was looked at, with the settings of that
    digest; `whole` is false where some stacks were left out.
    """

    environment: str
    release: str
    condition: Condition
    stacks: tuple[StackDrift, ...] = ()
    problems: tuple[Problem, ...] = ()
    deployment: int = 0
    settings: str = ""
    whole: bool = True
    next: str = ""

    @property
    def drifted(self) -> int:
        """How many resources and outputs are not what the state says."""
        return sum(len(stack.resources) + len(stack.outputs) for stack in self.stacks)

    @property
    def unknown(self) -> bool:
        """Whether anything of it could not be looked at."""
        return self.condition == "unknown" or any(stack.condition == "unknown" for stack in self.stacks)

    @property
    def pending(self) -> bool:
        pending = (stack.pending for stack in self.stacks if stack.pending)
        return any(each.changes or each.waits_for or each.leaves for each in pending)

    @property
    def named(self) -> tuple[str, ...]:
        return tuple(name for stack in self.stacks for name in _names(stack))


@dataclass(frozen=True)
class Drift:
    environments: tuple[EnvironmentDrift, ...]

    @property
    def found(self) -> bool:
        return any(each.drifted for each in self.environments)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Why something could not be looked at."""
        return tuple(
            problem
            for each in self.environments
            for problem in (*each.problems, *(problem for stack in each.stacks for problem in stack.problems))
        )

    def exit_code(self, *, pending: bool = False) -> ExitCode:
        """`pending` says whether that counts as well."""
        return worst(_exit_code(each, pending=pending) for each in self.environments)


def together(stacks: Iterable[StackDrift]) -> Condition:
    """Drift is drift, whatever else could not be looked at; clean is only what was looked at whole."""
    conditions = {stack.condition for stack in stacks}
    return "drifted" if "drifted" in conditions else "unknown" if "unknown" in conditions else "clean"


def _names(stack: StackDrift) -> list[str]:
    resources = [f"{stack.stack}: {resource.address}" for resource in stack.resources]
    return resources + [f"{stack.stack}: output {output.name}" for output in stack.outputs]


def _exit_code(each: EnvironmentDrift, *, pending: bool) -> ExitCode:
    changes = each.drifted or (pending and each.pending)
    failed = each.unknown or each.problems
    return ExitCode.FAILED if failed else ExitCode.CHANGES if changes else ExitCode.DONE
