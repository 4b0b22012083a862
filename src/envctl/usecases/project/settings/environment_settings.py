"""The settings of an environment from the working tree, resolved and checked for a release."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from posixpath import dirname
from types import MappingProxyType
from typing import TYPE_CHECKING

from envctl.domain.config.project import PROJECT_FILE, Project
from envctl.domain.config.regions import describe_unnamed_region
from envctl.domain.config.settings_places import find_shared_path, find_stack_path
from envctl.domain.errors import ConfigurationError, Problem
from envctl.domain.release.artifacts import (
    InvalidRepositoryError,
    find_worker_faults,
    list_candidate_artifacts,
    list_rollout_stacks,
    relocate_images,
)
from envctl.domain.release.bundle import Release
from envctl.domain.release.place.environment_place import resolve_place
from envctl.domain.release.place.own_values import find_in_settings, require_own_values
from envctl.domain.release.wiring import Wiring, to_json_values
from envctl.domain.rollout.traffic import TRAFFIC_VARIABLES, Traffic
from envctl.domain.settings.settings import EnvironmentSettings, SetValue, format_canonical_json
from envctl.usecases.ports.context import Context
from envctl.usecases.ports.core import Ports
from envctl.usecases.project.project_file import locate_key
from envctl.usecases.project.settings.settings_files import load_settings_files

if TYPE_CHECKING:
    from envctl.domain.settings.value_sources import DeclaredSecret

NO_MOVES: Mapping[str, str] = MappingProxyType({})


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
        project=wiring.project,
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
    """Load an environment's settings for a release. Raises ConfigurationError for what Terraform would refuse."""
    settings = load_settings(context, environment, release.wiring, moves=moves)
    require_valid_values(context, release, settings)
    _require_one_region(context, release.wiring, settings)
    require_own_values(find_in_settings(context.project, settings))
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
        from envctl.usecases.project.settings.tag_checks import find_tag_problems

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
