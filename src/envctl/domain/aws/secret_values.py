"""The secret values that an environment needs, as `[secrets.values]` names them. No value is in here."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from envctl.domain.aws.required_secrets import RequiredSecrets, merge_secrets
from envctl.domain.aws.secret_names import parse_secret
from envctl.domain.aws.secret_status import SERVICE_NAMES, NeededSecret
from envctl.domain.config.fields import Fault
from envctl.domain.config.placeholders import list_placeholder_values
from envctl.domain.config.project import Project
from envctl.domain.config.secret_sources import SecretSource, find_variable_fault, resolve_source
from envctl.domain.errors import Location, Problem
from envctl.domain.settings.settings import EnvironmentSettings
from envctl.domain.terraform.variables import Schema, Variable
from envctl.domain.text.suggestions import find_nearest, suggest_name


@dataclass(frozen=True)
class WantedValue:
    """A variable of a stack with a secret value."""

    stack: str
    variable: str
    source: SecretSource  # with its placeholders filled
    secret: NeededSecret | None  # the secret in AWS; None for an environment variable
    location: Location | None

    @property
    def shown(self) -> str:
        return f"{self.stack}.{self.variable}"


@dataclass(frozen=True)
class VariableUse:
    """An environment variable with a secret value, and the variables of stacks that take it."""

    name: str
    asked_by: tuple[str, ...]
    location: Location | None


def find_plain_values(settings: EnvironmentSettings) -> tuple[str, ...]:
    """Return a sentence for each value of a sensitive variable that stands in a file, where every reader has it."""
    return tuple(
        f"{each.location}: {each.name} is sensitive, and its value is here in plain text: move it to a secret, with"
        f' {each.name} = "secretsmanager:NAME" under [secrets.values] in envctl.toml'
        for each in settings.settings
        if each.sensitive and each.origin == "file" and each.value not in (None, "", [], {})
    )


def list_wanted_values(
    project: Project, settings: EnvironmentSettings
) -> tuple[tuple[WantedValue, ...], tuple[Problem, ...]]:
    """Return the wanted values by stack, and a problem (E230) for each source that this environment can't have."""
    wanted: list[WantedValue] = []
    problems: dict[Problem, None] = {}
    lines = {(stack, each.name): each.location for each in settings.settings for stack in each.stacks}
    for stack, sources in settings.sources.items():
        for variable, template in sources.items():
            location = lines.get((stack, variable))
            try:
                source = resolve_source(template, list_placeholder_values(project, settings.environment, stack))
                secret = _to_secret(source, f"{stack}.{variable}", location)
            except ValueError as error:
                message = f"{template} gives no secret for {stack}.{variable} in {settings.environment}: {error}"
                problems[Problem("E230", message, "correct the source", location)] = None
                continue
            wanted.append(WantedValue(stack, variable, source, secret, location))
    return tuple(wanted), tuple(problems)


def find_value_secrets(project: Project, settings: EnvironmentSettings) -> RequiredSecrets:
    """Return the secrets in AWS that hold the values, each once, and the problems of sources."""
    wanted, problems = list_wanted_values(project, settings)
    return RequiredSecrets(merge_secrets(each.secret for each in wanted if each.secret is not None), problems)


def find_value_variables(project: Project, settings: EnvironmentSettings) -> tuple[VariableUse, ...]:
    """Return the environment variables that hold the values, each once."""
    found: dict[str, VariableUse] = {}
    for each in list_wanted_values(project, settings)[0]:
        if each.secret is None:
            known = found.get(each.source.name, VariableUse(each.source.name, (), each.location))
            found[each.source.name] = replace(known, asked_by=(*known.asked_by, each.shown))
    return tuple(found.values())


def list_secret_variables(project: Project, environments: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the environment variables with secret values, of these environments or of all."""
    names: dict[str, None] = {}
    for key, template in project.secrets.values.items():
        if template.kind != "env":
            continue
        only = key.rpartition(".")[0]
        for environment in environments or project.all_environments:
            stacks = project.view_for(environment).stacks
            for stack in stacks if not only else [only] if only in stacks else []:
                if name := _resolve_variable(template, list_placeholder_values(project, environment, stack)):
                    names[name] = None
    return tuple(sorted(names))


def list_values_by_environment(project: Project) -> dict[str, tuple[str, ...]]:
    """Return the environment variables with secret values of each environment of the pipeline that has some."""
    found = {name: list_secret_variables(project, (name,)) for name in project.pipeline.order}
    return {name: names for name, names in found.items() if names}


def check_value_keys(project: Project, schema: Schema) -> Iterator[Fault]:
    """Yield a fault for each key without a variable, and for a variable of a secret that programs get as well."""
    names = {variable.name for variables in schema.values() for variable in variables}
    # Another environment may have a stack with the variable.
    is_whole = set(schema) == set(project.every_stack)
    for key in project.secrets.values:
        stack, _, name = key.rpartition(".")
        path = ("secrets", "values", key)
        if stack and stack not in project.every_stack:
            hint = suggest_name(stack, project.every_stack)
            yield Fault("E230", f"secrets.values.{key}: there is no stack {stack}", hint, path)
        elif stack in schema and name not in {each.name for each in schema[stack]}:
            near = find_nearest(name, [each.name for each in schema[stack]])
            hint = f"did you mean {near}?" if near else f"declare it in the code of {stack}"
            yield Fault("E230", f"secrets.values.{key}: {stack} has no variable {name}", hint, path)
        elif not stack and is_whole and name not in names:
            yield Fault("E230", f"secrets.values.{key}: no stack has such a variable", suggest_name(name, names), path)
    passed = {"program_variables": project.ci.program_variables, "github.secrets": project.ci.github.secrets}
    for name in list_secret_variables(project):
        for table, listed in passed.items():
            if name in listed:
                message = f"{name} is in ci.{table} and in secrets.values"
                hint = f"remove it from ci.{table}: envctl itself passes it to the jobs, and to no program"
                yield Fault("E230", message, hint, ("ci", *table.split(".")))


def describe_service(source: SecretSource) -> str:
    return SERVICE_NAMES[source.kind] if source.kind != "env" else "the environment"


def find_variable(schema: Schema, stack: str, name: str) -> Variable:
    return next(each for each in schema[stack] if each.name == name)


def _resolve_variable(template: SecretSource, placeholders: Mapping[str, str]) -> str:
    """Return the name of the environment variable; empty if it can't have one."""
    try:
        name = resolve_source(template, placeholders).name
    except ValueError:
        return ""
    return "" if find_variable_fault(name) else name


def _to_secret(source: SecretSource, asked_by: str, location: Location | None) -> NeededSecret | None:
    if source.kind == "env":
        if fault := find_variable_fault(source.name):
            raise ValueError(f"it {fault}")
        return None
    try:
        secret = parse_secret(source.kind, source.name)
    except ValueError:
        secret = None
    if secret is None:
        raise ValueError(f"{source.name} is not the name of a secret in {SERVICE_NAMES[source.kind]}")
    return replace(secret, asked_by=(asked_by,), location=location)
