"""Settings of one environment: files, declarations, wiring and artifacts brought together, and typed.

All that is wrong is said at once, in one ConfigurationError:

E203 a name that no module declares · E204 a wrong type · E205 a missing value · E206 null where the module needs a
value · E207 a name that envctl fills · E208 an input that is wired to another stack · E209 an attribute that no
declaring module knows · E210 an artifact set where it must not be · E211 an input that the module does not declare
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
    "model_of",
    "resolve",
]


def model_of(stack: str, variables: Sequence[Variable], *, without: Collection[str] = ()) -> "type[pydantic.BaseModel]":
    """The pydantic model of a stack's settings; it takes what Terraform takes, and holds it converted."""
    from envctl.domain.settings.model import build_model

    return build_model(stack, [variable for variable in variables if variable.name not in without])


def resolve(
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
    """Later files win over earlier ones.

    `artifacts` names every artifact variable of the project; None stands for one without a value so far. Its value
    comes from a file only then, and only where they may be set (in the entry environment). `carried` are the values as
    they stand in the release, where the environment takes them in other words. `regions` are those of the stacks that
    have another one than `builtin` says, and `rolled` the variables of the stacks that a rollout fills.
    """
    from envctl.domain.settings.resolution import Resolution, misplaced, miswired

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
    problems = [*miswired(resolution), *misplaced(resolution)]
    arguments: dict[str, dict[str, object]] = {}
    for stack in schema:
        arguments[stack], found = resolution.arguments(stack)
        problems += found
    problems += resolution.missing()
    problems += resolution.strays()
    if problems:
        raise ConfigurationError(*_distinct(problems))
    return EnvironmentSettings(environment, resolution.settings(arguments), arguments)


def _distinct(problems: Sequence[Problem]) -> list[Problem]:
    def place(problem: Problem) -> tuple[str, int]:
        location = problem.location or Location("")
        return location.file, location.line or 0

    return sorted(dict.fromkeys(problems), key=place)
