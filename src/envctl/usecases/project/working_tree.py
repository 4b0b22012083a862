"""The code in the working tree, as a release."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING

from envctl.domain.command_lines import format_command
from envctl.domain.config.fields import Fault
from envctl.domain.config.project import PROJECT_FILE, Project
from envctl.domain.config.settings_places import ENVIRONMENTS_FOLDER, REMOVED_FILE, list_all_places
from envctl.domain.config.stacks import Stack
from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.graph import order_stacks
from envctl.domain.plan.changes import Fate
from envctl.domain.release.bundle import File, Release
from envctl.domain.release.place.alias_faults import check_stack_aliases
from envctl.domain.release.place.own_values import find_in_code, require_own_values
from envctl.domain.release.remote_modules import is_local_source
from envctl.domain.release.root_code import RootCode
from envctl.domain.release.wiring import StackWiring, Wiring, to_json_values
from envctl.domain.terraform.conversion import convert_value
from envctl.domain.terraform.expressions import OutputReference, is_cluster_output
from envctl.domain.terraform.variables import ModuleCall, ModuleInterface
from envctl.domain.terraform.workdir_names import EXCLUDED_PARTS, LOCK_FILE, REMOTE_MODULES_FOLDER
from envctl.domain.text.suggestions import find_nearest
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.project import Revision
from envctl.usecases.project import module_checks, root_modules
from envctl.usecases.project.project_file import locate_faults, locate_key
from envctl.usecases.project.settings.artifact_values import read_artifacts
from envctl.usecases.project.shared_code import describe_misplaced_folder, is_above_project, normalize_folder, set_base

if TYPE_CHECKING:
    from envctl.domain.release.kubernetes_code import KubernetesCode
    from envctl.usecases.project.kubernetes_stacks import KubernetesStack


def build_release(context: Context) -> Release:
    """Build a release from the working tree: modules of the stacks, wiring, artifacts, provider lock, schema.

    Contacts no network: `missing` lists the module calls with a remote address, for `remote_modules` to fetch.
    """
    ports = context.ports
    made = collect_release(context)
    module_checks.check_tree_reads(ports, made)
    module_checks.check_tree_accounts(context, made)
    root_modules.check_tree_roots(context, made)
    require_own_values(find_in_code(context.project, made))
    return made.with_lock(ports.tree.read_contents(ports.provider_lock))


def collect_release(context: Context) -> Release:
    """Return the release of the working tree without its provider lock, before the checks of its code."""
    ports = context.ports
    code = _ModuleCode(ports=ports, project=context.project)
    for name, stack in context.project.stacks.items():
        if stack.is_kubernetes:
            code.add_kubernetes(context, name, stack)
        elif stack.root is None:
            code.add_module(stack.folder, f"stack {name}", ("stacks", name, "module"))
        else:
            code.add_root(name, stack.folder)
    if problems := code.problems or list(_find_stack_problems(context, code.by_stack)):
        raise ConfigurationError(*problems)
    made = Release(_build_wiring(context, code), code.files, tuple(code.missing))
    return set_base(ports, root_modules.complete_roots(context, made))


def read_revision(ports: Ports, project: Project, release: Release) -> Revision:
    """Return the current commit, and what of a release and of all settings is not as in it.

    Remote modules are in no commit: they are below a folder that a project does not have. So is the lock of a sandbox.
    """
    own = {
        path: file
        for path, file in release.files.items()
        if path != LOCK_FILE
        and not (path.startswith(f"{REMOTE_MODULES_FOLDER}/") and ports.tree.read_contents(path) is None)
    }
    lock = [ports.provider_lock] if ports.provider_lock == LOCK_FILE else []
    places = [place.path for place in list_all_places(project)]
    removed = [f"{ENVIRONMENTS_FOLDER}/{name}/{REMOVED_FILE}" for name in project.all_environments]
    # Of the commit, more files there would be in the release too.
    folders = {stack.module for stack in release.wiring.stacks.values()} | {*map(dirname, drop_excluded_files(own))}
    paths = dict.fromkeys((PROJECT_FILE, *lock, *places, *removed, *sorted(folders - {""})))
    return ports.version_control.read_revision(tuple(paths), own)


def list_code_paths(release: Release, provider_lock: str, settings: Sequence[str]) -> tuple[str, ...]:
    """Return the paths of a release for a hash of its inputs, with those of `settings`.

    They include every folder of the modules up to the top ones: new files may appear in any.
    """
    found = {dirname(path) for path in drop_excluded_files(release.files)}
    top = {stack.module for stack in release.wiring.stacks.values()}
    for folder in tuple(found):
        above = folder
        while above and above not in top and not is_above_project(above):
            found.add(above)
            above = dirname(above)
    return (PROJECT_FILE, provider_lock, *settings, *sorted(found))


@dataclass(kw_only=True)
class _ModuleCode:
    """The modules collected so far, with the local modules they call."""

    ports: Ports
    project: Project
    files: dict[str, File] = field(default_factory=dict)
    interfaces: dict[str, ModuleInterface] = field(default_factory=dict)
    missing: list[ModuleCall] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    kubernetes: dict[str, "KubernetesStack"] = field(default_factory=dict)

    @cached_property
    def settings_paths(self) -> frozenset[str]:
        """The paths of all settings files of the project."""
        return frozenset(place.path for place in list_all_places(self.project))

    @property
    def by_stack(self) -> dict[str, ModuleInterface]:
        """The interfaces of all stacks. Valid without problems only."""
        return {
            name: self.kubernetes[name].interface if name in self.kubernetes else self.interfaces[stack.folder]
            for name, stack in self.project.stacks.items()
        }

    def _find_similar_module(self, folder: str) -> str:
        """Return the nearest folder with a module, beside the missing one; empty if there is none."""
        parent = dirname(folder)
        is_readable = parent and not is_above_project(parent)
        beside = self.ports.tree.read_folder(parent, without=EXCLUDED_PARTS) if is_readable else None
        found = {dirname(path) for path in beside or () if path.endswith((".tf", ".tf.json"))}
        return find_nearest(folder, found) or ""

    def add_module(self, folder: str, wanted_by: str, at: Location | tuple[str, ...]) -> None:
        if folder in self.interfaces:
            return
        if self._is_misplaced(folder, wanted_by, at):
            return
        below = drop_excluded_files(self.ports.tree.read_folder(folder, without=EXCLUDED_PARTS) or {})
        self._add_code(folder, root_modules.select_module_files(self.project, folder, below), wanted_by, at)

    def _is_misplaced(self, folder: str, wanted_by: str, at: Location | tuple[str, ...]) -> bool:
        misplaced = describe_misplaced_folder(self.ports, folder, wanted_by)
        if misplaced is not None:
            location = at if isinstance(at, Location) else locate_key(self.ports, *at)
            self.problems.append(replace(misplaced, location=location))
        return misplaced is not None

    def add_root(self, stack: str, folder: str) -> None:
        """Add the code of a root module that runs as it is."""
        if self._is_misplaced(folder, f"stack {stack}", ("stacks", stack, "root")):
            return
        below = drop_excluded_files(self.ports.tree.read_folder(folder, without=EXCLUDED_PARTS) or {})
        found = root_modules.select_root_files(self.project, stack, folder, below)
        self.problems += root_modules.find_loaded_settings(self.settings_paths, folder, below)
        self.problems += root_modules.find_name_clashes(folder, found)
        if folder in self.interfaces:
            self.files.update(found)
        else:
            self._add_code(folder, found, f"stack {stack}", ("stacks", stack, "root"))

    def add_kubernetes(self, context: Context, name: str, stack: Stack) -> None:
        """Add the code of a stack of Kubernetes objects. Imported late: it reads YAML."""
        from envctl.usecases.project.kubernetes_stacks import collect_stack

        try:
            self.kubernetes[name] = collect_stack(context, name, stack)
        except ConfigurationError as error:
            self.problems.extend(error.problems)
        else:
            self.files.update(self.kubernetes[name].files)

    def _add_code(self, folder: str, found: Mapping[str, File], wanted_by: str, at: Location | tuple[str, ...]) -> None:
        code = {path.rpartition("/")[2]: file.data for path, file in found.items() if (dirname(path) or ".") == folder}
        if not any(path.endswith((".tf", ".tf.json")) for path in code):
            location = at if isinstance(at, Location) else locate_key(self.ports, *at)
            message = f"{wanted_by} uses the code in {folder}, which has no Terraform module"
            near = self._find_similar_module(folder)
            hint = f"did you mean {near}?" if near else "put the module there, or correct the path"
            self.problems.append(Problem("E110", message, hint, location))
            return
        self.files.update(found)
        try:
            self.interfaces[folder] = self.ports.config_reader.parse_module(code, folder)
        except ConfigurationError as error:
            self.problems.extend(error.problems)
            return
        for call in self.interfaces[folder].calls:
            if is_local_source(call.source):
                called = normalize_folder(self.ports, normpath(join(folder, call.source)))
                self.add_module(called, f"module {call.name}", call.location)
            elif call.source:
                self.missing.append(call)
            else:
                what = f"the source of module {call.name} is not a plain string"
                message = f"{what}: its code can't be put into a release"
                hint = 'write it as text: `source = "./…"`, or the address of a module'
                self.problems.append(Problem("E111", message, hint, call.location))


def drop_excluded_files(files: Mapping[str, File]) -> dict[str, File]:
    """Return the files outside of folders that are no code."""
    return {path: file for path, file in files.items() if not EXCLUDED_PARTS.intersection(path.split("/"))}


def _build_wiring(context: Context, code: _ModuleCode) -> Wiring:
    project, of = context.project, code.by_stack
    schema = {name: interface.variables for name, interface in of.items()}
    stacks = {name: wire_stack(s) for name, s in project.stacks.items()}
    stacks |= {name: replace(stacks[name], kubernetes=each.code) for name, each in code.kubernetes.items()}
    order = order_stacks({name: stack.needs for name, stack in stacks.items()})
    return Wiring(
        project=project.name,
        terraform=project.terraform.version,
        stacks={name: stacks[name] for name in order},
        artifacts=read_artifacts(context, schema),
        schema=schema,
        # A root module may have no ephemeral output, and no other stack could read it.
        outputs={
            name: {o.name: o.sensitive for o in interface.outputs if not o.ephemeral} for name, interface in of.items()
        },
        providers=project.providers,
        removed=list_removed_stacks(project),
    )


def wire_stack(stack: Stack) -> StackWiring:
    after = tuple(sorted(set(stack.after)))
    return StackWiring(
        module=stack.folder,
        inputs=dict(stack.inputs),
        region=stack.region or "",
        after=after,
        moved_from=stack.moved_from or "",
        root_code=None if stack.root is None else RootCode(),
        providers=stack.providers,
        default_tags=stack.default_tags,
        set_values=to_json_values(stack.set_values),
        kubernetes=_describe_cluster(stack) if stack.is_kubernetes else None,
    )


def _describe_cluster(stack: Stack) -> "KubernetesCode":
    """Return what a stack of Kubernetes objects needs: its files are unknown here."""
    from envctl.domain.release.kubernetes_code import KubernetesCode

    return KubernetesCode(tree=(), namespace=stack.namespace or "", cluster=stack.cluster or "")


def list_removed_stacks(project: Project) -> dict[str, Fate]:
    """Return the fate of each stack dropped by the working tree. Fates of existing stacks are left out."""
    return {name: each.then for name, each in sorted(project.removed.items()) if name not in project.stacks}


def _find_stack_problems(context: Context, interfaces: Mapping[str, ModuleInterface]) -> Iterator[Problem]:
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
