"""`envctl exec ENV -- CMD`: variables and credentials of an environment for a child process."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from envctl.domain.aws.access import OTHER_CREDENTIAL_VARIABLES
from envctl.domain.command_lines import format_command
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.ledger.state import describe_outcome
from envctl.domain.terraform.outputs import Output, Outputs, drop_sensitive, format_raw_output, format_variable_name
from envctl.usecases.inspect.outputs import OutputReader, open_reader
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import load

MAX_VARIABLE_BYTES = 100_000
"""Bytes. Linux refuses to start a process with a variable of more than 128 KiB, name included."""


@dataclass(frozen=True)
class ExecEnvironment:
    """Variables for one child process."""

    environment: str
    variables: Mapping[str, str] = field(repr=False)  # with secrets: for this process alone
    removed: tuple[str, ...] = ()  # inherited variables to remove

    def merge_inherited(self, inherited: Mapping[str, str]) -> dict[str, str]:
        kept = {name: value for name, value in inherited.items() if name not in self.removed}
        return {**kept, **self.variables}


def load_exec_environment(ports: Ports, environment: str) -> ExecEnvironment:
    """Build the variables. Raises OperationFailedError for an unfinished deployment or an unreadable stack."""
    project = load.load_project(ports)
    settings = project.environments[load.require_environment(project, environment)]
    with open_reader(ports, environment, "exec") as reading:
        _require_finished(ports, reading)
        uses_role = bool(settings.assume_role or settings.profile)
        credentials = ports.access.export_credentials(environment) if uses_role else {}
        reading.read_stacks(ports, list(reading.declared))
    if error := reading.combine_failures():
        raise error
    shared = _find_collisions(reading.outputs)
    variables = {
        "ENVCTL_PROJECT": project.name,
        "ENVCTL_ENVIRONMENT": environment,
        "ENVCTL_RELEASE": reading.prepared.release,
        "ENVCTL_OUTPUTS": json.dumps(drop_sensitive(reading.outputs)),
        **{
            name: format_raw_output(output.value)
            for name, _, output in _list_variables(reading.outputs)
            if name not in shared
        },
    }
    carried = {name: value for name, value in variables.items() if not _describe_misfit(value)}
    for name in sorted(variables.keys() - carried.keys()):
        ports.observer.on_message(f"{name} is left out: {_describe_misfit(variables[name])}")
    for name, outputs in shared.items():
        ports.observer.on_message(f"{name} is left out: it is ambiguous ({' or '.join(outputs)})")
    without = OTHER_CREDENTIAL_VARIABLES if credentials else ()
    region = dict.fromkeys(("AWS_REGION", "AWS_DEFAULT_REGION"), settings.region) if settings.region else {}
    return ExecEnvironment(environment, {**carried, **region, **credentials}, without)


def _require_finished(ports: Ports, reading: OutputReader) -> None:
    target, last = reading.environment, reading.present.last
    if reading.present.unfinished_deployment:
        message = f"a deployment to {target} is unfinished: its states may hold a part of it only"
        raise OperationFailedError(
            Problem("E414", message, f"when it no longer runs: {format_command('recover', target)}")
        )
    if last and reading.failed_outcome:
        message = f"the last deployment to {target} {describe_outcome(last)}: outputs may be of more than one release"
        ports.observer.on_message(message)


def _find_collisions(outputs: Outputs) -> dict[str, list[str]]:
    """Return ambiguous variable names, each with the outputs sharing it."""
    counted = Counter(name for name, _, _ in _list_variables(outputs))
    return {
        name: [called for other, called, _ in _list_variables(outputs) if other == name]
        for name, number in counted.items()
        if number > 1
    }


def _list_variables(outputs: Outputs) -> Iterator[tuple[str, str, Output]]:
    for stack, found in outputs.items():
        for name, output in found.items():
            yield format_variable_name(stack, name), f"{stack}.{name}", output


def _describe_misfit(value: str) -> str:
    """Return the reason for a value unfit for a variable, or an empty text."""
    if "\0" in value:
        return "it holds a NUL character"
    return "it is too long for a variable" if len(value.encode(errors="replace")) > MAX_VARIABLE_BYTES else ""
