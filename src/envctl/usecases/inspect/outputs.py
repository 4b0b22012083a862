"""`envctl output ENV [NAME]`: the outputs in the states of an environment."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from envctl.domain import errors
from envctl.domain.command_lines import format_command
from envctl.domain.errors import EnvctlError, OperationFailedError, Problem, UsageError
from envctl.domain.ledger.state import EnvironmentState, LedgerState
from envctl.domain.plan.changes import Marker
from envctl.domain.terraform.outputs import Output, find_output, find_output_stacks
from envctl.usecases.concurrency.dag_runner import run_stack_jobs
from envctl.usecases.deployment import prepare
from envctl.usecases.deployment.planning import require_state
from envctl.usecases.ledger import journal
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import PreparedEnvironment, PreparedStack
from envctl.usecases.project import look_scope
from envctl.usecases.project.environment_selection import load_context, lock_target
from envctl.usecases.release import deploy_request, release_store


@dataclass(frozen=True)
class StackOutputs:
    """Outputs of a stack, with a marker in place of each sensitive value."""

    stack: str
    outputs: Mapping[str, object]


@dataclass(frozen=True)
class EnvironmentOutputs:
    """Outputs of an environment."""

    environment: str
    release: str
    stacks: tuple[StackOutputs, ...]
    left_out: tuple[str, ...] = ()  # applied stacks missing from the running release
    unsettled: str = ""  # the outcome of a failed last deployment: states may be of several releases
    unread: tuple[str, ...] = ()  # stacks with an unreadable state


@dataclass(frozen=True)
class OneOutput:
    environment: str
    release: str
    stack: str
    name: str
    value: object
    sensitive: bool


@dataclass
class OutputReader:
    """A reader of the outputs of an environment, sensitive values included. `failures` are errors by stack."""

    environment: str
    present: EnvironmentState
    prepared: PreparedEnvironment
    declared: Mapping[str, frozenset[str]]
    outputs: dict[str, Mapping[str, Output]] = field(default_factory=dict)
    failures: dict[str, EnvctlError] = field(default_factory=dict)

    def read_stacks(self, ports: Ports, stacks: list[str]) -> None:
        """Read the stacks side by side, and keep the error of each unreadable one."""
        wanted = [
            stack
            for stack in self.prepared.stacks
            if stack.name in stacks and stack.name in self.declared and stack.name not in self.outputs
        ]
        if not wanted:
            return
        found, report = run_stack_jobs(ports, self.environment, wanted, lambda stack: self._read_stack(ports, stack))
        report.raise_stop()
        order, found = [stack.name for stack in self.prepared.stacks], {**self.outputs, **found}
        self.outputs = {name: found[name] for name in order if name in found}
        self.failures.update({name: report.failed[name] for name in order if name in report.failed})

    def _read_stack(self, ports: Ports, stack: PreparedStack) -> Mapping[str, Output]:
        found = ports.terraform.read_outputs(self.environment, stack)
        if not found and self.declared[stack.name]:
            # A state without outputs is fine if all of them are null.
            require_state(ports, self.environment, stack)
        return found

    def combine_failures(self) -> EnvctlError | None:
        """Return all failures as one error, or None."""
        return errors.combine_errors(tuple(self.failures.values())) if self.failures else None

    @property
    def failed_outcome(self) -> str:
        last = self.present.last
        return last.outcome if last and not self.present.whole else ""


def read_outputs(ports: Ports, environment: str) -> tuple[EnvironmentOutputs, EnvctlError | None]:
    """Return all readable outputs, and the error of unreadable stacks."""
    with open_reader(ports, environment) as reading:
        reading.read_stacks(ports, list(reading.declared))
        shown = []
        for stack, found in reading.outputs.items():
            values = {name: Marker.SENSITIVE if each.sensitive else each.value for name, each in found.items()}
            shown.append(StackOutputs(stack, values))
        result = EnvironmentOutputs(
            reading.environment,
            reading.prepared.release,
            tuple(shown),
            left_out=tuple(sorted(reading.present.stacks - set(reading.declared))),
            unsettled=reading.failed_outcome,
            unread=tuple(reading.failures),
        )
        return result, reading.combine_failures()


def read_output(ports: Ports, environment: str, name: str, *, reveal: bool = False) -> OneOutput:
    """Return an output named `OUTPUT` or `STACK.OUTPUT`. Raises UsageError for a sensitive one without `reveal`."""
    with open_reader(ports, environment) as reading:
        stack, output = _find_output(ports, reading, name)
        found = reading.outputs[stack][output]
        if found.sensitive and not reveal:
            again = format_command("output", environment, f"{stack}.{output}", reveal=True)
            message = f"{stack}.{output} is sensitive and not shown"
            raise UsageError(Problem("E014", message, f"on a private screen: {again}"))
        return OneOutput(environment, reading.prepared.release, stack, output, found.value, found.sensitive)


@contextmanager
def open_reader(ports: Ports, environment: str, verb: str = "output") -> Iterator[OutputReader]:
    """Prepare the root modules of the running release, and yield a reader under the lock of the environment."""
    context, target = load_context(ports, environment)
    look_scope.require_visible(context, target)
    with lock_target(ports, target, verb):
        present = journal.load(ports)
        yield _prepare_reader(context, present, target)


def _prepare_reader(context: Context, present: LedgerState, target: str) -> OutputReader:
    here = present.find_environment(target)
    deployment = here.current or here.last
    if deployment is None or not here.stacks:
        hint = context.project.pipeline.format_deploy_command(target)
        hint = format_command("recover", target) if here.unfinished_deployment else hint
        reason = "no complete deployment in" if deployment else "no deployments in"
        raise OperationFailedError(Problem("E414", f"{reason} {target}: it has no outputs", hint))
    candidate = deploy_request.build_redeployment(context, present, target=target, release=deployment.release)
    if candidate.release is None:
        raise release_store.unusable_bundle_error(deployment.release, candidate.request.bundle)
    if candidate.settings is None:
        raise errors.ConfigurationError(*candidate.request.unfit)
    prepared = prepare.prepare_stored_release(context, candidate.require_fitting(), with_values=False)
    wiring = candidate.release.wiring
    declared = {stack: frozenset(wiring.outputs.get(stack, ())) for stack in wiring.stacks if stack in here.stacks}
    return OutputReader(target, here, prepared, declared)


def _find_output(ports: Ports, reading: OutputReader, name: str) -> tuple[str, str]:
    """Find an output by name, reading the declaring stacks; without a declaration, reading all of them."""
    stacks = find_output_stacks(name, reading.declared)
    if len(stacks) > 1:
        find_output(name, reading.declared, reading.environment)
    reading.read_stacks(ports, stacks or list(reading.declared))
    if error := reading.combine_failures():
        raise error
    return find_output(name, {stack: found.keys() for stack, found in reading.outputs.items()}, reading.environment)
