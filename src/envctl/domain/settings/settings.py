"""Resolve the settings of one environment from files, declarations, wiring and artifacts, with types.

One ConfigurationError reports all faults:

E203 undeclared name · E204 wrong type · E205 missing value · E206 null for a required value · E207 name filled by
envctl · E208 input wired to another stack · E209 unknown attribute · E210 artifact set outside the entry · E211
undeclared input
"""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.settings.values import EnvironmentSettings, Origin, Setting
from envctl.domain.terraform.variables import (
    Assignment,
    ModuleCall,
    ModuleInterface,
    Output,
    Schema,
    SettingsFile,
    Variable,
)

if TYPE_CHECKING:
    import pydantic

__all__ = [
    "Assignment",
    "EnvironmentSettings",
    "ModuleCall",
    "ModuleInterface",
    "Origin",
    "Output",
    "Schema",
    "Setting",
    "SettingsFile",
    "Variable",
    "build_settings_model",
    "resolve_settings",
]


def build_settings_model(
    stack: str, variables: Sequence[Variable], *, without: Collection[str] = ()
) -> "type[pydantic.BaseModel]":
    """Return the pydantic model of the settings of a stack; it converts values as Terraform does."""
    from envctl.domain.settings.model import build_model

    return build_model(stack, [variable for variable in variables if variable.name not in without])


def resolve_settings(
    environment: str,
    schema: Schema,
    files: Sequence[SettingsFile],
    *,
    builtin: Mapping[str, str],
    wired: Mapping[str, Collection[str]],
    artifacts: Mapping[str, object],
    may_set_artifacts: bool,
    carried: Mapping[str, object] | None = None,
    regions: Mapping[str, str] | None = None,
    rolled: Mapping[str, Collection[str]] | None = None,
) -> EnvironmentSettings:
    """Resolve the settings; later files win. Raises ConfigurationError with all problems.

    builtin: variables filled by envctl.
    artifacts: all artifact variables; None for one without a value so far, set by a file in the entry alone.
    carried: the artifacts as in the release, if the environment has other references for them.
    regions: regions of stacks outside the region of the environment.
    rolled: variables of stacks filled by a rollout.
    """
    from envctl.domain.settings.resolution import Resolution, find_misplaced_settings, find_miswired_inputs

    resolution = Resolution(
        environment,
        schema,
        files,
        builtin,
        wired,
        artifacts,
        may_set_artifacts,
        carried or artifacts,
        regions or {},
        rolled or {},
    )
    problems = [*find_miswired_inputs(resolution), *find_misplaced_settings(resolution)]
    arguments: dict[str, dict[str, object]] = {}
    for stack in schema:
        arguments[stack], found = resolution.resolve_arguments(stack)
        problems += found
    problems += resolution.find_missing_values()
    problems += resolution.find_unknown_attributes()
    if problems:
        raise ConfigurationError(*_sort_problems(problems))
    return EnvironmentSettings(environment, resolution.collect_settings(arguments), arguments)


def _sort_problems(problems: Sequence[Problem]) -> list[Problem]:
    def sort_key(problem: Problem) -> tuple[str, int]:
        location = problem.location or Location("")
        return location.file, location.line or 0

    return sorted(dict.fromkeys(problems), key=sort_key)
