"""`envctl exec ENV -- CMD`: variables and credentials of an environment for a child process."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from envctl.domain.aws.access import OTHER_CREDENTIAL_VARIABLES
from envctl.domain.command_lines import format_command
from envctl.domain.config.project import Project
from envctl.domain.errors import OperationFailedError, Problem
from envctl.domain.ledger.state import describe_outcome
from envctl.domain.terraform.outputs import Output, Outputs, drop_sensitive, format_raw_output, format_variable_name
from envctl.usecases.inspect.outputs import OutputReader, open_reader
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import project_file
from envctl.usecases.project.environment_selection import require_environment

if TYPE_CHECKING:
    # Code for Kubernetes is loaded where a stack asks for it.
    from envctl.usecases.inspect.exec_kubeconfig import Kubeconfig

MAX_VARIABLE_BYTES = 100_000
"""Bytes. Linux refuses to start a process with a variable of more than 128 KiB, name included."""


@dataclass(frozen=True)
class ExecEnvironment:
    """Variables for one child process."""

    environment: str
    variables: Mapping[str, str] = field(repr=False)  # with secrets: for this process alone
    removed: tuple[str, ...] = ()  # inherited variables to remove
    kubeconfig: "Kubeconfig | None" = None  # set if the environment has stacks of Kubernetes objects

    def merge_inherited(self, inherited: Mapping[str, str]) -> dict[str, str]:
        kept = {name: value for name, value in inherited.items() if name not in self.removed}
        return {**kept, **self.variables}


def load_exec_environment(
    ports: Ports, environment: str, *, with_outputs: bool = True, token_command: Sequence[str] = ()
) -> ExecEnvironment:
    """Build the variables. Raises OperationFailedError for an unfinished deployment or an unreadable stack.

    Without outputs, no state is read, and nothing need be deployed. `token_command` is for the kubeconfig.
    """
    project = project_file.load_project(ports)
    settings = project.environments[require_environment(project, environment)]
    uses_role = bool(settings.assume_role or settings.profile)
    if not with_outputs:
        credentials = ports.access.export_credentials(environment) if uses_role else {}
        kubeconfig = _build_declared_kubeconfig(ports, project, environment, token_command)
        return replace(_join_variables(project, environment, {}, credentials), kubeconfig=kubeconfig)
    with open_reader(ports, environment, "exec") as reading:
        _require_finished(ports, reading)
        credentials = ports.access.export_credentials(environment) if uses_role else {}
        reading.read_stacks(ports, list(reading.declared))
    if error := reading.combine_failures():
        raise error
    found = {"ENVCTL_RELEASE": reading.prepared.release, **_format_outputs(ports, reading.outputs)}
    kubeconfig = _build_kubeconfig(ports, project, reading, token_command)
    return replace(_join_variables(project, environment, found, credentials), kubeconfig=kubeconfig)


def _build_declared_kubeconfig(
    ports: Ports, project: Project, environment: str, token_command: Sequence[str]
) -> "Kubeconfig | None":
    if not any(stack.is_kubernetes for stack in project.stacks.values()):
        return None
    from envctl.usecases.inspect.cluster_places import list_declared_places
    from envctl.usecases.inspect.exec_kubeconfig import build_kubeconfig

    return build_kubeconfig(ports, environment, list_declared_places(project, environment), token_command)


def _build_kubeconfig(
    ports: Ports, project: Project, reading: OutputReader, token_command: Sequence[str]
) -> "Kubeconfig | None":
    if not any(stack.workload for stack in reading.prepared.stacks):
        return None
    from envctl.usecases.inspect.cluster_places import list_prepared_places
    from envctl.usecases.inspect.exec_kubeconfig import build_kubeconfig

    places = list_prepared_places(project, reading.environment, reading.prepared.stacks, reading.outputs)
    return build_kubeconfig(ports, reading.environment, places, token_command)


def _join_variables(
    project: Project, environment: str, found: Mapping[str, str], credentials: Mapping[str, str]
) -> ExecEnvironment:
    named = {"ENVCTL_PROJECT": project.name, "ENVCTL_ENVIRONMENT": environment}
    where = project.environments[environment].region
    region = dict.fromkeys(("AWS_REGION", "AWS_DEFAULT_REGION"), where) if where else {}
    without = OTHER_CREDENTIAL_VARIABLES if credentials else ()
    return ExecEnvironment(environment, {**named, **found, **region, **credentials}, without)


def _format_outputs(ports: Ports, found: Outputs) -> dict[str, str]:
    """Return the variables of the outputs. Report those left out."""
    shared = _find_collisions(found)
    variables = {
        "ENVCTL_OUTPUTS": json.dumps(drop_sensitive(found)),
        **{name: format_raw_output(output.value) for name, _, output in _list_variables(found) if name not in shared},
    }
    carried = {name: value for name, value in variables.items() if not _describe_misfit(value)}
    for name in sorted(variables.keys() - carried.keys()):
        ports.observer.on_message(f"{name} is left out: {_describe_misfit(variables[name])}")
    for name, outputs in shared.items():
        ports.observer.on_message(f"{name} is left out: it is ambiguous ({' or '.join(outputs)})")
    return carried


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
