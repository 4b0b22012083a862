"""The code in the working tree, as a release."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from posixpath import dirname, join, normpath

from envctl.domain.config.project import PROJECT_FILE, Artifact, Project, Stack
from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.graph import order_stacks
from envctl.domain.images.image_reference import Image
from envctl.domain.plan.leaving_stacks import Fate
from envctl.domain.release.contents import File, Release, StackWiring, Wiring
from envctl.domain.release.remote_modules import is_local
from envctl.domain.settings.settings import Assignment, ModuleCall, ModuleInterface, Schema
from envctl.domain.terraform.workdir_names import LEFT_OUT
from envctl.domain.text.suggestions import nearest
from envctl.usecases.ports.core import Ports
from envctl.usecases.project import provider_accounts, self_contained
from envctl.usecases.project.load import COMMON_SETTINGS, settings_file, settings_files


def release(ports: Ports, project: Project) -> Release:
    """The working tree as a release: modules that the stacks reach, wiring, artifacts, provider lock, schema.

    Nothing outside of the project is asked. What its modules call by an address is told by `missing`, and brought by
    `usecases/project/remote_modules.py` where a release is made for good.
    """
    code = _Code(ports)
    for name, stack in project.stacks.items():
        code.reach(normpath(stack.module), f"stack {name}", ("stacks", name, "module"))
    problems = code.problems or _misfits(ports, project, code.interfaces)
    if problems:
        raise ConfigurationError(*problems)
    lock = ports.tree.read(ports.provider_lock)
    made = Release(_wiring(ports, project, code.interfaces), code.files, tuple(code.missing))
    self_contained.check_tree(ports, made)
    provider_accounts.check_tree(ports, project, made)
    return made.with_lock(lock)


def code_paths(release: Release, provider_lock: str) -> tuple[str, ...]:
    """The paths that a release is made from, for asking the version control about them."""
    return (PROJECT_FILE, provider_lock, "environments", *_folders(release))


def inputs(release: Release, project: Project, environment: str, provider_lock: str) -> tuple[str, ...]:
    """Every file and folder of the project that the root modules of the working tree are made from."""
    settings_files = {COMMON_SETTINGS, settings_file(environment), settings_file(project.entry)}
    return (PROJECT_FILE, provider_lock, *sorted(settings_files), *_folders(release))


def _folders(release: Release) -> tuple[str, ...]:
    """Every folder of the modules, up to the top ones: a file may be added to any of them."""
    found = {dirname(path) for path in release.files if not LEFT_OUT.intersection(path.split("/"))}
    top = {stack.module for stack in release.wiring.stacks.values()}
    for folder in tuple(found):
        above = folder
        while above and above not in top:
            found.add(above)
            above = dirname(above)
    return tuple(sorted(found))


@dataclass
class _Code:
    """The modules that were reached so far, with the local modules that they call."""

    ports: Ports
    files: dict[str, File] = field(default_factory=dict)
    interfaces: dict[str, ModuleInterface] = field(default_factory=dict)
    missing: list[ModuleCall] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def reach(self, folder: str, wanted_by: str, at: Location | tuple[str, ...]) -> None:
        if folder in self.interfaces:
            return
        found = self._folder(folder)
        code = {path.rpartition("/")[2]: file.data for path, file in found.items() if dirname(path) == folder}
        if not any(path.endswith((".tf", ".tf.json")) for path in code):
            location = at if isinstance(at, Location) else _at(self.ports, *at)
            self.problems.append(_no_module(folder, wanted_by, location))
            return
        self.files.update(found)
        try:
            self.interfaces[folder] = self.ports.reader.module(code, folder)
        except ConfigurationError as error:
            self.problems.extend(error.problems)
            return
        for call in self.interfaces[folder].calls:
            if is_local(call.source):
                self.reach(normpath(join(folder, call.source)), f"module {call.name}", call.location)
            elif call.source:
                self.missing.append(call)
            else:
                self.problems.append(_unknown(call))

    def _folder(self, folder: str) -> dict[str, File]:
        found = None if folder.startswith("..") else self.ports.tree.folder(folder, without=LEFT_OUT)
        return {path: file for path, file in (found or {}).items() if not LEFT_OUT.intersection(path.split("/"))}


def _no_module(folder: str, wanted_by: str, location: Location) -> Problem:
    what = "which is outside the project" if folder.startswith("..") else "where there is no Terraform module"
    message = f"{wanted_by} takes its code from {folder}, {what}"
    return Problem("E110", message, "put the module below the project, or correct the path", location)


def _unknown(call: ModuleCall) -> Problem:
    message = f"module {call.name} has no source that is a plain text: which code a release carries can't be told"
    return Problem("E111", message, 'write it out: `source = "./…"`, or the address of a module', call.location)


def _misfits(ports: Ports, project: Project, interfaces: Mapping[str, ModuleInterface]) -> list[Problem]:
    problems = []
    for name, stack in project.stacks.items():
        declared = {variable.name for variable in interfaces[normpath(stack.module)].variables}
        for variable, reference in stack.references().items():
            module = project.stacks[reference.stack].module
            outputs = {output.name for output in interfaces[normpath(module)].outputs}
            if variable not in declared:
                near = nearest(variable, declared)
                hint = f"did you mean {near}?" if near else f"declare it in {stack.module}/variables.tf"
                message = f"stack {name}: {stack.module} declares no variable {variable}"
                problems.append(Problem("E113", message, hint, _at(ports, "stacks", name, "inputs", variable)))
            if reference.output not in outputs:
                near = nearest(reference.output, outputs)
                hint = f"did you mean {reference.stack}.{near}?" if near else f"add the output to {module}/outputs.tf"
                message = f"stack {name} reads {reference.stack}.{reference.output}, which {module} does not put out"
                problems.append(Problem("E112", message, hint, _at(ports, "stacks", name, "inputs", variable)))
    schema = {name: interfaces[normpath(stack.module)].variables for name, stack in project.stacks.items()}
    return [*problems, *_of_secrets(ports, project, schema), *_of_rollouts(ports, project, interfaces)]


def _of_secrets(ports: Ports, project: Project, schema: Schema) -> list[Problem]:
    if not (project.secrets.secretsmanager or project.secrets.ssm):
        return []
    from envctl.domain.aws.required_secrets import misfits

    return [replace(each.problem, location=_at(ports, *each.path)) for each in misfits(schema, project.secrets)]


def _of_rollouts(ports: Ports, project: Project, interfaces: Mapping[str, ModuleInterface]) -> list[Problem]:
    if not any(stack.rollout for stack in project.stacks.values()):
        return []
    from envctl.domain.release.rollout_stacks import misfits

    of = {name: interfaces[normpath(stack.module)] for name, stack in project.stacks.items()}
    schema = {name: interface.variables for name, interface in of.items()}
    outputs = {name: [output.name for output in interface.outputs] for name, interface in of.items()}
    return [replace(each.problem, location=_at(ports, *each.path)) for each in misfits(project, schema, outputs)]


def _wiring(ports: Ports, project: Project, interfaces: Mapping[str, ModuleInterface]) -> Wiring:
    of = {name: interfaces[normpath(stack.module)] for name, stack in project.stacks.items()}
    schema = {name: interface.variables for name, interface in of.items()}
    stacks = {name: wire_stack(s) for name, s in project.stacks.items()}
    order = order_stacks({name: stack.needs for name, stack in stacks.items()})
    return Wiring(
        project=project.name,
        terraform=project.terraform.version,
        stacks={name: stacks[name] for name in order},
        artifacts=read_artifacts(ports, project, schema),
        schema=schema,
        outputs={name: {o.name: o.sensitive for o in interface.outputs} for name, interface in of.items()},
        providers=project.providers,
        removed=list_removed(project),
    )


def wire_stack(stack: Stack) -> StackWiring:
    after = tuple(sorted(set(stack.after)))
    return StackWiring(normpath(stack.module), dict(stack.inputs), stack.region or "", after, stack.moved_from or "")


def list_removed(project: Project) -> dict[str, Fate]:
    """What becomes of the stacks that a release of the working tree has no more. Beside a stack that it has, it says
    what a rollback to before that stack does.
    """
    return {name: fate for name, fate in sorted(project.fates.items()) if name not in project.stacks}


def read_artifacts(ports: Ports, project: Project, schema: Schema) -> dict[str, object]:
    """The artifacts of the release: what the settings of the entry environment say of them. Where that is the tag of an
    image, `usecases/account/image_check.py` looks for what it stands for, before anything is deployed.
    """
    assigned: dict[str, Assignment] = {
        assignment.name: assignment
        for file in settings_files(ports, project, project.entry)
        for assignment in file.assignments
    }
    found: dict[str, object] = {}
    problems = []
    for name, artifact in project.artifacts.items():
        variable = artifact.variable
        if not any(variable == v.name for variables in schema.values() for v in variables):
            message = f"artifact {name} fills the variable {variable}, which no stack declares"
            hint = "declare it in a module, or remove the artifact"
            problems.append(Problem("E114", message, hint, _at(ports, "artifacts", name)))
        elif variable not in assigned:
            message = f"artifact {name} has no value"
            hint = f"add `{variable} = …` to {settings_file(project.entry)}: it enters there and travels on"
            problems.append(Problem("E115", message, hint, _at(ports, "artifacts", name)))
        elif artifact.kind == "oci" and (wrong := _no_image(assigned[variable].value)):
            message = f"artifact {name} names no image: {wrong}"
            hint = f'write `{variable} = "REPOSITORY:TAG"`, or `{variable} = "REPOSITORY@sha256:…"`'
            problems.append(Problem("E430", message, hint, assigned[variable].location))
        else:
            found[variable] = _carried(artifact, assigned[variable].value)
    if problems:
        raise ConfigurationError(*problems)
    return found


def _carried(artifact: Artifact, value: object) -> object:
    """Beside a digest, a tag says nothing: two of them for one content must not make two releases."""
    image = Image.parse(str(value)) if artifact.kind == "oci" else None
    return str(image.pinned_to(image.digest)) if image and image.digest else value


def _no_image(value: object) -> str:
    """What is wrong with the reference of an image, or an empty text."""
    if not isinstance(value, str):
        return "it is no text"
    try:
        image = Image.parse(value)
    except ValueError as error:
        return str(error)
    # Registries take that for `latest`, which nobody has said.
    return "" if image.tag or image.digest else "it has no tag and no digest"


def _at(ports: Ports, *path: str | int) -> Location:
    """Where something stands in the project file."""
    return ports.reader.place(ports.tree.read(PROJECT_FILE) or b"", path)
