"""The settings files of an environment: loaded, and the files that belong to no stack or to two."""

from collections.abc import Iterator
from dataclasses import replace
from types import MappingProxyType

from envctl.domain.config.settings_places import (
    ENVIRONMENTS_FOLDER,
    find_ambiguous_paths,
    find_stray_stack,
    list_pattern_places,
    list_settings_places,
)
from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.terraform.variables import Schema, SettingsFile
from envctl.domain.text.suggestions import find_nearest
from envctl.usecases.ports.context import Context
from envctl.usecases.project.project_file import locate_key

NO_SCHEMA: Schema = MappingProxyType({})


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
    """Yield a problem for each file with settings of a stack that neither the release nor the removals know."""
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
