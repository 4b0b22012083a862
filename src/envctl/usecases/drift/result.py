"""Results of a drift check."""

from collections.abc import Iterable
from dataclasses import dataclass

from envctl.domain.errors import Problem
from envctl.domain.exit_codes import ExitCode, worst_exit_code
from envctl.domain.plan.changes import OutputChange, ResourceChange, StackPlan
from envctl.domain.plan.drift import Condition


@dataclass(frozen=True, kw_only=True)
class StackDrift:
    """The drift of one stack."""

    stack: str
    condition: Condition
    resources: tuple[ResourceChange, ...] = ()  # resources and outputs: `before` is the state, and `after` reality.
    outputs: tuple[OutputChange, ...] = ()
    pending: StackPlan | None = None  # `before` is the state, and `after` the configuration
    ignored: tuple[str, ...] = ()  # names of drift allowed by the rules of the project
    warnings: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
    seconds: float = 0.0
    locked: bool = False  # whether it was checked under the lock of its state

    @property
    def drift(self) -> StackPlan:
        return StackPlan(self.stack, resources=self.resources, outputs=self.outputs)


@dataclass(frozen=True, kw_only=True)
class EnvironmentDrift:
    """The drift of one environment."""

    environment: str
    release: str
    condition: Condition  # `empty` without a deployment
    stacks: tuple[StackDrift, ...] = ()
    problems: tuple[Problem, ...] = ()
    # deployment and settings: the number of the checked deployment, and the digest of its settings.
    deployment: int = 0
    settings: str = ""
    whole: bool = True  # false if some stacks were left out
    next: str = ""
    locked: bool = False  # whether all its stacks were checked under the lock of their states
    # number of differences in the ledger that a look without the lock did not find, and does not clear
    recorded: int = 0

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
        names: list[str] = []
        for stack in self.stacks:
            names += [f"{stack.stack}: {resource.address}" for resource in stack.resources]
            names += [f"{stack.stack}: output {output.name}" for output in stack.outputs]
        return tuple(names)


@dataclass(frozen=True)
class Drift:
    environments: tuple[EnvironmentDrift, ...]

    @property
    def found(self) -> bool:
        return any(each.drifted for each in self.environments)

    @property
    def problems(self) -> tuple[Problem, ...]:
        found: list[Problem] = []
        for each in self.environments:
            found += [*each.problems, *(problem for stack in each.stacks for problem in stack.problems)]
        return tuple(found)

    def exit_code(self, *, pending: bool = False) -> ExitCode:
        """Return the worst exit code. With `pending`, pending changes count as well."""
        found = [ExitCode.DONE]
        for each in self.environments:
            if each.unknown or each.problems:
                found.append(ExitCode.FAILED)
            elif each.drifted or (pending and each.pending):
                found.append(ExitCode.CHANGES)
        return worst_exit_code(found)


def merge_conditions(stacks: Iterable[StackDrift]) -> Condition:
    """Return the condition of several stacks: any drift outranks unknown, and unknown outranks clean."""
    conditions = {stack.condition for stack in stacks}
    return "drifted" if "drifted" in conditions else "unknown" if "unknown" in conditions else "clean"
