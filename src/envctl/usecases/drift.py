"""`envctl drift [ENV]`: whether reality is still what the state says. Drift takes a proof away, so it is recorded."""

from dataclasses import dataclass

from envctl.domain.changes import StackPlan
from envctl.domain.events import DriftChecked, Event
from envctl.domain.present import Present
from envctl.domain.project import Project
from envctl.usecases import candidates, load, prepare, record
from envctl.usecases.ports import Ports

NAMED = 20


@dataclass(frozen=True)
class EnvironmentDrift:
    """`before` of each change is what the state says, `after` what is there. `skipped` says why nobody looked."""

    environment: str
    release: str
    stacks: tuple[StackPlan, ...] = ()
    skipped: str = ""
    next: str = ""

    @property
    def drifted(self) -> int:
        return sum(len(stack.resources) for stack in self.stacks)


@dataclass(frozen=True)
class Drift:
    environments: tuple[EnvironmentDrift, ...]

    @property
    def found(self) -> bool:
        return any(each.drifted for each in self.environments)


def drift(ports: Ports, environment: str = "") -> Drift:
    """Of one environment, or of all of them."""
    project = load.project(ports)
    if environment:
        load.known_environment(project, environment)
    wanted = [environment] if environment else list(project.pipeline.order)
    return Drift(tuple(_look(ports, project, each) for each in wanted))


def _look(ports: Ports, project: Project, target: str) -> EnvironmentDrift:
    with ports.workspace.lock(target, f"envctl drift {target} by {ports.identity.actor().name}"):
        present = record.present(ports)
        here = present.of(target)
        if here.current is None:
            return EnvironmentDrift(target, "", skipped="nothing runs there")
        if here.unfinished:
            return EnvironmentDrift(
                target, here.current.release, skipped="a deployment is unfinished", next=f"envctl recover {target}"
            )
        candidate = candidates.redeployment(ports, project, present, target=target)
        prepared = prepare.from_store(ports, project, candidate)
        stacks = tuple(ports.terraform.drift(target, stack) for stack in prepared.stacks if stack.name in here.stacks)
        found = EnvironmentDrift(target, prepared.release, stacks, next=_next(target, stacks))
        _record(ports, found, here.current.seq)
        return found


def _record(ports: Ports, found: EnvironmentDrift, seq: int) -> None:
    named = [f"{stack.stack}: {resource.address}" for stack in found.stacks for resource in stack.resources]

    def decide(present: Present) -> Event | None:
        here = present.of(found.environment)
        if here.current is None or here.current.seq != seq or here.unfinished:
            # What was looked at is not what runs there now.
            return None
        return DriftChecked(found.environment, found.release, len(named), tuple(named[:NAMED]))

    record.append(ports, decide)


def _next(target: str, stacks: tuple[StackPlan, ...]) -> str:
    return f"envctl apply {target}" if any(stack.resources for stack in stacks) else ""
