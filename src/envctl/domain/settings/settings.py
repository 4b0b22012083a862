"""Resolve the settings of one environment from files, declarations, wiring and artifacts, with types.

One ConfigurationError reports all faults:

E203 undeclared name · E204 wrong type · E205 missing value · E206 null for a required value · E207 name filled by
envctl · E208 input wired to another stack · E209 unknown attribute · E210 artifact set outside the entry · E211
undeclared input
"""

from collections.abc import Collection, Mapping, Sequence

from envctl.domain.errors import ConfigurationError, Location
from envctl.domain.settings.values import EnvironmentSettings
from envctl.domain.terraform.variables import Schema, SettingsFile


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
        environment, schema, files, builtin, wired, artifacts, may_set_artifacts, carried or artifacts,
        regions or {}, rolled or {},
    )  # fmt: skip
    problems = [*find_miswired_inputs(resolution), *find_misplaced_settings(resolution)]
    arguments: dict[str, dict[str, object]] = {}
    for stack in schema:
        arguments[stack], found = resolution.resolve_arguments(stack)
        problems += found
    problems += resolution.find_missing_values()
    problems += resolution.find_unknown_attributes()
    if problems:
        places = {each: each.location or Location("") for each in problems}
        ordered = sorted(places, key=lambda each: (places[each].file, places[each].line or 0))
        raise ConfigurationError(*ordered)
    return EnvironmentSettings(environment, resolution.collect_settings(arguments), arguments)
