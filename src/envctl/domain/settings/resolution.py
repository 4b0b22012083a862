"""Resolve the settings of one environment from files, declarations, wiring and artifacts, with types.

One ConfigurationError reports all faults:

E203 undeclared name · E204 wrong type · E205 missing value · E206 null for a required value · E207 name filled by
envctl · E208 input wired to another stack · E209 unknown attribute · E210 artifact set outside the entry · E211
undeclared input · E221 set in the release and in the stack's file · E222 set in the release for all stacks · E231
secret value of a variable that is shown · E232 secret value of a variable set elsewhere
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.settings.assignment_checks import find_misplaced_settings
from envctl.domain.settings.settings import EnvironmentSettings, SetValue, find_key
from envctl.domain.settings.value_sources import DeclaredSecret, Resolution, SettingsPaths
from envctl.domain.terraform.variables import Schema, SettingsFile, Variable
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
        environment=environment,
        schema=schema,
        files=files,
        builtin=builtin,
        wired=wired,
        artifact_values=artifacts,
        may_set_artifacts=may_set_artifacts,
        carried=carried or artifacts,
        regions=regions or {},
        rolled=rolled or {},
        set_values=set_values or {},
        ignored=ignored,
        paths=paths or usual,
        secrets=secrets or {},
    )
    problems = [
        *_find_miswired_inputs(resolution),
        *find_misplaced_settings(resolution),
        *_find_misplaced_secrets(resolution),
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


def _find_miswired_inputs(resolution: Resolution) -> Iterator[Problem]:
    for stack, names in resolution.wired.items():
        known = [variable.name for variable in resolution.schema.get(stack, ())]
        for name in names:
            if name not in known:
                message = f"the stack {stack} wires the input {name}, but its module declares no such variable"
                yield Problem("E211", message, suggest_name(name, known), Location("envctl.toml"))


def _find_misplaced_secrets(resolution: Resolution) -> Iterator[Problem]:
    """Yield a problem for each secret value that would be shown, or that something else sets as well.

    Keys without a variable in this release are left out: another release, or another environment, has it.
    """
    for key, declared in resolution.secrets.items():
        stack, _, name = key.rpartition(".")
        takers = [
            (each, variable)
            for each, variable in resolution.declarations_by_name.get(name, [])
            if stack in ("", each) and find_key(resolution.secrets, each, name) == key
        ]
        problem = _check_secret(resolution, key, name, takers)
        if problem is not None:
            yield replace(problem, location=declared.location)


def _check_secret(
    resolution: Resolution, key: str, name: str, takers: Sequence[tuple[str, Variable]]
) -> Problem | None:
    shown = [(each, variable) for each, variable in takers if not variable.sensitive]
    if shown:
        where, variable = shown[0]
        message = f"secrets.values.{key}: {name} of {where} is neither sensitive nor ephemeral, so it would be shown"
        return Problem("E231", message, f"add `sensitive = true` to the variable at {variable.location}")
    rival = ""
    if any(resolution.is_builtin(each, name) for each, _ in takers):
        rival = "envctl, which fills it"
    elif any(find_key(resolution.artifact_values, each, name) for each, _ in takers):
        rival = "its artifact"
    elif takers and not any(resolution.is_set(each, name) for each, _ in takers):
        rival = "another stack, or a rollout"
    else:
        rival = next((text for each, _ in takers if (text := _find_rival_value(resolution, each, name))), "")
    if not rival:
        return None
    message = f"secrets.values.{key}: {name} already has a value, from {rival}"
    return Problem("E232", message, "remove one of the two")


def _find_rival_value(resolution: Resolution, stack: str, name: str) -> str:
    """Return where a stack with a secret value has another value; empty if nowhere."""
    if name in resolution.set_values.get(stack, {}):
        return f"[stacks.{stack}.set]"
    assigned = resolution.effective_assignments[stack].get(name)
    others = [each for each, _ in resolution.list_takers(name) if not resolution.find_secret(each, name)]
    own = any(each.name == name for file in resolution.files if file.stack == stack for each in file.assignments)
    # A file for all stacks is for those without a secret value, if there is one.
    return str(assigned.location) if assigned and (own or not others) else ""
