"""What is looked at between the steps of a rollout, for as long as a step is watched: alarms and checks."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from envctl.domain.checks import probes as checks
from envctl.domain.checks.assertions import look_up
from envctl.domain.config.project import Project
from envctl.domain.config.rollout import OUTPUT
from envctl.domain.errors import EnvctlError, InterruptedByUserError, OperationFailedError, Problem
from envctl.domain.release.image_repositories import placeholders
from envctl.domain.terraform.output_reference import Reference
from envctl.domain.terraform.outputs import Outputs, public
from envctl.domain.text.durations import spelt
from envctl.domain.text.lists import listed
from envctl.usecases.deployment.traffic.rollout_model import Watched
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.project import Prepared
from envctl.usecases.ports.terraform import Crew, PreparedStack

EVERY = 5.0
"""Seconds between two looks."""
ALARM = "alarm "


class StoppedError(OperationFailedError):
    """Something that is looked at says that a rollout has to end, or says nothing. `what` are its names."""

    def __init__(self, what: tuple[str, ...], code: str, why: str, hint: str = "") -> None:
        super().__init__(Problem(code, why, hint))
        self.what = what

    @property
    def place(self) -> str:
        """The first of them, like `check web` or `alarm errors`."""
        return self.what[0] if self.what[0].startswith(ALARM) else f"check {self.what[0]}"


@dataclass(frozen=True)
class Sight:
    """Where to look: what is watched, with the outputs that a stack has by now."""

    environment: str
    region: str
    alarms: tuple[str, ...]
    probes: Mapping[str, checks.Probe | checks.Verdict]
    surroundings: Mapping[str, str]

    @property
    def told(self) -> str:
        alarms = f"{'alarm' if len(self.alarms) == 1 else 'alarms'} {listed(self.alarms)}" if self.alarms else ""
        probes = f"{'check' if len(self.probes) == 1 else 'checks'} {listed(tuple(self.probes))}" if self.probes else ""
        return ", ".join(filter(None, (probes, alarms)))


def others(ports: Ports, prepared: Prepared, stack: str, watched: Watched) -> Outputs:
    """The outputs of the other stacks that are needed to look: while it goes on, they may be at work themselves."""
    return {
        each.name: ports.terraform.outputs(prepared.environment, each)
        for each in prepared.stacks
        if each.name in _needed(prepared, watched) and each.name != stack
    }


def aim(ports: Ports, project: Project, prepared: Prepared, stack: PreparedStack, watched: Watched) -> Sight:
    """Raises StoppedError where an alarm can't be told by its name."""
    outputs = dict(watched.outputs)
    if stack.name in _needed(prepared, watched):
        outputs[stack.name] = ports.terraform.outputs(prepared.environment, stack)
    names = placeholders(project, prepared.environment)
    return Sight(
        prepared.environment,
        watched.region,
        tuple(name for text in watched.alarms for name in _named(text, names, outputs)),
        {name: checks.resolve(check, name, outputs) for name, check in watched.checks.items()},
        {
            "ENVCTL_ENVIRONMENT": prepared.environment,
            "ENVCTL_RELEASE": prepared.release,
            # A command's environment can be read by others.
            "ENVCTL_OUTPUTS": json.dumps(public(outputs)),
        },
    )


def watch(ports: Ports, crew: Crew, sight: Sight, wait: timedelta, told: set[str]) -> None:
    """For that long, and once more at its end. Raises StoppedError. `told` is as for `look_at_alarms`."""
    end = ports.clock.now() + wait
    while True:
        look_at_alarms(ports, sight, told)
        _look_at_checks(ports, sight)
        left = (end - ports.clock.now()).total_seconds()
        if left <= 0:
            return
        crew.pause(min(EVERY, left))


def look_at_alarms(ports: Ports, sight: Sight, told: set[str]) -> None:
    """`told` are those of which it was said already that they have nothing to say."""
    if not sight.alarms:
        return
    try:
        seen = ports.alarms.look(sight.environment, sight.region, sight.alarms)
    except InterruptedByUserError:
        raise
    except EnvctlError as error:
        problem = error.problems[0]
        why = f"nobody can say whether an alarm rings: {problem.message}"
        raise StoppedError(_called(sight.alarms), "E334", why, problem.hint) from error
    if absent := [each.name for each in seen if each.absent]:
        why = f"there is no alarm {listed(absent)} in {sight.environment}, and silence is no proof"
        hint = "correct its name in abort_on, or make it first: aws cloudwatch describe-alarms lists them"
        raise StoppedError(_called(absent), "E334", why, hint)
    if ringing := [each for each in seen if each.rings]:
        told_why = "; ".join(f"alarm {each.name} rings{f' ({each.reason})' if each.reason else ''}" for each in ringing)
        raise StoppedError(_called(each.name for each in ringing), "E333", told_why)
    for each in seen:
        if each.mute and each.name not in told:
            told.add(each.name)
            ports.observer.said(f"alarm {each.name} has no data: it says neither yes nor no")


def _look_at_checks(ports: Ports, sight: Sight) -> None:
    for name, asked in sight.probes.items():
        said = asked.problem if isinstance(asked, checks.Verdict) else ports.probes.ask(asked, sight.surroundings)
        if said:
            raise StoppedError((name,), "E333", f"check {name} failed: {said}")


def _called(alarms: "Iterator[str] | list[str] | tuple[str, ...]") -> tuple[str, ...]:
    return tuple(f"{ALARM}{name}" for name in alarms)


def _needed(prepared: Prepared, watched: Watched) -> frozenset[str]:
    """The stacks whose outputs it takes to look: a command may look at all of them."""
    if any(isinstance(check, checks.CommandCheck) for check in watched.checks.values()):
        return frozenset(stack.name for stack in prepared.stacks)
    asked = [reference for check in watched.checks.values() if (reference := checks.needs(check))]
    asked += [Reference.parse(text.removeprefix(OUTPUT)) for text in watched.alarms if text.startswith(OUTPUT)]
    return frozenset(reference.stack for reference in asked)


def _named(text: str, names: Mapping[str, str], outputs: Outputs) -> Iterator[str]:
    if not text.startswith(OUTPUT):
        yield text.format(**names)
        return
    reference = Reference.parse(text.removeprefix(OUTPUT))
    try:
        value = look_up(reference, outputs)
    except ValueError as error:
        raise StoppedError((f"{ALARM}{text}",), "E334", f"which alarm is meant can't be told: {error}") from None
    listing = value if isinstance(value, list) else [value]
    found = [each for each in listing if isinstance(each, str) and each]
    if not found or len(found) < len(listing):
        why = f"which alarm is meant can't be told: {reference} is neither a name nor a list of names"
        raise StoppedError((f"{ALARM}{text}",), "E334", why)
    # An ARN ends with the name.
    yield from (each.rpartition(":alarm:")[2] for each in found)


def lasting(sight: Sight, wait: timedelta) -> str:
    """What is done between two steps, in words."""
    return f"watching for {spelt(wait)}: {sight.told}" if sight.told else waiting(wait)


def waiting(wait: timedelta) -> str:
    return f"waiting for {spelt(wait)}"
