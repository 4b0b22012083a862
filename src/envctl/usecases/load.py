"""The project as it lies in the working tree: its file, its code as a release, and the settings of an environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from posixpath import dirname, join, normpath

from envctl.domain.errors import ConfigurationError, Location, Problem, UsageError
from envctl.domain.graph import order_stacks
from envctl.domain.layout import LOCK_FILE
from envctl.domain.nearest import nearest
from envctl.domain.project import Project
from envctl.domain.release import File, Release, StackWiring, Wiring
from envctl.domain.settings import (
    Assignment,
    EnvironmentSettings,
    ModuleInterface,
    Schema,
    SettingsFile,
    resolve,
)
from envctl.usecases.ports import Ports

PROJECT_FILE = "envctl.toml"
COMMON_SETTINGS = "environments/common.tfvars"
LEFT_OUT = frozenset({".terraform", ".terraform.lock.hcl", "tests", ".git"})
"""Parts of a path that never travel in a release: they say nothing about what is deployed."""


def settings_file(environment: str) -> str:
    return f"environments/{environment}/terraform.tfvars"


def project(ports: Ports) -> Project:
    data = ports.tree.read(PROJECT_FILE)
    if data is None:
        raise ConfigurationError(
            Problem(
                "E100",
                f"there is no {PROJECT_FILE} here",
                "go to the project's folder, or name it: envctl --project DIR …",
            )
        )
    return ports.reader.project(data)


def known_environment(project: Project, environment: str) -> str:
    """The environment, or a UsageError that offers the nearest one."""
    if environment in project.environments:
        return environment
    near = nearest(environment, project.environments)
    listed = ", ".join(project.pipeline.order)
    hint = f"did you mean {near}? (the environments are {listed})" if near else f"the environments are {listed}"
    raise UsageError(Problem("E002", f"there is no environment {environment!r}", hint))


def release(ports: Ports, project: Project) -> Release:
    """The working tree as a release: modules that the stacks reach, wiring, artifacts, provider lock, schema."""
    code = _Code(ports)
    for name, stack in project.stacks.items():
        code.reach(normpath(stack.module), f"stack {name} in {PROJECT_FILE}", None)
    problems = code.problems or _misfits(project, code.interfaces)
    if problems:
        raise ConfigurationError(*problems)
    lock = ports.tree.read(ports.provider_lock)
    return Release(_wiring(ports, project, code.interfaces), code.files).with_lock(lock)


def settings(ports: Ports, project: Project, environment: str, wiring: Wiring) -> EnvironmentSettings:
    """The environment's settings from the working tree, checked against the schema that the release carries."""
    return resolve(
        environment,
        wiring.schema,
        _settings_files(ports, environment),
        builtin=_builtin(project, environment, wiring),
        wired={name: tuple(stack.inputs) for name, stack in wiring.stacks.items()},
        artifacts=wiring.artifacts,
        may_set_artifacts=environment == project.entry,
    )


def code_paths(release: Release, provider_lock: str) -> tuple[str, ...]:
    """The paths that a release is made from, for asking the version control about them."""
    return (PROJECT_FILE, provider_lock, "environments", *_folders(release))


def inputs(release: Release, project: Project, environment: str, provider_lock: str) -> tuple[str, ...]:
    """Every file and folder of the project that the root modules of the working tree are made from."""
    settings_files = {COMMON_SETTINGS, settings_file(environment), settings_file(project.entry)}
    return (PROJECT_FILE, provider_lock, *sorted(settings_files), *_folders(release))


def _folders(release: Release) -> tuple[str, ...]:
    """Every folder of the modules, up to the top ones: a file may be added to any of them."""
    found = {dirname(path) for path in release.files if path != LOCK_FILE}
    top = {stack.module for stack in release.wiring.stacks.values()}
    for folder in tuple(found):
        above = folder
        while above and above not in top:
            found.add(above)
            above = dirname(above)
    return tuple(sorted(found))


def _builtin(project: Project, environment: str, wiring: Wiring) -> dict[str, str]:
    region = project.environments[environment].region
    filled = {"environment": environment, "project": wiring.project}
    return {**filled, "region": region} if region else filled


def _settings_files(ports: Ports, environment: str) -> tuple[SettingsFile, ...]:
    """Common settings first: the environment's own override them. Syntax errors of all files are raised at once."""
    files: list[SettingsFile] = []
    problems: list[Problem] = []
    for path in (COMMON_SETTINGS, settings_file(environment)):
        data = ports.tree.read(path)
        if data is None:
            continue
        try:
            files.append(ports.reader.settings(data, path))
        except ConfigurationError as error:
            problems.extend(error.problems)
    if problems:
        raise ConfigurationError(*problems)
    return tuple(files)


@dataclass
class _Code:
    """The modules that were reached so far, with the local modules that they call."""

    ports: Ports
    files: dict[str, File] = field(default_factory=dict)
    interfaces: dict[str, ModuleInterface] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def reach(self, folder: str, wanted_by: str, location: Location | None) -> None:
        if folder in self.interfaces:
            return
        found = self._folder(folder)
        code = {path.rpartition("/")[2]: file.data for path, file in found.items() if dirname(path) == folder}
        if not any(path.endswith((".tf", ".tf.json")) for path in code):
            self.problems.append(_no_module(folder, wanted_by, location))
            return
        self.files.update(found)
        try:
            self.interfaces[folder] = self.ports.reader.module(code, folder)
        except ConfigurationError as error:
            self.problems.extend(error.problems)
            return
        for call in self.interfaces[folder].calls:
            if call.source.startswith(("./", "../")):
                self.reach(normpath(join(folder, call.source)), f"module {call.name}", call.location)
            else:
                self.problems.append(_remote(call.name, call.source, call.location))

    def _folder(self, folder: str) -> dict[str, File]:
        found = None if folder.startswith("..") else self.ports.tree.folder(folder)
        return {path: file for path, file in (found or {}).items() if not LEFT_OUT.intersection(path.split("/"))}


def _no_module(folder: str, wanted_by: str, location: Location | None) -> Problem:
    what = "which is outside the project" if folder.startswith("..") else "where there is no Terraform module"
    message = f"{wanted_by} takes its code from {folder}, {what}"
    return Problem("E110", message, "put the module below the project, or correct the path", location)


def _remote(name: str, source: str, location: Location) -> Problem:
    return Problem(
        "E111",
        f"module {name} takes its code from {source}, which would be fetched anew in every environment",
        "copy that module below modules/ and call it by its path: a release carries all of its code",
        location,
    )


def _misfits(project: Project, interfaces: Mapping[str, ModuleInterface]) -> list[Problem]:
    problems = []
    for name, stack in project.stacks.items():
        declared = {variable.name for variable in interfaces[normpath(stack.module)].variables}
        for variable, reference in stack.references().items():
            module = project.stacks[reference.stack].module
            outputs = {output.name for output in interfaces[normpath(module)].outputs}
            if variable not in declared:
                near = nearest(variable, declared)
                hint = f"did you mean {near}?" if near else f"declare it in {stack.module}/variables.tf"
                problems.append(Problem("E113", f"stack {name}: {stack.module} declares no variable {variable}", hint))
            if reference.output not in outputs:
                near = nearest(reference.output, outputs)
                hint = f"did you mean {reference.stack}.{near}?" if near else f"add the output to {module}/outputs.tf"
                message = f"stack {name} reads {reference.stack}.{reference.output}, which {module} does not put out"
                problems.append(Problem("E112", message, hint))
    return problems


def _wiring(ports: Ports, project: Project, interfaces: Mapping[str, ModuleInterface]) -> Wiring:
    of = {name: interfaces[normpath(stack.module)] for name, stack in project.stacks.items()}
    schema = {name: interface.variables for name, interface in of.items()}
    stacks = {name: StackWiring(normpath(s.module), dict(s.inputs)) for name, s in project.stacks.items()}
    order = order_stacks({name: stack.upstream for name, stack in stacks.items()})
    return Wiring(
        project=project.name,
        terraform=project.terraform.version,
        stacks={name: stacks[name] for name in order},
        artifacts=_artifacts(ports, project, schema),
        schema=schema,
        outputs={name: {o.name: o.sensitive for o in interface.outputs} for name, interface in of.items()},
        providers=project.providers,
    )


def _artifacts(ports: Ports, project: Project, schema: Schema) -> dict[str, object]:
    """The artifacts of the release: what the settings of the entry environment say of them."""
    assigned: dict[str, Assignment] = {
        assignment.name: assignment for file in _settings_files(ports, project.entry) for assignment in file.assignments
    }
    found: dict[str, object] = {}
    problems = []
    for name, artifact in project.artifacts.items():
        variable = artifact.variable
        if not any(variable == v.name for variables in schema.values() for v in variables):
            message = f"artifact {name} fills the variable {variable}, which no stack declares"
            problems.append(Problem("E114", message, f"declare it in a module, or remove it from {PROJECT_FILE}"))
        elif variable not in assigned:
            message = f"artifact {name} has no value"
            hint = f"add `{variable} = …` to {settings_file(project.entry)}: it enters there and travels on"
            problems.append(Problem("E115", message, hint))
        elif artifact.kind == "oci" and not pinned(assigned[variable].value):
            where = assigned[variable].location
            message = f"artifact {name} is not pinned by digest"
            problems.append(Problem("G201", message, f'write `{variable} = "REPOSITORY@sha256:…"`', where))
        else:
            found[variable] = assigned[variable].value
    if problems:
        raise ConfigurationError(*problems)
    return found


def pinned(image: object) -> bool:
    """Whether an OCI reference names one content for ever: `repository@sha256:` and 64 hexadecimal digits."""
    if not isinstance(image, str):
        return False
    repository, _, digest = image.partition("@sha256:")
    return bool(repository) and len(digest) == 64 and set(digest) <= set("0123456789abcdef")  # noqa: PLR2004
