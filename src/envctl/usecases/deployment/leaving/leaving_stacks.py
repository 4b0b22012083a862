"""Prepare stacks missing in the next release, with the code, provider lock and settings of their last deployment."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from envctl.domain.config.project import Project
from envctl.domain.config.secret_sources import SecretSource
from envctl.domain.errors import ConfigurationError, OperationFailedError, Problem
from envctl.domain.ledger.state import EnvironmentState, LedgerState
from envctl.domain.plan.changes import Changeover
from envctl.domain.release.bundle import Release
from envctl.domain.release.place.environment_place import resolve_place
from envctl.domain.release.rendering.root_module import RootModule, render_root_module
from envctl.domain.release.wiring import Wiring
from envctl.domain.rollout.traffic import COLOR_VARIABLE, FULL_PERCENT, PERCENT_VARIABLE, STABLE_VARIABLE
from envctl.domain.settings.settings import EnvironmentSettings, find_key
from envctl.domain.terraform.conversion import convert_value
from envctl.domain.terraform.empty_values import build_empty_value
from envctl.domain.terraform.variables import Variable
from envctl.domain.terraform.workdir_names import LEAVING_FOLDER
from envctl.domain.text.identifiers import shorten_id
from envctl.domain.text.lists import join_names
from envctl.usecases.account.secret_values import NO_VALUES, merge_values, read_secret_values
from envctl.usecases.deployment import prepare
from envctl.usecases.deployment.known_clusters import add_known_clusters
from envctl.usecases.deployment.prepared_objects import write_objects
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.terraform import PreparedEnvironment, PreparedStack
from envctl.usecases.project.settings.environment_settings import list_builtin_values
from envctl.usecases.project.settings.settings_files import load_settings_files
from envctl.usecases.release import release_store
from envctl.usecases.release.stack_origins import StackOrigin, find_stack_origins


def add_leaving(
    context: Context, present: LedgerState, prepared: PreparedEnvironment, *, release: Release, changeover: Changeover
) -> PreparedEnvironment:
    """Return `prepared` with the leaving stacks, written and initialized.

    Raise OperationFailedError if a stack to destroy cannot be prepared; a stack to forget need not be.
    """
    ports = context.ports
    if not changeover.leaving:
        return prepared
    environment = prepared.environment
    makers, code = find_stack_origins(ports, present, environment, changeover.leaving), dict(release.bundled_files)
    for name, maker in makers.items():
        if not maker.release.wiring.stacks[name].is_module:
            continue
        folder = _name_code_folder(maker)
        own = maker.release.with_lock(None).bundled_files
        code |= {f"{folder}/{path}": file for path, file in own.items()}
    ports.workspace.write_code(environment, code)
    leaving = _LeavingStacks(ports, context.project, environment, present.find_environment(environment), changeover)
    left = tuple(leaving.prepare_stack(name, makers.get(name)) for name in changeover.leaving)
    kept = tuple(stack for stack in prepared.stacks if stack.name not in changeover.leaving)
    return add_known_clusters(ports, replace(prepared, stacks=kept, leaving=left))


@dataclass(frozen=True)
class _LeavingStacks:
    ports: Ports
    project: Project
    environment: str
    here: EnvironmentState  # The deployed stacks.
    changeover: Changeover

    def prepare_stack(self, name: str, maker: StackOrigin | None) -> PreparedStack:
        fate = self.changeover.leaving[name] or "destroy"
        try:
            return replace(self._write_and_init(name, maker), leaves=fate)
        except (ConfigurationError, OperationFailedError) as error:
            if fate != "forget":
                raise
            why = error.problems[0].message.partition("\n")[0]
            return PreparedStack(name, leaves="forget", unready=f"its resources could not be listed: {why}")

    def _write_and_init(self, name: str, maker: StackOrigin | None) -> PreparedStack:
        if maker is None:
            message = f"envctl can't destroy {name} in {self.environment}: the store has no release with this stack"
            hint = f'restore the store; or add [removed.{name}] with then = "forget", and destroy its resources by hand'
            raise OperationFailedError(Problem("E140", message, hint))
        stack = self._write_workdir(name, maker)
        prepare.init_release_stacks(self.ports, self.environment, (stack,), maker.release)
        return stack

    def _write_workdir(self, name: str, maker: StackOrigin) -> PreparedStack:
        ports, environment = self.ports, self.environment
        ports.terraform.require_idle(environment, PreparedStack(name))
        wiring = _relocate_wiring(maker, name)
        wired = wiring.stacks[name]
        lost = [variable for variable, text in wired.inputs.items() if text.partition(".")[0] not in self.here.stacks]
        reachable = {variable: text for variable, text in wired.inputs.items() if variable not in lost}
        wiring = replace(wiring, stacks={**wiring.stacks, name: replace(wired, inputs=reachable)})
        live = self.here.traffic[name].live if name in self.here.traffic else None
        positioned = {COLOR_VARIABLE: live.color, PERCENT_VARIABLE: FULL_PERCENT, STABLE_VARIABLE: None} if live else {}
        context = Context(ports, self.project)
        sources = _find_secret_sources(context, environment, name, maker)
        found = _find_arguments(
            context, environment, name, maker=maker, lost=lost, positioned=positioned, secret_values=sources
        )
        needs = tuple(each for each in wired.needs if each in self.changeover.leaving)
        if wired.kubernetes is not None:
            release, settings = (
                replace(maker.release, wiring=wiring),
                EnvironmentSettings(environment, (), {name: found}),
            )
            return write_objects(ports, self.project, release, settings, name, needs=needs)
        root = _render_stack(self.project, environment, name, wiring, found, secret_values=sources)
        prepare.check_secrets(root)
        ports.observer.redact(tuple(root.secrets.values()), (environment, name))
        values = NO_VALUES
        if sources:
            values = read_secret_values(context, EnvironmentSettings(environment, (), {}, {name: sources}), wiring)
        secrets = merge_values(root.secrets, values, name)
        prepare.write_root_module(ports, environment, replace(maker.release, wiring=wiring), root)
        backend = resolve_place(self.project, environment, acting=True).backend
        return prepare.describe_stack(self.project, environment, wiring, root, backend, secrets=secrets, needs=needs)


def _render_stack(
    project: Project,
    environment: str,
    name: str,
    wiring: Wiring,
    arguments: Mapping[str, object],
    *,
    secret_values: Collection[str],
) -> RootModule:
    where = resolve_place(project, environment, acting=True)
    region = wiring.stacks[name].region
    if region and where.region and region not in where.regions:
        message = f"{name} runs in region {region} of {environment}, and envctl.toml no longer has this region"
        hint = f"restore it under [environments.{environment}.regions] until {name} is destroyed"
        raise OperationFailedError(Problem("E141", message, hint))
    root = render_root_module(wiring, name, where, arguments, secret_values=secret_values)
    return replace(root, workspace=where.backend.workspace_for_stack(name))


def _name_code_folder(maker: StackOrigin) -> str:
    return f"{LEAVING_FOLDER}/{shorten_id(maker.identity)}"


def _relocate_wiring(maker: StackOrigin, name: str) -> Wiring:
    """Return the wiring with module paths in the own code folder of that release. Others have a tree of their own."""
    there, stored = _name_code_folder(maker), maker.release.wiring
    if not stored.stacks[name].is_module:
        return stored
    wiring = stored.relocate(stored.to_bundle_path)
    stack = wiring.stacks[name]
    modules = tuple(replace(each, folder=f"{there}/{each.folder}") for each in wiring.modules)
    moved = replace(stack, module=f"{there}/{stack.module}")
    return replace(wiring, stacks={**wiring.stacks, name: moved}, modules=modules, base="")


def removed_settings_path(environment: str) -> str:
    return f"environments/{environment}/removed.tfvars"


def _find_arguments(
    context: Context,
    environment: str,
    stack: str,
    *,
    maker: StackOrigin,
    lost: Sequence[str],
    positioned: Mapping[str, object],
    secret_values: Collection[str] = (),
) -> dict[str, object]:
    """Return the arguments of a leaving stack.

    `lost` are inputs wired to removed stacks; `positioned` are the traffic arguments of a rollout. `secret_values` are
    variables with values from `[secrets.values]`.
    """
    wiring = maker.release.wiring
    kept = release_store.load_settings(context.ports, environment, maker.settings)
    known = kept.arguments.get(stack, {}) if kept else {}
    today = _load_current_values(context, environment, stack)
    given = wiring.stacks[stack].set_values
    filled = list_builtin_values(context.project, environment, wiring.project)
    builtin = {**{name: value for name, value in filled.items() if name != "region"}, **positioned}
    there, named = context.project.environments[environment], wiring.stacks[stack].region
    region = (there.regions.get(named, "") if named else there.region) or ""
    found: dict[str, object] = {}
    missing: list[str] = []
    for variable in wiring.schema[stack]:
        name = variable.name
        if name in secret_values or (name in wiring.stacks[stack].inputs and name not in lost):
            continue
        if name in given:
            found[name] = convert_value(given[name], variable.type)[0]
        elif name in known:
            found[name] = known[name]
        elif name in builtin or (name == "region" and region):
            found[name] = builtin.get(name, region)
        elif name in today:
            found[name] = today[name]
        elif key := find_key(wiring.artifacts, stack, name):
            found[name] = wiring.artifacts[key]
        elif not variable.has_default:
            found[name] = build_empty_value(variable.type)
            missing.append(name)
    if missing:
        context.ports.observer.on_message(_describe_missing(environment, stack, missing, wiring.schema[stack]))
    return found


def _find_secret_sources(context: Context, environment: str, stack: str, maker: StackOrigin) -> dict[str, SecretSource]:
    """Return the sources of secret values of a leaving stack: of today, else as stored by its last deployment."""
    today = context.project.secrets.values
    kept = release_store.load_settings(context.ports, environment, maker.settings)
    stored = kept.sources.get(stack, {}) if kept else {}
    wired = maker.release.wiring.stacks[stack].inputs
    found: dict[str, SecretSource] = {}
    for variable in maker.release.wiring.schema[stack]:
        if not variable.sensitive or variable.name in wired:
            continue
        if key := find_key(today, stack, variable.name):
            found[variable.name] = today[key]
        elif variable.name in stored:
            found[variable.name] = stored[variable.name]
    return found


def _load_current_values(context: Context, environment: str, stack: str) -> Mapping[str, object]:
    files = list(load_settings_files(context, environment, {stack: ()}))
    path = removed_settings_path(environment)
    if (data := context.ports.tree.read_contents(path)) is not None:
        files.append(context.ports.config_reader.parse_settings(data, path))
    return {each.name: each.value for file in files for each in file.assignments}


def _describe_missing(environment: str, stack: str, missing: Sequence[str], variables: Sequence[Variable]) -> str:
    sensitive = {variable.name for variable in variables if variable.sensitive}
    what = "sensitive settings are" if sensitive.issuperset(missing) else "settings are"
    verb = "is" if len(missing) == 1 else "are"
    return (
        f"{stack} leaves {environment}, and some of its {what} not stored: {join_names(missing)} {verb} empty in this"
        f" plan. If the plan fails for this reason, add them to {removed_settings_path(environment)}"
    )
