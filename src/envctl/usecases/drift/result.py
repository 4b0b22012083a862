"""Results of a drift check."""

from collections.abc import Iterable
from dataclasses import dataclass

from envctl.domain.errors import ExitCode, Problem, worst_exit_code
from envctl.domain.plan.changes import OutputChange, ResourceChange, StackPlan
from envctl.domain.plan.drift import Condition


@dataclass(frozen=True)
class StackDrift:
    """The drift of one stack.

    Attributes:
        resources, outputs: `before` is the state, and `after` reality.
        pending: `before` is the state, and `after` the configuration.
        ignored: names of drift allowed by the rules of the project.
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
    """The drift of one environment.

    Attributes:
        condition: `empty` without a deployment.
        deployment, settings: the number of the checked deployment, and the digest of its settings.
        whole: false if some stacks were left out.
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
        """The number of drifted resources and outputs."""
        return sum(len(stack.resources) + len(stack.outputs) for stack in self.stacks)

    @property
    def unknown(self) -> bool:
        """True if the check of any stack failed."""
        return self.condition == "unknown" or any(stack.condition == "unknown" for stack in self.stacks)

    @property
    def pending(self) -> bool:
        pending = (stack.pending for stack in self.stacks if stack.pending)
        return any(each.changes or each.waits_for or each.leaves for each in pending)

    @property
    def drifted_names(self) -> tuple[str, ...]:
        return tuple(name for stack in self.stacks for name in _list_drifted_names(stack))


@dataclass(frozen=True)
class Drift:
    environments: tuple[EnvironmentDrift, ...]

    @property
    def found(self) -> bool:
        return any(each.drifted for each in self.environments)

    @property
    def problems(self) -> tuple[Problem, ...]:
        return tuple(
            problem
            for each in self.environments
            for problem in (*each.problems, *(problem for stack in each.stacks for problem in stack.problems))
        )

    def exit_code(self, *, pending: bool = False) -> ExitCode:
        """Return the worst exit code. With `pending`, pending changes count as well."""
        return worst_exit_code(_to_exit_code(each, pending=pending) for each in self.environments)


def merge_conditions(stacks: Iterable[StackDrift]) -> Condition:
    """Return the condition of several stacks: any drift outranks unknown, and unknown outranks clean."""
    conditions = {stack.condition for stack in stacks}
    return "drifted" if "drifted" in conditions else "unknown" if "unknown" in conditions else "clean"


def _list_drifted_names(stack: StackDrift) -> list[str]:
    resources = [f"{stack.stack}: {resource.address}" for resource in stack.resources]
    return resources + [f"{stack.stack}: output {output.name}" for output in stack.outputs]


def _to_exit_code(each: EnvironmentDrift, *, pending: bool) -> ExitCode:
    changes = each.drifted or (pending and each.pending)
    failed = each.unknown or each.problems
    return ExitCode.FAILED if failed else ExitCode.CHANGES if changes else ExitCode.DONE
