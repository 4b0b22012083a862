"""`envctl drift [ENV …]`: whether reality is still what the state says, and the state what the configuration says.

Drift takes a proof away, so what was found is recorded; what could not be looked at never passes for clean.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from envctl.domain.changes import OutputChange, ResourceChange, StackPlan
from envctl.domain.drift import Condition, Ignore, without_ignored, without_moving
from envctl.domain.errors import EnvctlError, ExitCode, InterruptedByUserError, Problem, worst
from envctl.domain.events import DriftChecked, Event
from envctl.domain.guards import RefusedError
from envctl.domain.guards.settings import settings as fitting
from envctl.domain.present import EnvironmentPresent, Present
from envctl.domain.project import Project
from envctl.usecases import bundles, candidates, load, prepare, record
from envctl.usecases.planning import demand_state
from envctl.usecases.ports import Ports, Prepared, PreparedStack

NAMED = 20


@dataclass(frozen=True)
class StackDrift:
    """`before` of each change is what the state says. `after` is what is there; in `pending`, what the configuration
    says. `ignored` names what the project's rules let drift, and `problems` says why nobody could look.
    """

    stack: str
    condition: Condition
    resources: tuple[ResourceChange, ...] = ()
    outputs: tuple[OutputChange, ...] = ()
    pending: StackPlan | None = None
    ignored: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def drift(self) -> StackPlan:
        return StackPlan(self.stack, self.resources, self.outputs)


@dataclass(frozen=True)
class EnvironmentDrift:
    """`empty` where nothing is deployed. `problems` are those that kept its stacks from being looked at, or what was
    found from being recorded.
    """

    environment: str
    release: str
    condition: Condition
    stacks: tuple[StackDrift, ...] = ()
    problems: tuple[Problem, ...] = ()
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
        return any(stack.pending and (stack.pending.changes or stack.pending.waits_for) for stack in self.stacks)

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


def drift(ports: Ports, environments: Sequence[str] = ()) -> Drift:
    """Of those environments, or of all of the pipeline, and those beside it that were ever deployed. What goes wrong in
    one does not keep the others from being looked at.
    """
    project = load.project(ports)
    wanted = load.wanted_environments(project, environments)
    # Said before anything takes long: what the ledger can't say of one it can say of none.
    known = record.present(ports)
    if not environments:
        wanted = tuple(name for name in wanted if name not in project.beside or known.of(name).last)
    return Drift(tuple(_look(ports, project.seen_from(each), known, each) for each in wanted))


def _look(ports: Ports, project: Project, known: Present, target: str) -> EnvironmentDrift:
    try:
        with ports.workspace.lock(target, f"envctl drift {target} by {ports.identity.actor().name}"):
            return _look_alone(ports, project, target)
    except InterruptedByUserError:
        raise
    except EnvctlError as error:
        current = known.of(target).current
        release = current.release if current else ""
        return EnvironmentDrift(target, release, "unknown", problems=tuple(error.problems))


def _look_alone(ports: Ports, project: Project, target: str) -> EnvironmentDrift:
    present = record.present(ports)
    here = present.of(target)
    if problem := _in_between(target, here):
        release = here.last.release if here.last else ""
        return EnvironmentDrift(target, release, "unknown", problems=(problem,))
    if here.current is None:
        return EnvironmentDrift(target, "", "empty")
    candidate = candidates.redeployment(ports, project, present, target=target)
    demand_readable(candidate)
    prepared = prepare.from_store(ports, project, candidate)
    stacks = tuple(_stack(ports, project, prepared, here, stack) for stack in prepared.stacks)
    found = EnvironmentDrift(target, prepared.release, _together(stacks), stacks)
    return replace(_recorded(ports, found, here.current.seq), next=_next(found))


def demand_readable(candidate: candidates.Candidate) -> None:
    """What runs there, and settings that fit it. Nothing else that stands against a change stands against a look."""
    if candidate.release is None:
        raise bundles.unusable(candidate.request.identity, candidate.request.bundle)
    if unfit := fitting(candidate.request):
        raise RefusedError((unfit,))


def _in_between(target: str, here: EnvironmentPresent) -> Problem | None:
    """What keeps anybody from saying what should be there."""
    if here.unfinished:
        return Problem("E322", f"a deployment to {target} is unfinished", f"envctl recover {target}")
    if here.current is None and here.last and here.last.action != "destroy":
        message = f"nothing whole runs in {target}: its last deployment was {here.last.outcome}"
        return Problem("E322", message, "envctl status shows the way on")
    return None


def _stack(
    ports: Ports, project: Project, prepared: Prepared, here: EnvironmentPresent, stack: PreparedStack
) -> StackDrift:
    target, applied = prepared.environment, stack.name in here.stacks
    waits_for = tuple(upstream for upstream in stack.upstream if upstream not in here.stacks)
    if waits_for:
        return StackDrift(stack.name, "clean", pending=StackPlan(stack.name, waits_for=waits_for))
    unchanged = here.whole and here.current is not None and here.current.settings == prepared.settings
    try:
        seen = ports.terraform.look(target, stack, unchanged=unchanged)
        if applied and seen.pending.stateless:
            demand_state(ports, target, stack)
    except InterruptedByUserError:
        raise
    except EnvctlError as error:
        return StackDrift(stack.name, "unknown", problems=tuple(error.problems))
    rules = [Ignore(text) for text in project.environments[target].drift.ignore]
    left, ignored = without_ignored(without_moving(seen.drift), rules)
    condition: Condition = "drifted" if left.changes else "clean"
    pending = seen.pending if seen.pending.changes else None
    return StackDrift(stack.name, condition, left.resources, left.outputs, pending, ignored, left.warnings)


def _together(stacks: tuple[StackDrift, ...]) -> Condition:
    """Drift is drift, whatever else could not be looked at; clean is only what was looked at whole."""
    conditions = {stack.condition for stack in stacks}
    return "drifted" if "drifted" in conditions else "unknown" if "unknown" in conditions else "clean"


def _recorded(ports: Ports, found: EnvironmentDrift, seq: int) -> EnvironmentDrift:
    if found.condition == "unknown":
        return found

    def decide(present: Present) -> Event | None:
        here = present.of(found.environment)
        if here.current is None or here.current.seq != seq or here.unfinished:
            # What was looked at is not what runs there now.
            return None
        return DriftChecked(found.environment, found.release, found.drifted, found.named[:NAMED])

    try:
        record.append(ports, decide)
    except EnvctlError as error:
        # What was found is worth telling although the guards will not know of it.
        return replace(found, problems=tuple(error.problems))
    return found


def _names(stack: StackDrift) -> list[str]:
    resources = [f"{stack.stack}: {resource.address}" for resource in stack.resources]
    return resources + [f"{stack.stack}: output {output.name}" for output in stack.outputs]


def _next(found: EnvironmentDrift) -> str:
    if found.drifted:
        return f"envctl drift {found.environment} --fix"
    return f"envctl apply {found.environment}" if found.pending else ""


def _exit_code(each: EnvironmentDrift, *, pending: bool) -> ExitCode:
    changes = each.drifted or (pending and each.pending)
    failed = each.unknown or each.problems
    return ExitCode.FAILED if failed else ExitCode.CHANGES if changes else ExitCode.DONE
