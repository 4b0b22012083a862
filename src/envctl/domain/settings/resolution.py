"""Resolve the settings of one environment from files, declarations, wiring and artifacts, with types.

One ConfigurationError reports all faults:

E203 undeclared name · E204 wrong type · E205 missing value · E206 null for a required value · E207 name filled by
envctl · E208 input wired to another stack · E209 unknown attribute · E210 artifact set outside the entry · E211
undeclared input · E221 set in the release and in the stack's file · E222 set in the release for all stacks · E231
secret value of a variable that is shown · E232 secret value of a variable set elsewhere
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.settings.misplaced_values import find_misplaced_secrets, find_misplaced_settings
from envctl.domain.settings.settings import EnvironmentSettings, SetValue
from envctl.domain.settings.value_sources import DeclaredSecret, Resolution, SettingsPaths
from envctl.domain.terraform.variables import (
    Schema,
    SettingsFile,
)
from envctl.domain.text.suggestions import suggest_name


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
    secrets: Mapping[str, DeclaredSecret] | None = None,
    set_values: Mapping[str, Mapping[str, SetValue]] | None = None,
    ignored: Collection[str] = (),
    paths: SettingsPaths | None = None,
) -> EnvironmentSettings:
    """Resolve the settings; later files win. Raises ConfigurationError with all problems.

    files: files for all stacks, and files of one stack, which count for it alone.
    builtin: variables filled by envctl, except where a value for one stack has the name.
    artifacts: all artifacts by `VARIABLE`, or by `STACK.VARIABLE` for one stack; None for one without a value so far,
        set by a file in the entry alone.
    carried: the artifacts as in the release, if the environment has other references for them.
    regions: regions of stacks outside the region of the environment.
    rolled: variables of stacks filled by a rollout.
    secrets: sources of secret values by `VARIABLE` or `STACK.VARIABLE`.
    set_values: values of `[stacks.STACK.set]` by stack, which win over all files.
    ignored: patterns of names that may stand in files although no stack declares them.
    """
    usual = SettingsPaths(f"environments/{environment}/terraform.tfvars")
    resolution = Resolution(
        environment, schema, files, builtin, wired, artifacts, may_set_artifacts, carried or artifacts,
        regions or {}, rolled or {}, set_values or {}, ignored, paths or usual, secrets or {},
    )  # fmt: skip
    problems = [
        *find_miswired_inputs(resolution),
        *find_misplaced_settings(resolution),
        *find_misplaced_secrets(resolution),
    ]
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
    return EnvironmentSettings(
        environment, resolution.collect_settings(arguments), arguments, resolution.collect_sources()
    )


def find_miswired_inputs(resolution: Resolution) -> Iterator[Problem]:
    for stack, names in resolution.wired.items():
        known = [variable.name for variable in resolution.schema.get(stack, ())]
        for name in names:
            if name not in known:
                message = f"the stack {stack} wires the input {name}, but its module declares no such variable"
                yield Problem("E211", message, suggest_name(name, known), Location("envctl.toml"))
