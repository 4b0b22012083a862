"""`envctl exec ENV -- CMD`: what a command finds in its environment, so that it works on that environment."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from envctl.domain.aws.access import OTHER_CREDENTIALS
from envctl.domain.checks.probes import Output, Outputs
from envctl.domain.config.project import Environment
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.ledger.state import ended
from envctl.domain.terraform.outputs import bare, public, variable
from envctl.usecases.inspect.outputs import Reading, opened
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load

ROOM = 100_000
"""Bytes. Linux takes no variable of more than 128 KiB, name included, and then starts nothing at all."""


@dataclass(frozen=True)
class Surroundings:
    """`variables` hold secrets: they go into the environment of one process, and nowhere else. What it inherits loses
    `without`.
    """

    environment: str
    variables: Mapping[str, str] = field(repr=False)
    without: tuple[str, ...] = ()

    def around(self, inherited: Mapping[str, str]) -> dict[str, str]:
        kept = {name: value for name, value in inherited.items() if name not in self.without}
        return {**kept, **self.variables}


def surroundings(ports: Ports, environment: str) -> Surroundings:
    """Raises OperationFailedError where a deployment is unfinished there, or where one of its stacks can't be read."""
    project = load.project(ports)
    there = project.environments[load.known_environment(project, environment)]
    with opened(ports, environment, "exec") as reading:
        _settled(ports, reading)
        credentials = _credentials(ports, environment, there)
        reading.read(ports, list(reading.declared))
    if error := reading.failed():
        raise error
    variables = {
        "ENVCTL_PROJECT": project.name,
        "ENVCTL_ENVIRONMENT": environment,
        "ENVCTL_RELEASE": reading.prepared.release,
        "ENVCTL_OUTPUTS": json.dumps(public(reading.outputs)),
        **_each(reading.outputs),
    }
    carried = {name: value for name, value in variables.items() if not _misfit(value)}
    for name in sorted(variables.keys() - carried.keys()):
        ports.observer.said(f"{name} is left out: {_misfit(variables[name])}")
    for name, outputs in _shared(reading.outputs).items():
        ports.observer.said(f"{name} is left out: it would stand for {' and for '.join(outputs)}")
    without = OTHER_CREDENTIALS if credentials else ()
    return Surroundings(environment, {**carried, **_region(there), **credentials}, without)


def _settled(ports: Ports, reading: Reading) -> None:
    target, last = reading.environment, reading.present.last
    if reading.present.unfinished:
        message = f"a deployment to {target} is unfinished: what its states hold may be half of it"
        raise OperationFailedError(Problem("E414", message, f"once it no longer runs: envctl recover {target}"))
    if last and reading.unsettled:
        ports.observer.said(f"the last deployment to {target} {ended(last)}: outputs may be of more than one release")


def _credentials(ports: Ports, environment: str, there: Environment) -> Mapping[str, str]:
    return ports.access.keys(environment) if there.assume_role or there.profile else {}


def _region(there: Environment) -> dict[str, str]:
    return dict.fromkeys(("AWS_REGION", "AWS_DEFAULT_REGION"), there.region) if there.region else {}


def _each(outputs: Outputs) -> dict[str, str]:
    shared = _shared(outputs)
    return {name: bare(output.value) for name, _, output in _named(outputs) if name not in shared}


def _shared(outputs: Outputs) -> dict[str, list[str]]:
    """Variables that several outputs would have: which of them is meant, nobody could tell."""
    counted = Counter(name for name, _, _ in _named(outputs))
    return {
        name: [called for other, called, _ in _named(outputs) if other == name]
        for name, number in counted.items()
        if number > 1
    }


def _named(outputs: Outputs) -> Iterator[tuple[str, str, Output]]:
    for stack, found in outputs.items():
        for name, output in found.items():
            yield variable(stack, name), f"{stack}.{name}", output


def _misfit(value: str) -> str:
    """Why no variable can carry it, or an empty text."""
    if "\0" in value:
        return "it holds a NUL character"
    return "it is too long for a variable" if len(value.encode(errors="replace")) > ROOM else ""
