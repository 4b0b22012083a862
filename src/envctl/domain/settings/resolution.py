"""How `settings.resolve` decides: which value each stack gets, and what is wrong with what the files say."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from envctl.domain.errors import Location, Problem
from envctl.domain.images.image_reference import says
from envctl.domain.rollout.traffic import CONTRACT
from envctl.domain.settings.values import Origin, Setting, canonical
from envctl.domain.terraform.conversion import show_path
from envctl.domain.terraform.types import Collection as CollectionType
from envctl.domain.terraform.types import Object, Primitive, Tuple, TypeExpression
from envctl.domain.terraform.unknown_attributes import strays
from envctl.domain.terraform.variables import Assignment, Schema, SettingsFile, Variable
from envctl.domain.text.suggestions import suggestion

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


REGION = "region"


@dataclass(frozen=True)
class _Source:
    value: object
    origin: Origin
    location: Location | None


@dataclass
class Resolution:
    environment: str
    schema: Schema
    files: Sequence[SettingsFile]
    builtin: Mapping[str, str]
    wired: Mapping[str, Collection[str]]
    artifact_values: Mapping[str, object]
    may_set_artifacts: bool
    carried: Mapping[str, object]
    regions: Mapping[str, str]
    rolled: Mapping[str, Collection[str]]
    _missing: dict[str, list[tuple[str, Variable]]] = field(default_factory=dict)

    @cached_property
    def declarations(self) -> Mapping[str, list[tuple[str, Variable]]]:
        found: dict[str, list[tuple[str, Variable]]] = {}
        for stack, variables in self.schema.items():
            for variable in variables:
                found.setdefault(variable.name, []).append((stack, variable))
        return found

    @cached_property
    def effective(self) -> Mapping[str, Assignment]:
        return {each.name: each for file in self.files for each in file.assignments}

    def is_wired(self, stack: str, name: str) -> bool:
        return name in self.wired.get(stack, ())

    def is_set(self, stack: str, name: str) -> bool:
        """Whether a stack takes it from the settings, and neither from another stack nor from its rollout."""
        return not self.is_wired(stack, name) and name not in self.rolled.get(stack, ())

    def takers(self, name: str) -> list[tuple[str, Variable]]:
        """The stacks that take a setting of this name."""
        return [(stack, each) for stack, each in self.declarations.get(name, []) if self.is_set(stack, name)]

    def settable(self) -> list[str]:
        fixed = {*self.builtin, *(() if self.may_set_artifacts else self.artifact_values)}
        return [name for name in self.declarations if name not in fixed and self.takers(name)]

    def is_sensitive(self, name: str) -> bool:
        return any(variable.sensitive for _, variable in self.declarations.get(name, []))

    def source(self, variable: Variable, stack: str) -> _Source | None:
        name = variable.name
        assigned = self.effective.get(name)
        if name == REGION and stack in self.regions:
            return _Source(self.regions[stack], "envctl", None)
        if name in self.builtin:
            return _Source(self.builtin[name], "envctl", None)
        carried = self.artifact_values.get(name)
        if carried is not None:
            # It is part of the release, in the entry too: there a file may say by now what the next one will carry.
            mine = assigned is not None and self.may_set_artifacts and says(assigned.value, self.carried.get(name))
            here = assigned if mine else None
            return _Source(carried, "artifact", here.location if here else None)
        is_artifact = name in self.artifact_values
        if assigned is None or (is_artifact and not self.may_set_artifacts):
            return None
        falls_back = assigned.value is None and variable.has_default and not variable.nullable
        origin: Origin = "artifact" if is_artifact else "file"
        return None if falls_back else _Source(assigned.value, origin, assigned.location)

    def arguments(self, stack: str) -> tuple[dict[str, object], list[Problem]]:
        from pydantic import ValidationError

        from envctl.domain.settings.model import build_model

        taken = [variable for variable in self.schema[stack] if self.is_set(stack, variable.name)]
        sources = {variable.name: source for variable in taken if (source := self.source(variable, stack)) is not None}
        by_name = {variable.name: variable for variable in taken}
        model = build_model(stack, taken)
        try:
            checked = model.model_validate({name: source.value for name, source in sources.items()})
        except ValidationError as error:
            details = error.errors(include_input=False, include_url=False)
            return {}, [
                found for each in details for found in self._problems(stack, by_name[str(each["loc"][0])], each)
            ]
        return checked.model_dump(by_alias=True, exclude_unset=True), []

    def _problems(self, stack: str, variable: Variable, detail: "ErrorDetails") -> Iterator[Problem]:
        from envctl.domain.settings.model import NULL

        name = variable.name
        if detail["type"] == "missing":
            self._missing.setdefault(name, []).append((stack, variable))
            return
        source = self.source(variable, stack)
        place = (source.location if source else None) or variable.location
        if detail["type"] == NULL:
            message = f"{name} must not be null: {stack} needs a value (declared at {variable.location})"
            yield Problem("E206", message, self._set_hint(variable), place)
            return
        hint = f"give it a value of type {variable.type_text} (declared at {variable.location})"
        for mismatch in detail["ctx"]["found"]:
            yield Problem("E204", mismatch.sentence(name, reveal=not self.is_sensitive(name)), hint, place)

    def missing(self) -> Iterator[Problem]:
        for name, needed in self._missing.items():
            variable = needed[0][1]
            stacks = " and ".join(stack for stack, _ in needed)
            message = f"{name} has no value, and {stacks} {'needs' if len(needed) == 1 else 'need'} it"
            hint = self._set_hint(variable)
            if name in CONTRACT:
                hint = f"add [stacks.{needed[0][0]}.rollout] to envctl.toml, which fills it; or {hint}"
            yield Problem("E205", message, hint, variable.location)

    def _set_hint(self, variable: Variable) -> str:
        example = f"{variable.name} = {_example(variable.type)}"
        if variable.name in self.artifact_values and not self.may_set_artifacts:
            return f"artifacts come with the release; set `{example}` in the entry environment and promote"
        return f"add `{example}` to environments/{self.environment}/terraform.tfvars"

    def strays(self) -> Iterator[Problem]:
        for name, assigned in self.effective.items():
            takers = self.takers(name)
            reveal = not self.is_sensitive(name)
            for path, stray, known in strays(assigned.value, [variable.type for _, variable in takers]):
                shown = f"attribute {stray}" if reveal else "attribute that it sets"
                message = f"{name}{show_path(path, reveal=reveal)} has no {shown}; Terraform would drop it silently"
                hint = suggestion(stray, known) if reveal else f"known are: {', '.join(sorted(known))}"
                yield Problem("E209", message, hint, assigned.location)

    def settings(self, arguments: Mapping[str, Mapping[str, object]]) -> tuple[Setting, ...]:
        merged: dict[tuple[str, str, str], Setting] = {}
        for name in sorted(self.declarations):
            for stack, variable in self.takers(name):
                setting = self._setting(stack, variable, arguments[stack])
                key = (name, setting.origin, canonical(setting.value))
                known = merged.get(key)
                stacks = (*known.stacks, stack) if known else (stack,)
                merged[key] = Setting(
                    name, setting.value, (known or setting).location, setting.origin, setting.sensitive, stacks
                )
        return tuple(merged.values())

    def _setting(self, stack: str, variable: Variable, arguments: Mapping[str, object]) -> Setting:
        name = variable.name
        source = self.source(variable, stack)
        if source is None:
            sensitive = self.is_sensitive(name)
            return Setting(name, variable.default, variable.location, "default", sensitive, (stack,))
        return Setting(name, arguments[name], source.location, source.origin, self.is_sensitive(name), (stack,))


def miswired(resolution: Resolution) -> Iterator[Problem]:
    for stack, names in resolution.wired.items():
        known = [variable.name for variable in resolution.schema.get(stack, ())]
        for name in names:
            if name not in known:
                message = f"the stack {stack} wires the input {name}, and its module declares no such variable"
                yield Problem("E211", message, suggestion(name, known), Location("envctl.toml"))


def misplaced(resolution: Resolution) -> Iterator[Problem]:
    """Names that a file of this environment must not set, or that nothing declares."""
    for file in resolution.files:
        for each in file.assignments:
            problem = _misplaced(resolution, each)
            if problem is not None:
                yield problem


def _misplaced(resolution: Resolution, each: Assignment) -> Problem | None:
    name = each.name
    if name in resolution.builtin:
        message = f"{name} is filled by envctl and can't be a setting"
        return Problem("E207", message, "remove the line; the value comes from envctl.toml", each.location)
    if name in resolution.artifact_values and not resolution.may_set_artifacts:
        message = f"{name} is an artifact, and {resolution.environment} must not set it"
        hint = "artifacts come with the release; set it in the entry environment and promote"
        return Problem("E210", message, hint, each.location)
    if name not in resolution.declarations:
        message = f"{name} is not a setting: no module of a stack declares it"
        return Problem("E203", message, suggestion(name, resolution.settable()), each.location)
    if not resolution.takers(name):
        rolled = [stack for stack, _ in resolution.declarations[name] if name in resolution.rolled.get(stack, ())]
        if rolled:
            message = f"{name} is filled by envctl and can't be a setting: {rolled[0]} has a rollout"
            hint = f"remove the line, or take out [stacks.{rolled[0]}.rollout]"
            return Problem("E207", message, hint, each.location)
        stacks = " and ".join(stack for stack, _ in resolution.declarations[name])
        message = f"{name} is wired: {stacks} takes it from another stack"
        return Problem(
            "E208", message, f"remove the line, or the input {name} of {stacks} in envctl.toml", each.location
        )
    return None


def _example(type_: TypeExpression) -> str:
    match type_:
        case Primitive("string"):
            return '"…"'
        case CollectionType("map", _) | Object():
            return "{ … }"
        case CollectionType() | Tuple():
            return "[ … ]"
        case _:
            return "…"
