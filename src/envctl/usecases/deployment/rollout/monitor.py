"""Monitor a rollout: watch its alarms and checks after each step."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from envctl.domain.config.checks.check_table import CheckResult, Probe
from envctl.domain.config.checks.kinds import resolve_check
from envctl.domain.config.checks.output_values import find_output_value
from envctl.domain.config.placeholders import list_placeholder_values
from envctl.domain.config.rollout import OUTPUT
from envctl.domain.errors import EnvctlError, InterruptedByUserError, OperationFailedError, Problem
from envctl.domain.terraform.expressions import OutputReference
from envctl.domain.terraform.outputs import Outputs
from envctl.domain.text.lists import join_names
from envctl.usecases.deployment.rollout_model import WatchList
from envctl.usecases.deployment.verification import build_check_variables, find_needed_stacks, run_probe
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import PreparedEnvironment, PreparedStack, WorkerPool

POLL_SECONDS = 5.0  # Between two polls.
ALARM_PREFIX = "alarm "


class StoppedError(OperationFailedError):
    """A failed or unreadable check or alarm aborts the rollout. `what` are their names."""

    def __init__(self, what: tuple[str, ...], code: str, why: str, hint: str = "") -> None:
        super().__init__(Problem(code, why, hint))
        self.what = what


@dataclass(frozen=True)
class WatchTarget:
    """The resolved alarms and checks of a rollout, with the current outputs of its stack."""

    environment: str
    region: str
    alarms: tuple[str, ...]
    probes: Mapping[str, Probe | CheckResult]
    surroundings: Mapping[str, str]

    @property
    def description(self) -> str:
        named = {"check": tuple(self.probes), "alarm": self.alarms}
        parts = [
            f"{kind}{'' if len(names) == 1 else 's'} {join_names(names)}" for kind, names in named.items() if names
        ]
        return ", ".join(parts)


def read_other_outputs(ports: Ports, prepared: PreparedEnvironment, stack: str, watched: WatchList) -> Outputs:
    """Return the needed outputs of other stacks. Read them before the rollout: later, these stacks may be running."""
    return {
        each.name: ports.terraform.read_outputs(prepared.environment, each)
        for each in prepared.stacks
        if each.name in _find_needed_stacks(prepared, watched) and each.name != stack
    }


def resolve_target(
    context: Context, prepared: PreparedEnvironment, stack: PreparedStack, watched: WatchList
) -> WatchTarget:
    """Resolve alarm names and checks. Raise StoppedError for an unresolvable alarm name."""
    outputs = dict(watched.outputs)
    if stack.name in _find_needed_stacks(prepared, watched):
        outputs[stack.name] = context.ports.terraform.read_outputs(prepared.environment, stack)
    names = list_placeholder_values(context.project, prepared.environment)
    return WatchTarget(
        prepared.environment,
        watched.region,
        tuple(name for text in watched.alarms for name in _resolve_alarm_names(text, names, outputs)),
        {name: resolve_check(check, name, outputs) for name, check in watched.checks.items()},
        build_check_variables(prepared.environment, prepared.release, outputs),
    )


def watch_target(ports: Ports, pool: WorkerPool, target: WatchTarget, wait: timedelta, muted: set[str]) -> None:
    """Check alarms and checks for the duration `wait`, and once at its end. See `check_alarms` for `muted`."""
    end = ports.clock.now() + wait
    while True:
        check_alarms(ports, target, muted)
        for name, probe in target.probes.items():
            if problem := run_probe(ports, probe, target.surroundings):
                raise StoppedError((name,), "E333", f"check {name} failed: {problem}")
        left = (end - ports.clock.now()).total_seconds()
        if left <= 0:
            return
        pool.pause(min(POLL_SECONDS, left))


def check_alarms(ports: Ports, target: WatchTarget, muted: set[str]) -> None:
    """Raise StoppedError for a ringing or unreadable alarm. One without data is reported once, and then in `muted`."""
    if not target.alarms:
        return
    try:
        seen = ports.alarms.check_alarms(target.environment, target.region, target.alarms)
    except InterruptedByUserError:
        raise
    except EnvctlError as error:
        problem = error.problems[0]
        why = f"alarm states are unknown: {problem.message}"
        raise StoppedError(_label_alarms(target.alarms), "E334", why, problem.hint) from error
    if absent := [each.name for each in seen if each.state == "absent"]:
        why = f"alarm {join_names(absent)} not found in {target.environment}; the rollout can't be monitored"
        hint = "correct its name in abort_on, or create it; list all: aws cloudwatch describe-alarms"
        raise StoppedError(_label_alarms(absent), "E334", why, hint)
    if ringing := [each for each in seen if each.state == "ALARM"]:
        reasons = "; ".join(
            f"alarm {each.name} is in ALARM state{f' ({each.reason})' if each.reason else ''}" for each in ringing
        )
        raise StoppedError(_label_alarms(each.name for each in ringing), "E333", reasons)
    for each in seen:
        if each.state == "INSUFFICIENT_DATA" and each.name not in muted:
            muted.add(each.name)
            ports.observer.on_message(f"alarm {each.name} has no data")


def _label_alarms(alarms: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{ALARM_PREFIX}{name}" for name in alarms)


def _find_needed_stacks(prepared: PreparedEnvironment, watched: WatchList) -> frozenset[str]:
    """Return the stacks with outputs needed by alarms and checks."""
    references = (text.removeprefix(OUTPUT) for text in watched.alarms if text.startswith(OUTPUT))
    needed = find_needed_stacks(prepared, watched.checks.values())
    return needed | {OutputReference.parse(text).stack for text in references}


def _resolve_alarm_names(text: str, names: Mapping[str, str], outputs: Outputs) -> Iterator[str]:
    if not text.startswith(OUTPUT):
        yield text.format(**names)
        return
    reference = OutputReference.parse(text.removeprefix(OUTPUT))
    try:
        value = find_output_value(reference, outputs)
    except ValueError as error:
        raise StoppedError((f"{ALARM_PREFIX}{text}",), "E334", f"alarm not known: {error}") from None
    listing = value if isinstance(value, list) else [value]
    found = [each for each in listing if isinstance(each, str) and each]
    if not found or len(found) < len(listing):
        why = f"alarm not known: {reference} is neither a name nor a list of names"
        raise StoppedError((f"{ALARM_PREFIX}{text}",), "E334", why)
    # The last part of an ARN is the name.
    yield from (each.rpartition(":alarm:")[2] for each in found)
