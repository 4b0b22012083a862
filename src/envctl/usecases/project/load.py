"""The project file, and the settings, rollouts and place of an environment, from the working tree.

The project file declares rollouts. For a stack no longer declared, the ledger does: its traffic stays until the
environment drops it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import partial
from posixpath import dirname
from types import MappingProxyType
from typing import TYPE_CHECKING

from envctl.domain.aws.access import DEFAULT_REGION
from envctl.domain.config.fields import Fault
from envctl.domain.config.project import PROJECT_FILE, Project
from envctl.domain.config.regions import describe_unnamed_region
from envctl.domain.config.settings_places import (
    ENVIRONMENTS_FOLDER,
    find_ambiguous_paths,
    find_shared_path,
    find_stack_path,
    find_stray_stack,
    list_pattern_places,
    list_settings_places,
)
from envctl.domain.errors import ConfigurationError, EnvctlError, Location, Problem, UsageError
from envctl.domain.release.approval_place import BoundPlace, bind_place
from envctl.domain.release.artifacts import (
    InvalidRepositoryError,
    find_worker_faults,
    list_candidate_artifacts,
    list_rollout_stacks,
    relocate_images,
    resolve_placeholders,
)
from envctl.domain.release.bundle import Release, Wiring, to_json_values
from envctl.domain.release.place import Backend, Place, render_assume_role
from envctl.domain.rollout.traffic import TRAFFIC_VARIABLES, Traffic
from envctl.domain.settings.settings import EnvironmentSettings, SetValue, format_canonical_json
from envctl.domain.terraform.expressions import escape_templates
from envctl.domain.terraform.variables import Schema, SettingsFile
from envctl.domain.text.suggestions import find_nearest
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.ports.cost import CostSource

if TYPE_CHECKING:
    from envctl.domain.settings.value_sources import DeclaredSecret

NO_MOVES: Mapping[str, str] = MappingProxyType({})
NO_SCHEMA: Schema = MappingProxyType({})


def load_project(ports: Ports) -> Project:
    data = ports.tree.read_contents(PROJECT_FILE)
    if data is None:
        hint = "go to the project's folder, or use: envctl --project DIR …"
        raise ConfigurationError(Problem("E100", f"no {PROJECT_FILE} here", hint))
    return ports.config_reader.parse_project(data)


def require_environment(project: Project, environment: str) -> str:
    """Return the environment. Raises UsageError (E002), suggesting the nearest name."""
    if environment in project.environments:
        return environment
    near = find_nearest(environment, project.environments)
    listed = ", ".join(project.all_environments)
    hint = f"did you mean {near}? (the environments are {listed})" if near else f"the environments are {listed}"
    raise UsageError(Problem("E002", f"unknown environment {environment!r}", hint))


def lock_target(ports: Ports, target: str, command: str, source: str = "") -> AbstractContextManager[None]:
    """Lock the work directory of an environment for a command of the current person."""
    names = f"{source} {target}" if source else target
    holder = f"envctl {command} {names} by {ports.identity.identify_actor().name}"
    return ports.workspace.lock_environment(target, holder)


def load_context(ports: Ports, environment: str) -> tuple[Context, str]:
    """Return the ports with the project as seen from an environment, and that environment. Raises UsageError."""
    found = load_project(ports)
    target = find_environment(Context(ports, found), environment)
    return Context(ports, found.view_for(target)), target


def find_environment(context: Context, environment: str) -> str:
    """Return the environment. Raises UsageError: E139 for a removed one still holding stacks, else E002."""
    if environment not in context.project.environments:
        _check_not_gone(context, environment)
    return require_environment(context.project, environment)


def _check_not_gone(context: Context, environment: str) -> None:
    """Raise UsageError (E139) if the environment was removed from the project file and still holds stacks."""
    from envctl.usecases.ledger import journal
    from envctl.usecases.project import removed_environments

    try:
        present = journal.load(context.ports)
    except EnvctlError:
        # An unknown environment is reported even without a ledger.
        return
    for each in removed_environments.find_gone(context.project, present):
        if each.environment == environment:
            raise UsageError(removed_environments.describe_gone(each))


def find_recorded_environment(context: Context, environment: str) -> str:
    """Return the environment, even a removed one known to the ledger. Raises UsageError (E002)."""
    from envctl.usecases.ledger import journal

    if environment in context.project.environments or environment in journal.load(context.ports).environments:
        return environment
    return require_environment(context.project, environment)


def find_environments(context: Context, names: Sequence[str]) -> tuple[str, ...]:
    """Select environments. Raises UsageError: E139 for a removed one still holding stacks, else E002."""
    return select_environments(context.project, [find_environment(context, name) for name in names])


def select_environments(project: Project, names: Sequence[str]) -> tuple[str, ...]:
    """Return the named environments, each once; without names, all of the pipeline and the standalone ones."""
    return tuple(dict.fromkeys(require_environment(project, name) for name in names)) or project.all_environments


def load_settings(
    context: Context, environment: str, wiring: Wiring, *, moves: Mapping[str, str] = NO_MOVES
) -> EnvironmentSettings:
    """Load the settings of the environment and check them against the schema of the release. `moves` maps stacks of the
    release to the old stack names holding their state.
    """
    # Imported late: it builds models of pydantic.
    from envctl.domain.settings.resolution import resolve_settings
    from envctl.domain.settings.value_sources import SettingsPaths

    project = context.project
    rolls = find_rollout_stacks(context, wiring, environment, moves)
    builtin = list_builtin_values(project, environment, wiring.project)
    regions = _find_stack_regions(context, environment, wiring)
    found = resolve_settings(
        environment,
        wiring.schema,
        load_settings_files(context, environment, wiring.schema),
        builtin=builtin,
        wired={name: tuple(stack.inputs) for name, stack in wiring.stacks.items()},
        artifacts=resolve_artifacts(context, environment, wiring),
        carried=wiring.artifacts,
        may_set_artifacts=environment == project.entry,
        regions=regions if "region" in project.settings.fill else {},
        rolled=dict.fromkeys(rolls, TRAFFIC_VARIABLES),
        secrets=find_declared_secrets(context),
        set_values=_locate_set_values(context, wiring),
        ignored=project.settings.ignore,
        paths=SettingsPaths(
            find_shared_path(project, environment),
            {name: find_stack_path(project, environment, name) for name in wiring.stacks},
        ),
    )
    sensitive = [each.value for each in found.settings if each.sensitive and each.value is not None]
    if sensitive:
        # Redact before any other use or output.
        context.ports.observer.redact(sensitive, (*project.all_environments, *wiring.stacks))
    if problems := tuple(find_worker_faults(rolls, found)):
        raise ConfigurationError(*problems)
    return found


def find_declared_secrets(context: Context) -> "dict[str, DeclaredSecret]":
    """Return the sources of `[secrets.values]` with their lines."""
    if not context.project.secrets.values:
        return {}
    from envctl.domain.settings.value_sources import DeclaredSecret

    return {
        key: DeclaredSecret(source, locate_key(context.ports, "secrets", "values", *_split_key(context, key)))
        for key, source in context.project.secrets.values.items()
    }


def _split_key(context: Context, key: str) -> tuple[str, ...]:
    """Return the path of a key below its table: without quotes, TOML reads `STACK.VARIABLE` as a table."""
    data = context.ports.tree.read_contents(PROJECT_FILE) or b""
    return (key,) if "." not in key or f'"{key}"'.encode() in data else tuple(key.split("."))


def load_valid_settings(
    context: Context, environment: str, release: Release, *, moves: Mapping[str, str] = NO_MOVES
) -> EnvironmentSettings:
    """Load the settings of an environment for a release. Raises ConfigurationError for values that Terraform would
    refuse as well (E216).
    """
    settings = load_settings(context, environment, release.wiring, moves=moves)
    require_valid_values(context, release, settings)
    _require_one_region(context, release.wiring, settings)
    return settings


def _require_one_region(context: Context, wiring: Wiring, settings: EnvironmentSettings) -> None:
    """Raise ConfigurationError (E158) if a setting gives a root module another region than its environment has."""
    if not any(stack.is_root for stack in wiring.stacks.values()):
        return
    from envctl.domain.release.root_checks import find_region_problems

    place = resolve_place(context.project, settings.environment)
    where = locate_key(context.ports, "environments", settings.environment, "region")
    problems = [
        replace(problem, location=where)
        for name in wiring.stacks
        for problem in find_region_problems(wiring, name, place, settings.arguments[name])
    ]
    if problems:
        raise ConfigurationError(*problems)


def require_valid_values(context: Context, release: Release, settings: EnvironmentSettings) -> None:
    """Raise ConfigurationError for values that a `validation` block of the release refuses (E216), and for tags that
    can't stand beside the default tags (E186).
    """
    problems = _find_refused_values(context, release, settings)
    place = resolve_place(context.project, settings.environment)
    # Only a provider with a region has default tags.
    if place.region:
        from envctl.usecases.project.tag_checks import find_tag_problems

        problems += find_tag_problems(context, release, settings, place)
    if problems:
        raise ConfigurationError(*dict.fromkeys(problems))


def _find_refused_values(context: Context, release: Release, settings: EnvironmentSettings) -> list[Problem]:
    folders: dict[str, dict[str, bytes]] = {wired.module: {} for wired in release.wiring.stacks.values()}
    for path, file in release.files.items():
        if path.endswith((".tf", ".tf.json")) and (folder := dirname(path) or ".") in folders:
            folders[folder][path] = file.data
    if not any(b"validation" in data for files in folders.values() for data in files.values()):
        return []
    # Imported late: some modules have no such blocks.
    from envctl.domain.settings.refused_values import StackInterface, find_refused_values

    parse = context.ports.config_reader.parse_validations
    stacks = {
        stack: StackInterface(
            release.wiring.schema[stack],
            parse(folders[wired.module]),
            frozenset(wired.inputs) | settings.sources.get(stack, {}).keys(),
        )
        for stack, wired in release.wiring.stacks.items()
    }
    keys = {
        "project": ("project", "name"),
        "environment": ("environments", settings.environment),
        "region": ("environments", settings.environment, "region"),
    }
    locate = {name: partial(locate_key, context.ports, *path) for name, path in keys.items()}
    return list(find_refused_values(settings, stacks, locate))


def resolve_artifacts(context: Context, environment: str, wiring: Wiring) -> dict[str, object]:
    """Return the artifacts of the release, with images in the repository of the environment."""
    try:
        return relocate_images(context.project, environment, wiring.artifacts)
    except InvalidRepositoryError as error:
        path = ("artifacts", error.artifact, "repository")
        raise ConfigurationError(replace(error.problem, location=locate_key(context.ports, *path))) from None


def locate_key(ports: Ports, *path: str | int) -> Location:
    """Return the line of a key in the project file."""
    return ports.config_reader.locate_key(ports.tree.read_contents(PROJECT_FILE) or b"", path)


def locate_faults(ports: Ports, faults: Iterable[Fault]) -> list[Problem]:
    """Return the faults as problems with their lines in the project file."""
    return [Problem(each.code, each.message, each.hint, locate_key(ports, *each.path)) for each in faults]


def _find_stack_regions(context: Context, environment: str, wiring: Wiring) -> dict[str, str]:
    """Return the region of each stack outside the region of its environment."""
    there, found, problems = context.project.environments[environment], {}, []
    for name, stack in wiring.stacks.items():
        if stack.region and stack.region in there.regions:
            found[name] = there.regions[stack.region]
        elif stack.region:
            where = locate_key(context.ports, "environments", environment)
            problems.append(Problem("E119", *describe_unnamed_region(name, stack.region, environment), where))
    if problems:
        raise ConfigurationError(*problems)
    return found


def list_builtin_values(project: Project, environment: str, name: str) -> dict[str, str]:
    """Return the values of the variables that envctl fills. `name` is that of the project in the release."""
    region = project.environments[environment].region
    known = {"environment": environment, "project": name, **({"region": region} if region else {})}
    return {variable: value for variable, value in known.items() if variable in project.settings.fill}


def _locate_set_values(context: Context, wiring: Wiring) -> dict[str, dict[str, SetValue]]:
    """Return the set values of a release. Those that the project file has too have their line there."""
    found: dict[str, dict[str, SetValue]] = {}
    for stack, wired in wiring.stacks.items():
        today = context.project.every_stack.get(stack)
        known = to_json_values(today.set_values) if today else {}
        found[stack] = {
            name: SetValue(
                value,
                locate_key(context.ports, "stacks", stack, "set", name)
                if name in known and format_canonical_json(known[name]) == format_canonical_json(value)
                else None,
            )
            for name, value in wired.set_values.items()
        }
    return found


def load_settings_files(context: Context, environment: str, schema: Schema = NO_SCHEMA) -> tuple[SettingsFile, ...]:
    """Load the settings files of the environment, those that win last, and those of the stacks of the schema. Raises
    the syntax errors of all files at once: they show no values of variables that the schema has as sensitive, or not at
    all.
    """
    project = context.project
    declared = [variable for variables in schema.values() for variable in variables]
    public = frozenset(each.name for each in declared) - {each.name for each in declared if each.sensitive}
    files: list[SettingsFile] = []
    problems = [*_find_stray_files(context, environment, schema), *_find_unmatched_patterns(context)]
    problems += _find_ambiguous_files(context)
    for place in list_settings_places(project, environment, schema):
        if place.stack and place.stack not in schema:
            continue
        data = context.ports.tree.read_contents(place.path)
        if data is None:
            continue
        try:
            found = context.ports.config_reader.parse_settings(data, place.path, public)
            files.append(replace(found, stack=place.stack))
        except ConfigurationError as error:
            problems.extend(error.problems)
    if problems:
        raise ConfigurationError(*dict.fromkeys(problems))
    return tuple(files)


def _find_stray_files(context: Context, environment: str, schema: Schema) -> Iterator[Problem]:
    """Yield a problem for each file with the settings of an unknown stack. Stacks of the release, and those that the
    project file removes, are known.
    """
    project = context.project
    known = {*project.stacks, *schema, *project.removed}
    folder = f"{ENVIRONMENTS_FOLDER}/{environment}"
    for path in sorted(context.ports.tree.read_folder(folder, (".tfvars",)) or {}):
        stack = find_stray_stack(project, environment, path)
        if not stack or stack in known:
            continue
        near = find_nearest(stack, {*project.stacks, *schema})
        meant = f"did you mean {folder}/{near}.tfvars?" if near else "remove the file"
        hint = f"{meant} (the stacks are {', '.join(project.stacks)}); for a stack that leaves, add [removed.{stack}]"
        message = f"{path} has the settings of a stack {stack}, but there is no such stack in {environment}"
        yield Problem("E217", message, hint, Location(path))


def _find_ambiguous_files(context: Context) -> Iterator[Problem]:
    """Yield a problem for each settings file with two meanings: the values of one would count for the other, unseen."""
    for path, meanings in sorted(find_ambiguous_paths(context.project).items()):
        if context.ports.tree.read_contents(path) is not None:
            message = f"{path} is for {meanings[0]}, and for {meanings[1]}"
            hint = 'give each placeholder a folder of its own in [settings] files: "config/{env}/stacks/{stack}.tfvars"'
            yield Problem("E390", message, hint, Location(path))


def _find_unmatched_patterns(context: Context) -> Iterator[Problem]:
    """Yield a problem for each path of `[settings] files` without a file in any environment."""
    read = context.ports.tree.read_contents
    for position, pattern in enumerate(context.project.settings.files or ()):
        if all(read(place.path) is None for place in list_pattern_places(context.project, pattern)):
            message = f"no file matches {pattern} in any environment"
            hint = "correct the path, or remove it"
            yield Problem("E223", message, hint, locate_key(context.ports, "settings", "files", position))


def find_rollout_stacks(context: Context, wiring: Wiring, environment: str, moves: Mapping[str, str]) -> dict[str, str]:
    """Return the stacks with a rollout, each with the variable of its artifact. `moves` maps stacks to the old names
    holding their state. Reads the ledger only if needed.

    Raises ConfigurationError (E385) if the ledger knows colors of a stack with an ambiguous artifact.
    """
    project = context.project
    unnamed = [name for name in wiring.stacks if name not in project.stacks and list_candidate_artifacts(wiring, name)]
    if not unnamed:
        return list_rollout_stacks(project, wiring)
    traffic = find_traffic(context.ports, environment, moves)
    if unclear := [name for name in unnamed if name in traffic and len(list_candidate_artifacts(wiring, name)) > 1]:
        raise ConfigurationError(*(_describe_unclear(environment, name, wiring) for name in unclear))
    return list_rollout_stacks(project, wiring, traffic)


def find_traffic(ports: Ports, environment: str, moves: Mapping[str, str]) -> Mapping[str, Traffic]:
    """Return the traffic of the stacks, by their names after the moves."""
    from envctl.usecases.ledger import journal

    return journal.load(ports).find_environment(environment).apply_moves(moves).traffic


def _describe_unclear(environment: str, name: str, wiring: Wiring) -> Problem:
    message = (
        f"the requests of {name} in {environment} go to a color chosen by envctl, but envctl.toml no longer has"
        f" [stacks.{name}]: whether its rollout was of {' or '.join(list_candidate_artifacts(wiring, name))} is unknown"
    )
    hint = f"restore [stacks.{name}] with its rollout until {environment} runs a release without {name}"
    return Problem("E385", message, hint)


def resolve_place(
    project: Project, environment: str, under: Mapping[str, str] | None = None, *, acting: bool = False
) -> Place:
    """Return the place of a deployment. With `acting`, return that of this command: it may have the role to look with.
    `under` maps stacks to the old names still holding their state.
    """
    there, looks = project.environments[environment], acting and project.looks_with_role(environment)
    where = Place(
        environment=environment,
        backend=Backend("local", {}, environment),
        account_id=there.account_id,
        region=there.region,
        assume_role=there.look_role if looks else there.assume_role,
        external_id=there.external_id,
        session_tags=there.session_tags,
        regions=there.regions,
        other_accounts=there.other_accounts,
        providers=there.providers,
        replaced_roles=_list_replaced_roles(project, environment) if looks else {},
    )
    backend = _build_backend(project, where, only_looks=acting and project.only_looks_in(environment))
    return replace(where, backend=replace(backend, under=under or {}))


def _list_replaced_roles(project: Project, environment: str) -> dict[str, dict[str, str]]:
    """Return the roles to look with by the roles of deployers, of all environments: a provider may act in several."""
    others = [each for name, each in project.environments.items() if name != environment]
    return {
        each.assume_role: {"role_arn": each.look_role} | ({"external_id": each.external_id} if each.external_id else {})
        # Its own role to look with counts, if environments share a deployer.
        for each in (*others, project.environments[environment])
        if each.assume_role and each.look_role
    }


def resolve_bound_place(project: Project, environment: str, wiring: Wiring) -> BoundPlace:
    """Return the place for an apply of a release with that wiring."""
    return bind_place(wiring, resolve_place(project, environment))


def _build_backend(project: Project, where: Place, *, only_looks: bool) -> Backend:
    state = project.state
    if not project.has_usual_states:
        return _build_said_backend(project, where, only_looks=only_looks)
    if state.backend == "local":
        return where.backend
    bucket = state.bucket.format(env=where.environment, **resolve_placeholders(project, where.environment)).strip("-")
    return Backend("s3", {"bucket": bucket, **_find_s3_defaults(where)}, where.environment)


def _build_said_backend(project: Project, where: Place, *, only_looks: bool) -> Backend:
    """Return the backend with the keys of the project file, over those that envctl sets by itself."""
    from envctl.domain.config.states import state_place

    environment, state = where.environment, project.state
    settings: dict[str, object] = {}
    if state.backend == "s3":
        settings = _find_s3_defaults(where)
        if state.assume_role is not None or (only_looks and state.look_role):
            settings.pop("assume_role", None)
            settings.pop("allowed_account_ids", None)
            settings |= _render_state_role(project, environment, only_looks=only_looks)
    find_keys = partial(state_place.resolve_keys, project, environment)
    return Backend(
        state.backend,
        settings,
        environment,
        find_keys=lambda stack: {name: escape_templates(value) for name, value in find_keys(stack).items()},
        find_workspace=partial(state_place.find_workspace, project, environment),
    )


def _find_s3_defaults(where: Place) -> dict[str, object]:
    settings: dict[str, object] = {"region": where.region or DEFAULT_REGION, "encrypt": True, "use_lockfile": True}
    if where.assume_role:
        # The session name marks accesses to the state: a backend knows no variables.
        settings["assume_role"] = render_assume_role(where, "envctl")
    if where.account_id:
        settings["allowed_account_ids"] = [where.account_id]
    return settings


def _render_state_role(project: Project, environment: str, *, only_looks: bool) -> dict[str, object]:
    """Return the role for the states with its account; empty if states are accessed without one."""
    from envctl.domain.config.states.state_place import find_role_account, find_state_role

    role = find_state_role(project, environment, only_looks=only_looks)
    if not role:
        return {}
    account = find_role_account(role)
    allowed = {"allowed_account_ids": [account]} if account else {}
    return {"assume_role": {"session_name": "envctl", **role}, **allowed}


def list_state_buckets(project: Project, environment: str) -> tuple[tuple[str, str], ...]:
    """Return name and region of each bucket with states of the environment, in S3."""
    backend = resolve_place(project, environment).backend
    places = map(backend.settings_for_stack, project.view_for(environment).stacks)
    return tuple(dict.fromkeys((str(each["bucket"]), str(each["region"])) for each in places))


def find_cost_source(project: Project, environment: str, regions: Mapping[str, str]) -> CostSource | None:
    """Return the source of cost estimates; None without a [cost] table.

    `regions` has the names of regions, by stack, for stacks with their own.
    """
    if project.cost is None:
        return None
    there = project.environments[environment]
    return CostSource(
        project.cost.command,
        project.cost.timeout.total_seconds(),
        there.account_id or "",
        there.region or "",
        {stack: there.regions[name] for stack, name in regions.items() if name in there.regions},
    )
