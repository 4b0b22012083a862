"""The places of settings files: the usual ones, or those of `[settings] files`."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from envctl.domain.config.project import Project
from envctl.domain.config.settings_table import SUFFIXES, unify_spelling
from envctl.domain.text.identifiers import NAME

USUAL_FILES = ("environments/common.tfvars", "environments/{env}/terraform.tfvars", "environments/{env}/{stack}.tfvars")
"""The usual places. Later ones win."""
ENVIRONMENTS_FOLDER = "environments"
REMOVED_FILE = "removed.tfvars"


@dataclass(frozen=True)
class SettingsPlace:
    """The path of a settings file. `stack` is the stack that it is for; empty for all of the environment."""

    path: str
    stack: str = ""


def list_settings_places(project: Project, environment: str, stacks: Iterable[str] = ()) -> tuple[SettingsPlace, ...]:
    """Return the places of an environment, those that win last. `stacks` are stacks beside those of the project.

    Standalone environments have no files in common with others: they have other stacks.
    """
    found: dict[SettingsPlace, None] = {}
    shared = {path for name in project.all_environments for _, path in _list_shared_paths(project, name)}
    known = project.stacks
    names = dict.fromkeys((*known, *stacks))
    for pattern in _list_patterns(project):
        if "{stack}" not in pattern:
            path = _fill(pattern, project, environment)
            if path in shared:
                found[SettingsPlace(path)] = None
            continue
        for stack in names:
            # A release of before a renaming has the settings of the new name.
            new_names = [] if stack in known else [name for name, each in known.items() if each.moved_from == stack]
            for name in (stack, *new_names):
                path = _fill(pattern, project, environment, name)
                if path not in shared and not is_reserved(project, path, environment):
                    found[SettingsPlace(path, stack)] = None
    return tuple(found)


def list_all_places(project: Project, stacks: Iterable[str] = ()) -> tuple[SettingsPlace, ...]:
    """Return the places of all environments. `stacks` are stacks beside those of the project."""
    more = tuple(stacks)
    views = ((project.view_for(name), name) for name in project.all_environments)
    return tuple(dict.fromkeys(place for view, name in views for place in list_settings_places(view, name, more)))


def list_pattern_places(project: Project, pattern: str) -> tuple[SettingsPlace, ...]:
    """Return the places of one pattern of `[settings] files` in all environments."""
    table = project.settings.model_copy(update={"files": (pattern,)})
    return list_all_places(project.model_copy(update={"settings": table}))


def find_ambiguous_paths(project: Project) -> dict[str, tuple[str, str]]:
    """Return the paths that `[settings] files` gives two meanings, each with the first two: with `{env}-{stack}`, a
    file may be for `web` of `prod-eu`, and for `eu-web` of `prod`.
    """
    meanings: dict[str, dict[str, None]] = {}
    for environment in project.all_environments if project.settings.files else ():
        for stack in project.view_for(environment).stacks:
            for pattern in _list_patterns(project):
                of_stack = f"the stack {stack}" if "{stack}" in pattern else "all stacks"
                meaning = f"{of_stack} of {environment if '{env}' in pattern else 'each environment'}"
                meanings.setdefault(_fill(pattern, project, environment, stack), {})[meaning] = None
    found = ((path, tuple(each)) for path, each in meanings.items())
    return {path: (each[0], each[1]) for path, each in found if len(each) > 1}


def is_reserved(project: Project, path: str, environment: str) -> bool:
    """Check if a usual path has another use: the settings of removed stacks."""
    return project.settings.files is None and path == f"{ENVIRONMENTS_FOLDER}/{environment}/{REMOVED_FILE}"


def find_shared_path(project: Project, environment: str) -> str:
    """Return the path for a setting of the environment; with placeholders if each file is for one stack."""
    paths = [path for pattern, path in _list_shared_paths(project, environment) if "{env}" in pattern]
    paths = paths or [path for _, path in _list_shared_paths(project, environment)]
    return paths[-1] if paths else find_stack_path(project, environment, "STACK")


def find_stack_path(project: Project, environment: str, stack: str) -> str:
    """Return the path for a setting of one stack; empty if there is none."""
    patterns = [pattern for pattern in _list_patterns(project) if "{stack}" in pattern]
    patterns = [pattern for pattern in patterns if "{env}" in pattern] or patterns
    path = _fill(patterns[-1], project, environment, stack) if patterns else ""
    shared = {path for _, path in _list_shared_paths(project, environment)}
    return "" if path in shared or is_reserved(project, path, environment) else path


def list_settings_globs(project: Project) -> tuple[str, ...]:
    """Return globs with all settings files: whole folders, where a path has a folder without a placeholder."""
    found = []
    for pattern in project.settings.files or ():
        top, _, rest = unify_spelling(pattern).replace("{project}", project.name).partition("/")
        found.append(re.sub(r"\{\w+\}", "*", pattern) if "{" in top or not rest else f"{top}/**/*")
    return tuple(dict.fromkeys((f"{ENVIRONMENTS_FOLDER}/**/*", *found)))


def find_stray_stack(project: Project, environment: str, path: str) -> str:
    """Return the stack that a file is for by its usual path; empty for other files."""
    folder = f"{ENVIRONMENTS_FOLDER}/{environment}/"
    name = path.removeprefix(folder).removesuffix(SUFFIXES[0])
    is_usual = project.settings.files is None and path == f"{folder}{name}{SUFFIXES[0]}" and NAME.fullmatch(name)
    return name if is_usual and name not in ("terraform", REMOVED_FILE.removesuffix(SUFFIXES[0])) else ""


def _list_patterns(project: Project) -> tuple[str, ...]:
    return tuple(map(unify_spelling, project.settings.files)) if project.settings.files else USUAL_FILES


def _list_shared_paths(project: Project, environment: str) -> Iterator[tuple[str, str]]:
    """Yield the patterns of files for all stacks, each with the path in the environment."""
    for pattern in _list_patterns(project):
        is_common = "{env}" not in pattern
        if "{stack}" not in pattern and not (is_common and project.pipeline.standalone):
            yield pattern, _fill(pattern, project, environment)


def _fill(pattern: str, project: Project, environment: str, stack: str = "") -> str:
    return pattern.replace("{env}", environment).replace("{project}", project.name).replace("{stack}", stack)
