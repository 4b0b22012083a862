"""Resolve the settings of one environment from files, declarations, wiring and artifacts, with types.

One ConfigurationError reports all faults:

E203 undeclared name · E204 wrong type · E205 missing value · E206 null for a required value · E207 name filled by
envctl · E208 input wired to another stack · E209 unknown attribute · E210 artifact set outside the entry · E211
undeclared input · E221 set in the release and in the stack's file · E222 set in the release for all stacks · E231
secret value of a variable that is shown · E232 secret value of a variable set elsewhere
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from envctl.domain.errors import ConfigurationError, Location, Problem
from envctl.domain.settings.settings import EnvironmentSettings, SetValue, find_key
from envctl.domain.settings.value_sources import DeclaredSecret, Resolution, SettingsPaths
from envctl.domain.terraform.variables import Assignment, Schema, SettingsFile, Variable
from envctl.domain.text.lists import join_names
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
    project: str = "",
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
    project: name of the project.
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
        *_find_misplaced_settings(resolution),
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
        environment, resolution.collect_settings(arguments), arguments, resolution.collect_sources(), project
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


def _find_misplaced_settings(resolution: Resolution) -> Iterator[Problem]:
    """Yield a problem for each assignment of a forbidden or undeclared name."""
    for file in resolution.files:
        if file.stack and file.stack not in resolution.schema:
            continue
        check = _check_own_assignment if file.stack else _check_assignment
        for each in file.assignments:
            if problem := check(resolution, each, file.stack):
                yield problem


def _check_assignment(resolution: Resolution, each: Assignment, _: str) -> Problem | None:
    name = each.name
    if name in resolution.builtin:
        message = f"{name} is set by envctl; it can't be a setting"
        others = ", ".join(f'"{other}"' for other in resolution.builtin if other != name)
        hint = (
            f"remove the line, or keep it with fill = [{others}] below [settings] in envctl.toml;"
            " one stack may have its own value"
        )
        return Problem("E207", message, hint, each.location)
    if resolution.is_artifact(name) and not resolution.may_set_artifacts:
        return _describe_artifact(resolution, each)
    if name not in resolution.declarations_by_name:
        if any(fnmatchcase(name, pattern) for pattern in resolution.ignored):
            return None
        fixed = {*resolution.builtin, *(() if resolution.may_set_artifacts else resolution.artifact_values)}
        known = [one for one in resolution.declarations_by_name if one not in fixed and resolution.list_takers(one)]
        message = f"{name} is not a setting: no stack has such a variable"
        hint = suggest_name(name, known)
        others = f'names of other programs belong in envctl.toml: [settings] ignore = ["{name}"]'
        if not hint.startswith("did"):
            hint = "; ".join(filter(None, (others, hint)))
        return Problem("E203", message, hint, each.location)
    takers = [stack for stack, _ in resolution.list_takers(name)]
    if not takers:
        rolled = [
            stack for stack, _ in resolution.declarations_by_name[name] if name in resolution.rolled.get(stack, ())
        ]
        if rolled:
            return _describe_rolled(rolled[0], each)
        return _describe_wired([stack for stack, _ in resolution.declarations_by_name[name]], each)
    if all(name in resolution.set_values.get(stack, {}) for stack in takers):
        place = resolution.set_values[takers[0]][name].location or f"[stacks.{takers[0]}.set] of the release"
        message = f"{name} has no effect here: `set` has the value of {join_names(takers)} ({place})"
        return Problem("E222", message, "remove the line; or remove the name from `set`", each.location)
    return None


def _check_own_assignment(resolution: Resolution, each: Assignment, stack: str) -> Problem | None:
    """Check a line of a file that is for one stack."""
    name = each.name
    declared = [variable.name for variable in resolution.schema[stack]]
    if name not in declared:
        if any(fnmatchcase(name, pattern) for pattern in resolution.ignored):
            return None
        known = [
            one
            for one in declared
            if resolution.is_set(stack, one) and not find_key(resolution.artifact_values, stack, one)
        ]
        return Problem("E203", f"{stack} has no variable {name}", suggest_name(name, known), each.location)
    if name in resolution.wired.get(stack, ()):
        return _describe_wired([stack], each)
    if name in resolution.rolled.get(stack, ()):
        return _describe_rolled(stack, each)
    if key := find_key(resolution.artifact_values, stack, name):
        if not resolution.may_set_artifacts:
            return _describe_artifact(resolution, each)
        if key == name:
            message = f"{name} is an artifact, with one value for all stacks; a file of {stack} must not set it"
            hint = f'move the line to {resolution.paths.shared}; or add an artifact with stacks = ["{stack}"]'
            return Problem("E210", message, hint, each.location)
    if (given := resolution.set_values.get(stack, {}).get(name)) is not None:
        place = given.location or "the release"
        message = f"{name} of {stack} is set twice: here, and by [stacks.{stack}.set] ({place})"
        return Problem("E221", message, "remove one of the two: values in `set` are the same everywhere", each.location)
    return None


def _describe_artifact(resolution: Resolution, each: Assignment) -> Problem:
    message = f"{each.name} is an artifact; {resolution.environment} must not set it"
    hint = "artifacts come with the release; set it in the entry environment and promote"
    return Problem("E210", message, hint, each.location)


def _describe_rolled(stack: str, each: Assignment) -> Problem:
    message = f"{each.name} is set by envctl; it can't be a setting: {stack} has a rollout"
    return Problem("E207", message, f"remove the line, or remove [stacks.{stack}.rollout]", each.location)


def _describe_wired(stacks: Sequence[str], each: Assignment) -> Problem:
    named = " and ".join(stacks)
    message = f"{each.name} is an input of {named}, with a value from another stack"
    hint = f"remove the line, or the input {each.name} of {named} in envctl.toml"
    return Problem("E208", message, hint, each.location)
