"""Check each line of a settings file: a name that no stack declares, or that something else sets."""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from envctl.domain.errors import Problem
from envctl.domain.settings.settings import find_key
from envctl.domain.settings.value_sources import Resolution
from envctl.domain.terraform.variables import Assignment
from envctl.domain.text.lists import join_names
from envctl.domain.text.suggestions import suggest_name


def find_misplaced_settings(resolution: Resolution) -> Iterator[Problem]:
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
