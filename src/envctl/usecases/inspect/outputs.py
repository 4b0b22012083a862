"""`envctl output ENV [NAME]`: the outputs of an environment, as the states of its stacks hold them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from envctl.domain.checks.probes import Output
from envctl.domain.config.project import Project
from envctl.domain.errors import (
    ConfigurationError,
    EnvctlError,
    OperationFailedError,
    Problem,
    UsageError,
    together,
)
from envctl.domain.ledger.state import EnvironmentPresent, Present
from envctl.domain.plan.changes import Marker
from envctl.domain.terraform.outputs import find, holders
from envctl.usecases.concurrency.dag_runner import Steps, side_by_side
from envctl.usecases.deployment import prepare
from envctl.usecases.deployment.planning import demand_state
from envctl.usecases.ledger import journal
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.project import Prepared
from envctl.usecases.ports.terraform import PreparedStack
from envctl.usecases.project import load
from envctl.usecases.release import bundle_store, deploy_request


@dataclass(frozen=True)
class StackOutputs:
    """What is sensitive is a marker: its value never enters this type."""

    stack: str
    outputs: Mapping[str, object]


@dataclass(frozen=True)
class EnvironmentOutputs:
    """`left_out` are stacks that were applied there and that the release which runs there does not have, `unread` those
    that could not be read. `unsettled` is how the last deployment ended that did not succeed: since then, what the
    states hold may be of more than one release.
    """

    environment: str
    release: str
    stacks: tuple[StackOutputs, ...]
    left_out: tuple[str, ...] = ()
    unsettled: str = ""
    unread: tuple[str, ...] = ()


@dataclass(frozen=True)
class OneOutput:
    environment: str
    release: str
    stack: str
    name: str
    value: object
    sensitive: bool


@dataclass
class Reading:
    """What was read of an environment's states, with the values. `failures` are the stacks that could not be read."""

    environment: str
    present: EnvironmentPresent
    prepared: Prepared
    declared: Mapping[str, frozenset[str]]
    outputs: dict[str, Mapping[str, Output]] = field(default_factory=dict)
    failures: dict[str, EnvctlError] = field(default_factory=dict)

    def read(self, ports: Ports, stacks: list[str]) -> None:
        """Each stack by itself, side by side: one that can't be read does not hide the others."""
        wanted = {
            stack.name: stack
            for stack in self.prepared.stacks
            if stack.name in stacks and stack.name in self.declared and stack.name not in self.outputs
        }
        if not wanted:
            return

        def steps(name: str) -> Steps:
            yield lambda: self._read(ports, wanted[name])

        with ports.terraform.at_once() as crew:
            course = side_by_side(crew, dict.fromkeys(wanted, ()), steps, lambda name: f"{self.environment}/{name}")
        if course.stopped is not None:
            raise course.stopped
        order = [stack.name for stack in self.prepared.stacks]
        self.outputs = {name: self.outputs[name] for name in order if name in self.outputs}
        self.failures.update({name: course.failed[name] for name in order if name in course.failed})

    def _read(self, ports: Ports, stack: PreparedStack) -> None:
        found = ports.terraform.outputs(self.environment, stack)
        if not found and self.declared[stack.name]:
            # Outputs that are null are in no state, however.
            demand_state(ports, self.environment, stack)
        self.outputs[stack.name] = found

    def failed(self) -> EnvctlError | None:
        """All that went wrong; None where nothing did."""
        return together(tuple(self.failures.values())) if self.failures else None

    @property
    def unsettled(self) -> str:
        last = self.present.last
        return last.outcome if last and not self.present.whole else ""


def outputs(ports: Ports, environment: str) -> tuple[EnvironmentOutputs, EnvctlError | None]:
    """All that could be read, and what could not."""
    with opened(ports, environment) as reading:
        reading.read(ports, list(reading.declared))
        shown = tuple(StackOutputs(stack, _masked(found)) for stack, found in reading.outputs.items())
        told = EnvironmentOutputs(
            reading.environment,
            reading.prepared.release,
            shown,
            left_out=tuple(sorted(reading.present.stacks - set(reading.declared))),
            unsettled=reading.unsettled,
            unread=tuple(reading.failures),
        )
        return told, reading.failed()


def output(ports: Ports, environment: str, name: str, *, reveal: bool = False) -> OneOutput:
    """One output by its name, which is `OUTPUT` or `STACK.OUTPUT`. A sensitive one only where it is asked for."""
    with opened(ports, environment) as reading:
        stack, output = _named(ports, reading, name)
        found = reading.outputs[stack][output]
        if found.sensitive and not reveal:
            again = f"envctl output {environment} {stack}.{output} --reveal"
            message = f"{stack}.{output} is sensitive, and is not shown"
            raise UsageError(Problem("E014", message, f"where nobody else reads along: {again}"))
        return OneOutput(environment, reading.prepared.release, stack, output, found.value, found.sensitive)


@contextmanager
def opened(ports: Ports, environment: str, verb: str = "output") -> Iterator[Reading]:
    """The root modules of what runs there, laid ready for its states to be read. Nothing is read yet."""
    project, target = load.seen_from(ports, environment)
    with ports.workspace.lock(target, f"envctl {verb} {target} by {ports.identity.actor().name}"):
        present = journal.present(ports)
        yield _prepared(ports, project, present, target)


def _prepared(ports: Ports, project: Project, present: Present, target: str) -> Reading:
    here = present.of(target)
    there = here.current or here.last
    if there is None or not here.stacks:
        way = f"envctl recover {target}" if here.unfinished else project.pipeline.way_into(target)
        begun = "no deployment got to its end in" if there else "nothing was applied to"
        raise OperationFailedError(Problem("E414", f"{begun} {target}: it has no outputs", way))
    candidate = deploy_request.redeployment(ports, project, present, target=target, release=there.release)
    if candidate.release is None:
        raise bundle_store.unusable(there.release, candidate.request.bundle)
    if candidate.settings is None:
        raise ConfigurationError(*candidate.request.unfit)
    prepared = prepare.from_store(ports, project, candidate)
    wired = candidate.release.wiring
    declared = {stack: frozenset(wired.outputs.get(stack, ())) for stack in wired.stacks if stack in here.stacks}
    return Reading(target, here, prepared, declared)


def _named(ports: Ports, reading: Reading, name: str) -> tuple[str, str]:
    """Reads what the release declares under that name; where it declares nothing of the kind, everything."""
    stacks = holders(name, reading.declared)
    if len(stacks) > 1:
        find(name, reading.declared, reading.environment)
    reading.read(ports, stacks or list(reading.declared))
    if error := reading.failed():
        raise error
    return find(name, {stack: found.keys() for stack, found in reading.outputs.items()}, reading.environment)


def _masked(found: Mapping[str, Output]) -> dict[str, object]:
    return {name: Marker.SENSITIVE if output.sensitive else output.value for name, output in found.items()}
