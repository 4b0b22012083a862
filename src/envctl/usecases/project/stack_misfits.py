"""Inputs, set values and tables of the project file that do not fit the code of the stacks."""

from collections.abc import Iterator, Mapping

from envctl.domain.command_lines import format_command
from envctl.domain.config.fields import Fault
from envctl.domain.config.project import Project
from envctl.domain.config.stacks import Stack
from envctl.domain.errors import Location, Problem
from envctl.domain.release.place.alias_faults import check_stack_aliases
from envctl.domain.terraform.conversion import convert_value
from envctl.domain.terraform.expressions import OutputReference, is_cluster_output
from envctl.domain.terraform.variables import ModuleInterface
from envctl.domain.text.suggestions import find_nearest
from envctl.usecases.ports.context import Context
from envctl.usecases.project.project_file import locate_faults, locate_key


def find_stack_problems(context: Context, interfaces: Mapping[str, ModuleInterface]) -> Iterator[Problem]:
    """Yield all problems of the stacks with the interfaces of their code. `interfaces` are by stack."""
    yield from _find_misfits(context, interfaces)
    yield from _find_set_faults(context, interfaces)
    yield from locate_faults(context.ports, _find_module_faults(context.project, interfaces))
    yield from locate_faults(context.ports, check_stack_aliases(context.project, interfaces))


def _find_misfits(context: Context, interfaces: Mapping[str, ModuleInterface]) -> Iterator[Problem]:
    """Yield the inputs and clusters of stacks that do not fit the interfaces of the stacks."""
    for name, stack in context.project.stacks.items():
        declared = {variable.name for variable in interfaces[name].variables}
        for variable, text in stack.inputs.items():
            place = locate_key(context.ports, "stacks", name, "inputs", variable)
            if variable not in declared:
                near = find_nearest(variable, declared)
                hint = f"did you mean {near}?" if near else _hint_declaration(stack)
                message = f"stack {name}: {stack.folder} declares no variable {variable}"
                yield Problem("E113", message, hint, place)
            yield from _find_output_misfits(context.project, interfaces, name, text, place)
        if stack.cluster and is_cluster_output(stack.cluster):
            place = locate_key(context.ports, "stacks", name, "cluster")
            yield from _find_output_misfits(context.project, interfaces, name, stack.cluster, place)


def _hint_declaration(stack: Stack) -> str:
    if stack.is_kubernetes:
        return f"add it to the ConfigMap envctl in {stack.folder}: {format_command('explain', 'E219')}"
    return f"declare it in {stack.folder}/variables.tf"


def _find_output_misfits(
    project: Project, interfaces: Mapping[str, ModuleInterface], name: str, text: str, place: Location
) -> Iterator[Problem]:
    reference = OutputReference.parse(text)
    other = project.stacks[reference.stack]
    outputs = {output.name for output in interfaces[reference.stack].outputs}
    ephemeral = {output.name for output in interfaces[reference.stack].outputs if output.ephemeral}
    if reference.output not in outputs:
        near = find_nearest(reference.output, outputs)
        hint = f"did you mean {reference.stack}.{near}?" if near else f"add the output to {other.folder}/outputs.tf"
        message = f"stack {name} reads {reference.stack}.{reference.output}, which {other.folder} does not output"
        if other.is_kubernetes:
            message = f"stack {name} reads {text}, but Kubernetes objects have no outputs"
            hint = f'to come after them, use: after = ["{reference.stack}"]'
        yield Problem("E112", message, hint, place)
    elif reference.output in ephemeral:
        message = f"stack {name} reads {reference.stack}.{reference.output}, which is ephemeral in {other.folder}"
        hint = "pass it another way, such as the name of a secret: no state holds an ephemeral output"
        yield Problem("E236", message, hint, place)


def _find_set_faults(context: Context, interfaces: Mapping[str, ModuleInterface]) -> Iterator[Problem]:
    """Yield the values of `[stacks.STACK.set]` that the code of the stack can't take."""
    for name, stack in context.project.stacks.items():
        declared = {variable.name: variable for variable in interfaces[name].variables}
        for key, value in stack.set_values.items():
            place = locate_key(context.ports, "stacks", name, "set", key)
            variable = declared.get(key)
            if variable is None:
                near = find_nearest(key, declared)
                hint = f"did you mean {near}?" if near else _hint_declaration(stack)
                yield Problem("E219", f"stack {name}: {stack.folder} declares no variable {key}", hint, place)
            elif variable.sensitive:
                message = f"{key} of the stack {name} is sensitive; the release would hold its value in clear text"
                way = format_command("explain", "E220")
                hint = f"remove it from `set`, and say under [secrets.values] where the value is: {way}"
                yield Problem("E220", message, hint, place)
            else:
                hint = f"give it a value of type {variable.type_text} (declared at {variable.location})"
                for mismatch in convert_value(value, variable.type)[1]:
                    yield Problem("E204", f"stack {name}: {mismatch.format_message(key, reveal=True)}", hint, place)
        if stack.chart and stack.set_values:
            from envctl.usecases.project.kubernetes_stacks import find_misplaced_references

            outputs = {other: {each.name for each in interface.outputs} for other, interface in interfaces.items()}
            yield from find_misplaced_references(context, name, stack, outputs)


def _find_module_faults(project: Project, interfaces: Mapping[str, ModuleInterface]) -> Iterator[Fault]:
    """Yield contradictions of `[secrets]` and rollouts with the modules. Imported late: many projects have none."""
    of = interfaces
    schema = {name: interface.variables for name, interface in of.items()}
    if project.secrets.secretsmanager or project.secrets.ssm:
        from envctl.domain.aws.required_secrets import check_patterns

        yield from check_patterns(schema, project.secrets)
    if project.secrets.values:
        from envctl.domain.aws.secret_values import check_value_keys

        yield from check_value_keys(project, schema)
    if any(stack.rollout for stack in project.stacks.values()):
        from envctl.domain.release.artifacts import find_rollout_faults

        outputs = {name: [output.name for output in interface.outputs] for name, interface in of.items()}
        yield from find_rollout_faults(project, schema, outputs)
